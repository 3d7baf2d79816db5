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
 * Balancers of which nothing is known yet, as their system cannot be read: who says that all is served would guess. Beside proxies of our
 * own what those serve waits for no cloud, and for no other one that cannot be read: empty as soon as one of them has been.
 */
export function blindOf(balancers: readonly Balancer[]): readonly Balancer[] {
  const own = balancers.filter(({ provider }) => provider.capabilities.scope === 'instance');
  if (own.some(({ lane }) => !lane.blind)) return [];
  return (own.length > 0 ? own : balancers).filter(({ lane }) => lane.blind);
}
