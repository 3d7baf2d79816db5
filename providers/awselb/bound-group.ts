import type { Resource } from '../../src/model/index.ts';
import { boundGroupId } from './names.ts';
import type { Frame, GroupWish } from './target-group.ts';
import type { BackendOptions } from './target-group-options.ts';
import { targetsOf } from './targets.ts';
import { tellSetting } from './tell.ts';

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
  const targets = targetsOf({ service, key, backend, options, targetType: backend.targetKind, ipAddressType }, build);
  const TargetGroupArn = found?.TargetGroupArn ?? named;
  const attrs = { Foreign: true, TargetGroupArn };
  return {
    kind: 'TargetGroup',
    id: boundGroupId(TargetGroupArn),
    unit,
    serves: [service.id],
    attrs,
    refs: {},
    sets: { Targets: targets },
  };
}
