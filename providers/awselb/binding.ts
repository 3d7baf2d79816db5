import { type FrontGroup, forwards, type Member, type Problem, type Resource } from '../../src/model/index.ts';
import type { Build } from './build.ts';
import { bindingPlace, bindingUnit } from './holders.ts';
import { keepUnit } from './keep.ts';
import type { Stack } from './names.ts';
import { type Frame, targetGroupOf } from './target-group.ts';

/** What TargetGroupBindings want: their targets in target groups that somebody else made. Each fails on its own. */
export function bindingResources(
  group: FrontGroup,
  shared: Omit<Build, 'refuse' | 'warn'>,
): { readonly resources: readonly Resource[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const resources = group.services.flatMap((service) => {
    const { namespace, name } = service.origin;
    const lb = bindingPlace(service);
    const unit = bindingUnit(shared.balancer, service);
    const before = problems.length;
    let refused = false;
    const build: Build = {
      ...shared,
      refuse: (_, problem) => {
        refused = true;
        problems.push(problem);
      },
      warn: (problem) => problems.push(problem),
    };
    const stack: Stack = {
      scope: 'service',
      name: `${namespace}/${name}`,
      explicit: false,
      namespace,
      owner: name,
      uid: '',
    };
    const none = (): ReadonlyMap<string, Member> => new Map();
    const frame: Frame = {
      build,
      lb,
      unit,
      stack,
      type: 'network',
      ipAddressType: 'dualstack',
      vpcId: undefined,
      keptLb: undefined,
      adopted: false,
      tags: none,
      claim: none,
      sharedTags: none,
    };
    const made = group.listeners.flatMap((listener) => {
      const { default: action } = listener;
      if (action?.service !== service) return [];
      return forwards(action).flatMap(({ key, backend }) => {
        const short = key.slice(service.id.length + 1);
        return shared.settings(service).backends?.[short]?.targetGroup === undefined &&
          shared.settings(service).targetGroup?.targetGroup === undefined
          ? []
          : [targetGroupOf({ service, key: short, backend, listener: 'TCP', port: listener.port }, frame)];
      });
    });
    return refused && problems.length > before ? keepUnit(unit, shared.present) : made;
  });
  return { resources, problems };
}
