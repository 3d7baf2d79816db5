/** Every claim of localstack/known-differences.md by area: what AWS does, the strict fake too, and moto does not. */
import type { Claim } from '../stage.ts';
import { listenerClaims } from './listeners.ts';
import { loadBalancerClaims } from './load-balancers.ts';
import { ruleClaims } from './rules.ts';
import { targetClaims } from './targets.ts';

export const differences: Readonly<Record<string, readonly Claim[]>> = {
  'load balancers': loadBalancerClaims,
  'target groups and targets': targetClaims,
  'listeners and certificates': listenerClaims,
  'rules, tags and the account': ruleClaims,
};
