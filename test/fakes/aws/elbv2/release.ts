/** Which rules use which target groups, kept in step with every change; targets start to rise when their group comes into use. */
import { Countdown } from '../core/delay.ts';
import type { World } from '../core/world.ts';
import { groupsOf } from './forward.ts';
import type { Listener, Rule, TargetGroup } from './state.ts';

/** Gives a rule its actions (none: the rule goes). */
export function useActions(world: World, listener: Listener, rule: Rule, actions: Rule['actions']): void {
  const before = groupsOf(rule.actions);
  const after = groupsOf(actions);
  rule.actions = actions;
  for (const arn of after) {
    const group = world.elb.targetGroups.truly(arn);
    if (group === undefined) continue;
    const wasUsed = group.users.size > 0;
    group.users.set(rule, listener);
    if (!wasUsed)
      for (const target of group.targets.values())
        target.rising = new Countdown(world.timings.target, world.clock.now());
  }
  for (const arn of before) if (!after.has(arn)) release(world, arn, rule);
}

function release(world: World, arn: string, rule: Rule): void {
  const group = world.elb.targetGroups.truly(arn);
  if (group === undefined || !group.users.delete(rule) || group.users.size > 0) return;
  group.releasedCall = world.moment.index;
  for (const [key, target] of group.targets) {
    target.rising = undefined;
    // Nothing flows through a group that nobody uses: what drained is gone at once.
    if (target.drainedMs !== undefined) group.targets.delete(key);
  }
}

export function dropRule(world: World, listener: Listener, rule: Rule): void {
  useActions(world, listener, rule, []);
  listener.rules.delete(rule);
  world.elb.rules.delete(rule.arn);
}

export function dropListener(world: World, listener: Listener): void {
  for (const rule of [...listener.rules]) dropRule(world, listener, rule);
  dropRule(world, listener, listener.defaultRule);
  listener.loadBalancer.listeners.delete(listener);
  world.elb.listeners.delete(listener.arn);
}

/** Load balancers that send to a group. */
export function balancersOf(group: TargetGroup): ReadonlySet<Listener['loadBalancer']> {
  return new Set([...group.users.values()].map(({ loadBalancer }) => loadBalancer));
}

/** Target groups that a load balancer sends to. */
export function groupArnsOf(balancer: Listener['loadBalancer']): ReadonlySet<string> {
  const arns = new Set<string>();
  for (const listener of balancer.listeners) {
    for (const rule of [listener.defaultRule, ...listener.rules])
      for (const arn of groupsOf(rule.actions)) arns.add(arn);
  }
  return arns;
}
