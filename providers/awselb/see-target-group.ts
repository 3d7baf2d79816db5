import type { TargetGroup, TargetHealth, TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Attrs, Health, Member, MemberSet, Observed } from '../../src/model/index.ts';
import { targetGroupId, targetKey } from './names.ts';
import { attributesOf, foreignUnit, given, seen, tagSet, type View } from './see-parts.ts';

export function seeTargetGroup(group: TargetGroup, view: View): Observed | undefined {
  const { TargetGroupArn: handle, TargetGroupName: Name } = group;
  if (handle === undefined || Name === undefined) return undefined;
  const { account, owners } = view;
  const descriptions = account.health.get(handle) ?? [];
  const users = group.LoadBalancerArns ?? [];
  const settingUp =
    users.length > 0 && users.every((arn) => account.loadBalancers.get(arn)?.State?.Code === 'provisioning');
  const targets = targetsOf(descriptions, users.length > 0, settingUp);
  const foreign = owners.foreign.get(handle);
  if (foreign !== undefined) {
    const { id, unit, serves } = foreign;
    const bound = id.startsWith('bound|') ? targets : { sets: {}, health: {} };
    const attrs = { Foreign: true, TargetGroupArn: handle };
    return seen({ kind: 'TargetGroup', id, unit, serves, handle, attrs, refs: {}, owned: true, facts: {}, ...bound });
  }
  const tags = account.tags.get(handle);
  const owner = owners.of(handle, tags);
  if (owner?.resource === undefined) {
    const unit = foreignUnit(handle, view);
    const rest = { serves: [], refs: {}, sets: {}, owned: false, facts: {} };
    return seen({ kind: 'TargetGroup', id: handle, unit, handle, attrs: { Name }, ...rest });
  }
  return seen({
    kind: 'TargetGroup',
    id: targetGroupId(owner.lb, owner.resource),
    unit: owner.unit,
    handle,
    owned: true,
    serves: owners.servicesOf(owner),
    attrs: {
      ...unsaid(group, view),
      ...attributesOf(handle, view),
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
  const sets: Readonly<Record<string, MemberSet>> = { Targets };
  return { sets, health: { Targets: health } };
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
