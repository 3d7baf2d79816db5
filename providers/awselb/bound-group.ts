import type { Observed, Problem, Resource } from '../../src/model/index.ts';
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
  const id = isBinding(service) ? bindingGroupId(TargetGroupArn) : boundGroupId(TargetGroupArn);
  const ours = found?.RegisteredTargets;
  const taken = ours === undefined ? [] : strange(build.present.of('TargetGroup', id), [...targets.keys(), ...ours]);
  if (taken.length > 0) build.warn(tellTaken(taken, wish, named));
  return {
    kind: 'TargetGroup',
    id,
    unit,
    serves: [service.id],
    attrs,
    refs: {},
    sets: { Targets: targets },
  };
}

/** Targets that are there and that nobody here has ever put there. */
function strange(present: readonly Observed[], ours: readonly string[]): readonly string[] {
  const known = new Set(ours);
  return present.flatMap(({ sets }) => [...(sets.Targets?.keys() ?? [])].filter((key) => !known.has(key)));
}

/** Who fills a group has all of it, as with aws-load-balancer-controller. */
function tellTaken(taken: readonly string[], { service, key }: GroupWish, named: string): Problem {
  const shown = `${taken.slice(0, 3).join(', ')}${taken.length > 3 ? ` and ${taken.length - 3} more` : ''}`;
  const [is, was, goes] =
    taken.length === 1 ? ['is no target', 'was', 'it is'] : ['are no targets', 'were', 'they are'];
  const message = `${shown} in it ${is} of the service and ${was} not registered by this weir: ${goes} taken out, as a binding has all of its target group; let others have a target group of their own`;
  return tellSetting(service, 'W_TARGETS_TAKEN', ['backends', key, 'targetGroup'], named, message);
}
