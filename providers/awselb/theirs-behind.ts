/**
 * Target groups of others behind load balancers that were made elsewhere: those that are sent to, and those that listeners and rules sent to
 * before services took these over, which shall be sent to again. Pure.
 */
import type { Handle } from '../../src/model/index.ts';
import type { Account } from './account.ts';
import { formerGroupsOf } from './former-rule.ts';

/** Target group → the load balancer. `elsewhere`: those that were made elsewhere. */
export function theirsBehind(
  { targetGroups, listeners, rules, tags }: Account,
  elsewhere: ReadonlySet<Handle>,
): ReadonlyMap<Handle, Handle> {
  const found = new Map<Handle, Handle>();
  if (elsewhere.size === 0) return found;
  const note = (group: Handle, balancer: Handle): void => {
    if (!found.has(group)) found.set(group, balancer);
  };
  for (const [group, { LoadBalancerArns = [] }] of targetGroups)
    for (const balancer of LoadBalancerArns) if (elsewhere.has(balancer)) note(group, balancer);
  for (const balancer of elsewhere) {
    const fronts = (listeners.get(balancer) ?? []).flatMap(({ ListenerArn: arn = '' }) => [
      arn,
      ...(rules.get(arn) ?? []).flatMap(({ RuleArn }) => RuleArn ?? []),
    ]);
    for (const front of fronts)
      for (const group of formerGroupsOf(tags.get(front))) if (targetGroups.has(group)) note(group, balancer);
  }
  return found;
}
