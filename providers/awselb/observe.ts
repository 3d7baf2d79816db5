import type { Observed } from '../../src/model/index.ts';
import type { Account } from './account.ts';
import { filledGroups } from './filled-groups.ts';
import { groupsThatStay, heldThings } from './held-things.ts';
import { adoptedTag, isOther } from './names.ts';
import { ownsShared } from './orphans.ts';
import type { Owners } from './owners.ts';
import type { Registered } from './registered.ts';
import { seeListener, seeRule } from './see-listener.ts';
import { seeLoadBalancer } from './see-load-balancer.ts';
import type { View } from './see-parts.ts';
import { seeSecurityGroup, seeSecurityGroupRule } from './see-security-group.ts';
import { seeTargetGroup } from './see-target-group.ts';
import { strangersAt } from './strangers-at.ts';
import { theirsBehind } from './theirs-behind.ts';

/**
 * Everything in the account as observed objects: ours with all that belongs to them, others' by the places that they hold. `registered`:
 * targets that we put into target groups of others. Pure.
 */
export function observe(
  account: Account,
  owners: Owners,
  registered: ReturnType<Registered['all']> = new Map(),
): readonly Observed[] {
  const backendGroup = backendGroupOf(account, owners);
  const view: View = {
    account,
    owners,
    filled: filledGroups(owners, registered),
    theirs: theirsBehind(account, madeElsewhere(account, owners)),
    backendGroup,
    held: heldThings(account, owners),
    ownsShared: ownsShared(account, owners),
  };
  const there = (object: Observed | undefined): readonly Observed[] => (object === undefined ? [] : [object]);
  const groups = [...account.targetGroups.values()].flatMap((group) => seeTargetGroup(group, view));
  const behind = new Map(groups.map(({ handle, serves }) => [handle, serves]));
  const serves = (arn: string): readonly string[] => behind.get(arn) ?? [];
  const balancers = [...account.loadBalancers.values()].flatMap((one) => there(seeLoadBalancer(one, view)));
  const stays = groupsThatStay(account, owners, balancers);
  const mixed = new Set(groups.filter(({ serves: all }) => all.some(isOther)).map(({ unit }) => unit));
  const fronts = balancers.flatMap((balancer) => {
    const { handle, id } = balancer;
    const left = owners.leftAlone(handle, account.tags.get(handle)) !== undefined;
    if (!balancer.owned && !left) return [];
    const asked = portsOf(balancer.serves, owners);
    const shared =
      left ||
      mixed.has(balancer.unit) ||
      (owners.isOfGroup(id) && strangersAt(handle, account, owners, (port) => asked.has(port)).length > 0);
    return (account.listeners.get(balancer.handle) ?? []).flatMap((one): readonly Observed[] => {
      const listener = seeListener(one, balancer, serves, (port) => asked.has(port), shared, view);
      if (listener === undefined) return [];
      const rules = account.rules.get(listener.handle) ?? [];
      return [listener, ...rules.flatMap((rule) => there(seeRule(rule, listener, balancer, serves, shared, view)))];
    });
  });
  return [
    ...[...account.securityGroups.values()].flatMap((group) => there(seeSecurityGroup(group, view, stays))),
    ...[...account.securityGroupRules.values()].flatMap((rule) => there(seeSecurityGroupRule(rule, view, stays))),
    ...balancers,
    ...groups.map((group) => (group.owned && isHeld(group, fronts, view) ? { ...group, owned: false } : group)),
    ...fronts,
  ];
}

function madeElsewhere({ loadBalancers, tags }: Account, { adopted }: Owners): ReadonlySet<string> {
  const marked = [...loadBalancers.keys()].filter((arn) => tags.get(arn)?.[adoptedTag] !== undefined);
  return new Set([...marked, ...adopted.keys()]);
}

/** In a group that is left alone: somebody else sends to it, or who does is not known yet. */
function isHeld({ kind, handle }: Observed, fronts: readonly Observed[], { account, owners }: View): boolean {
  const left = (account.targetGroups.get(handle)?.LoadBalancerArns ?? []).filter(
    (arn) => owners.leftAlone(arn, account.tags.get(arn)) !== undefined,
  );
  if (kind !== 'TargetGroup' || left.length === 0) return false;
  return (
    left.some((arn) => !account.listeners.has(arn)) ||
    fronts.some(
      ({ owned, refs, sets }) => !owned && (refs.TargetGroupArn === handle || sets.TargetGroups?.has(handle) === true),
    )
  );
}

/** The back-end group that weir made. Of several the one with the smallest id, so that everybody means the same. */
export function backendGroupOf(account: Account, owners: Owners): string | undefined {
  const [first] = [...account.securityGroups.keys()]
    .filter((id) => owners.isBackendGroup(account.tags.get(id) ?? {}))
    .sort();
  return first;
}

/** Ports that these services ask for. */
function portsOf(members: readonly string[], { byId }: Owners): ReadonlySet<number> {
  return new Set(members.flatMap((id) => byId.get(id)?.fronts.map(({ port }) => port) ?? []));
}
