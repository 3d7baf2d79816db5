import { type BalancerState, errors, WeirError } from '../model/index.ts';
import type { Balancer } from './balancer.ts';

/** Why a balancer's system cannot be read at present; undefined: it can. */
export function unreadOf({ lane }: Balancer): BalancerState['unread'] {
  const { failure, failedSinceMs, error } = lane.connection;
  if (failure === undefined) return undefined;
  const { code, message } = failure;
  const hint = error instanceof WeirError ? error.hint : errors[code].hint;
  return { sinceMs: failedSinceMs, never: lane.blind, code, message, hint };
}

/**
 * Balancers of which nothing is known yet, as their system cannot be read: who says that all is served would guess. Empty beside a proxy
 * of our own: what that serves does not wait for a cloud.
 */
export function blindOf(balancers: readonly Balancer[]): readonly Balancer[] {
  if (balancers.some(({ provider }) => provider.capabilities.scope === 'instance')) return [];
  return balancers.filter(({ lane }) => lane.blind);
}
