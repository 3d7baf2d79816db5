import type { ExportedService, FrontGroup, Problem } from '../../src/model/index.ts';
import { compare } from './conditions.ts';
import type { ServiceOptions } from './service-options.ts';
import { tellSetting } from './tell.ts';

/** Services that name the same `group` share one network load balancer, whatever their source made of them. */
export function joinGroups(
  groups: readonly FrontGroup[],
  settings: (service: ExportedService) => ServiceOptions,
): { readonly groups: readonly FrontGroup[]; readonly problems: readonly Problem[] } {
  const named = new Map<string, FrontGroup[]>();
  const alone: FrontGroup[] = [];
  const problems: Problem[] = [];
  for (const group of groups) {
    const [first] = group.services;
    const name = first === undefined ? undefined : settings(first).group;
    const seventh = group.listeners.some(({ protocol }) => protocol === 'http' || protocol === 'https');
    if (name === undefined || first === undefined) alone.push(group);
    else if (seventh && first.bundle === undefined) {
      alone.push(group);
      const message =
        'only TCP, UDP and TLS services are joined by `group`; Ingresses share a load balancer by group.name';
      problems.push(tellSetting(first, 'W_FEATURE', ['group'], name, message));
    } else named.set(name, [...(named.get(name) ?? []), group]);
  }
  const joined = [...named.values()].flatMap((list) => (list.length === 1 ? (list[0] ?? []) : join(list)));
  return { groups: [...alone, ...joined], problems };
}

/** Older ones first, so that who comes later loses a port that two ask for. */
function join(groups: readonly FrontGroup[]): FrontGroup {
  const born = ({ services }: FrontGroup): number =>
    services[0]?.origin.createdMs ?? services[0]?.origin.seenMs ?? Number.MAX_SAFE_INTEGER;
  const order = ({ services }: FrontGroup): number => services[0]?.bundle?.order ?? 0;
  const sorted = [...groups].sort((a, b) => order(a) - order(b) || born(a) - born(b) || compare(a.key, b.key));
  return {
    key: sorted.map(({ key }) => key).join('+'),
    services: sorted.flatMap(({ services }) => services),
    addresses: [],
    listeners: sorted.flatMap(({ listeners }) => listeners),
  };
}
