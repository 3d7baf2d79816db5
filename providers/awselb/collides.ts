import type { Options } from './options.ts';

/** What tells accounts apart; two that are not said to differ may be one. */
const accounts = ['endpoint', 'profile', 'assumeRole'] as const;

/** Ownership tags say the cluster alone: two balancers of one name in one account and region would delete what the other one makes. */
export function collides(one: Options, other: Options): string | undefined {
  if (one.clusterName !== other.clusterName) return undefined;
  if (accounts.some((name) => one[name] !== other[name])) return undefined;
  if (one.region !== undefined && other.region !== undefined && one.region !== other.region) return undefined;
  return `both have clusterName ${one.clusterName}, by which weir knows its load balancers; give each of them a clusterName of its own (options.clusterName), or another region`;
}
