import type { TargetGroup, TargetHealth, TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Attrs, Health, Member, Observed, Unit } from '../../src/model/index.ts';
import { heldAttr } from './held-things.ts';
import { isOther, targetGroupId, targetKey } from './names.ts';
import { attributesOf, foreignUnit, given, seen, tagSet, type View } from './see-parts.ts';

/** One that is ours; else what of it is ours: its targets, or that our listeners point at it; else the name that it takes. */
export function seeTargetGroup(group: TargetGroup, view: View): readonly Observed[] {
  const { TargetGroupArn: handle, TargetGroupName: Name } = group;
  if (handle === undefined || Name === undefined) return [];
  const { account, owners } = view;
  const tags = account.tags.get(handle);
  const owner = owners.of(handle, tags);
  const users = group.LoadBalancerArns ?? [];
  const settingUp =
    users.length > 0 && users.every((arn) => account.loadBalancers.get(arn)?.State?.Code === 'provisioning');
  const targets = targetsOf(account.health.get(handle) ?? [], users.length > 0, settingUp);
  if (owner?.resource === undefined) return seeForeign(handle, Name, targets, view);
  const serves = owners.servicesOf(owner);
  if (serves.some(isOther)) return seeOthers(handle, Name, owner.unit, serves);
  const own = seen({
    kind: 'TargetGroup',
    id: targetGroupId(owner.lb, owner.resource),
    unit: owner.unit,
    handle,
    owned: true,
    serves,
    attrs: {
      ...unsaid(group, view),
      ...attributesOf(handle, view),
      ...heldAttr(users.length === 0 ? undefined : view.held(handle)),
      ...given({
        Name,
        TargetType: group.TargetType,
        Protocol: group.Protocol,
        ProtocolVersion: group.ProtocolVersion,
        Port: group.Port,
        VpcId: group.VpcId,
        IpAddressType: group.IpAddressType,
        HealthCheckEnabled: group.HealthCheckEnabled,
        HealthCheckProtocol: group.HealthCheckProtocol,
        HealthCheckPort: group.HealthCheckPort,
        HealthCheckPath: group.HealthCheckPath,
        HealthCheckIntervalSeconds: group.HealthCheckIntervalSeconds,
        HealthCheckTimeoutSeconds: group.HealthCheckTimeoutSeconds,
        HealthyThresholdCount: group.HealthyThresholdCount,
        UnhealthyThresholdCount: group.UnhealthyThresholdCount,
        Matcher: group.Matcher,
      }),
    },
    refs: {},
    sets: { ...targets.sets, Tags: tagSet(tags) },
    health: targets.health,
    facts: {},
  });
  return [own];
}

/** Of a load balancer that we share with somebody whom this weir was never asked for: theirs, and used as it is. */
function seeOthers(handle: string, Name: string, unit: string, serves: readonly string[]): readonly Observed[] {
  const place = { kind: 'TargetGroup', id: handle, unit, handle, serves, attrs: { Name } };
  return [seen({ ...place, refs: {}, sets: {}, owned: false, facts: {} })];
}

function seeForeign(arn: string, Name: string, targets: ReturnType<typeof targetsOf>, view: View): readonly Observed[] {
  const { owners, filled } = view;
  const rest = { kind: 'TargetGroup', refs: {}, facts: {} };
  const attrs = { Foreign: true, TargetGroupArn: arn };
  const found: Observed[] = [];
  const ours = filled.get(arn);
  if (ours !== undefined) {
    const { id, handle, unit, serves } = ours;
    found.push(seen({ ...rest, id, unit, serves, handle, attrs, owned: true, ...only(targets, ours.ours) }));
  }
  if (ours?.handle === arn) return found;
  const pointed = owners.foreign.get(arn);
  const taken = adoptedUnit(arn, view);
  const place = taken === undefined ? { unit: foreignUnit(arn, view), sets: {} } : { unit: taken, ...targets };
  found.push(
    pointed === undefined
      ? seen({ ...rest, ...place, serves: [], id: arn, handle: arn, attrs: { Name }, owned: false })
      : seen({ ...rest, ...pointed, handle: arn, attrs, sets: {}, owned: true, health: {} }),
  );
  return found;
}

/** Unit of the adopted load balancer that sends to it, or did: who is ready there is not given up for nobody, and nothing turns to nobody. */
function adoptedUnit(arn: string, { account, owners, theirs }: View): Unit | undefined {
  const balancer = theirs.get(arn);
  return balancer === undefined ? undefined : owners.of(balancer, account.tags.get(balancer))?.unit;
}

/** Of what somebody else goes on filling nothing concerns us but what we put there. */
function only(targets: ReturnType<typeof targetsOf>, ours: ReadonlySet<string> | undefined) {
  if (ours === undefined) return targets;
  const pick = <T>(all: ReadonlyMap<string, T>) => new Map([...all].filter(([key]) => ours.has(key)));
  return { sets: { Targets: pick(targets.sets.Targets) }, health: { Targets: pick(targets.health.Targets) } };
}

/** What an answer does not name has its default: some emulators of AWS name only what was set. */
function unsaid({ TargetGroupArn = '', Protocol }: TargetGroup, { account }: View): Attrs {
  const layer4 = Protocol !== 'HTTP' && Protocol !== 'HTTPS';
  return layer4 && account.attributes.has(TargetGroupArn) ? { 'proxy_protocol_v2.enabled': 'false' } : {};
}

const plainMember: Member = Object.freeze({ attrs: Object.freeze({}) });
const outsideMember: Member = Object.freeze({ attrs: Object.freeze({ AvailabilityZone: 'all' }) });

/**
 * What drains is a member no more; that it drains is told beside. Behind a load balancer that is being set up nothing serves, whatever
 * its checks say.
 */
function targetsOf(descriptions: readonly TargetHealthDescription[], used: boolean, settingUp: boolean) {
  const Targets = new Map<string, Member>();
  const health = new Map<string, Health>();
  for (const { Target, TargetHealth: state } of descriptions) {
    if (Target?.Id === undefined) continue;
    const key = targetKey(Target.Id, Target.Port ?? 0);
    const drains = state?.State === 'draining';
    // One address may drain in one zone entry and be registered in another.
    if (drains && Targets.has(key)) continue;
    if (!drains) Targets.set(key, Target.AvailabilityZone === 'all' ? outsideMember : plainMember);
    const found = healthOf(state, used);
    health.set(key, settingUp && found === 'ready' ? 'initial' : found);
  }
  return { sets: { Targets }, health: { Targets: health } };
}

/** Targets of a group that nobody uses are not checked: what they are shows when somebody does. */
export function healthOf(state: TargetHealth | undefined, used: boolean): Health {
  switch (state?.State) {
    case 'healthy':
    // Health checks are off: it gets traffic.
    case 'unavailable':
      return 'ready';
    case 'unhealthy':
    case 'unhealthy.draining':
      return 'unhealthy';
    case 'draining':
      return 'draining';
    case 'unused':
      return used && state.Reason !== 'Target.NotInUse' ? 'unhealthy' : 'initial';
    default:
      return 'initial';
  }
}
