/** Calls of AWS by rate class: buckets are held by account and region, reads apart from writes, targets apart from both. */
import type { Rates } from '../../src/model/index.ts';
import type { Options } from './options.ts';

export type RateClass = 'read' | 'write' | 'targets';

/** Class of a call by its name, as the API names it. */
export function rateClassOf(call: string): RateClass {
  if (call === 'RegisterTargets' || call === 'DeregisterTargets') return 'targets';
  return /^(Describe|Get|List)/.test(call) ? 'read' : 'write';
}

/** Rooms first, then things, then changes; what takes away comes last, and what only looks waits for nobody who writes. */
export function priorityOf(call: string): number {
  if (/^(Register|Authorize)/.test(call)) return 5;
  if (/^(Create|Add)/.test(call)) return 4;
  if (/^(Deregister|Remove|Revoke)/.test(call)) return 2;
  return call.startsWith('Delete') ? 1 : 3;
}

/** Calls a second and at once, before AWS throttles and the limiter learns better. */
export function ratesOf({ limits }: Options): Rates & Readonly<Record<RateClass, Rates[string]>> {
  return {
    read: { perSecond: limits.callsPerSecond, burst: limits.burst, reads: true },
    write: { perSecond: limits.writesPerSecond, burst: limits.writeBurst },
    targets: { perSecond: limits.targetsPerSecond, burst: limits.targetsBurst },
  };
}
