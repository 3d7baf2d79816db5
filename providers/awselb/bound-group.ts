import type { Resource } from '../../src/model/index.ts';
import { isBinding, isMadeHere } from './holders.ts';
import { bindingGroupId, boundGroupId } from './names.ts';
import type { Frame, GroupWish } from './target-group.ts';
import type { BackendOptions } from './target-group-options.ts';
import { targetsOf } from './targets.ts';
import { nameOf, seniority, tellSetting } from './tell.ts';

/** Somebody else's target group: only its targets are ours. */
export function boundGroupOf(
  wish: GroupWish,
  named: string,
  ipAddressType: 'ipv4' | 'ipv6',
  options: BackendOptions,
  { build, unit }: Frame,
): Resource {
  const { service, key, backend } = wish;
  const { TargetGroups, Searched } = build.environment;
  const found = TargetGroups.find(
    ({ TargetGroupArn, TargetGroupName }) => TargetGroupArn === named || TargetGroupName === named,
  );
  if (found === undefined && (Searched === true || TargetGroups.length > 0 || !named.startsWith('arn:'))) {
    const message = 'there is no such target group; give the ARN or name of one that exists';
    build.refuse(service, tellSetting(service, 'E_DISCOVERY', ['backends', key, 'targetGroup'], named, message));
  }
  if (found !== undefined && found.TargetType !== backend.targetKind) {
    const message = `its targets are of type ${found.TargetType}, those of the service of type ${backend.targetKind}`;
    build.refuse(service, tellSetting(service, 'E_FIELD_VALUE', ['backends', key, 'targetGroup'], named, message));
  }
  const TargetGroupArn = found?.TargetGroupArn ?? named;
  if (isMadeHere(TargetGroupArn, build.cluster, build.environment, build.present)) {
    const message =
      'weir makes and fills this target group itself, for the Service or Ingress behind its load balancer; name one that somebody else made, or delete the binding';
    build.refuse(service, tellSetting(service, 'E_FIELD_VALUE', ['backends', key, 'targetGroup'], named, message));
  }
  const holder = build.holders.get(TargetGroupArn);
  if (holder !== undefined && holder !== service) {
    const message = `${nameOf(holder)}, ${seniority(holder, service)}, fills this target group already, and two would take each other's targets out; name another target group, or delete one of them`;
    build.refuse(service, tellSetting(service, 'E_GROUP_CONFLICT', ['backends', key, 'targetGroup'], named, message));
  }
  const targets = targetsOf({ service, key, backend, options, targetType: backend.targetKind, ipAddressType }, build);
  const attrs = { Foreign: true, TargetGroupArn };
  return {
    kind: 'TargetGroup',
    id: isBinding(service) ? bindingGroupId(TargetGroupArn) : boundGroupId(TargetGroupArn),
    unit,
    serves: [service.id],
    attrs,
    refs: {},
    sets: { Targets: targets },
  };
}
