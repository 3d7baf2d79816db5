import type { ServiceId } from '../model/index.ts';
import type { Facts } from '../status/index.ts';
import type { Balancer } from './balancer.ts';

/** What there is of services in systems that outlive objects. Nothing is known while one of them cannot be read. */
export function remainsOf(balancers: readonly Balancer[]): Facts['remains'] {
  const shared = balancers.filter(({ provider }) => provider.capabilities.scope === 'shared');
  const known = shared.every(({ lane }) => lane.want !== undefined && lane.connection.failure === undefined);
  let left: ReadonlyMap<ServiceId, readonly string[]> | undefined;
  return (id) => {
    if (!known) return undefined;
    left ??= objectsOf(shared);
    const found = left.get(id) ?? [];
    if (found.length > 0) return found;
    // What leaves may not have been looked for yet.
    if (shared.some(({ lane }) => !lane.hasLookedFor(id))) return undefined;
    return shared.some(({ lane }) => lane.worksFor(id)) ? ['what is being changed'] : found;
  };
}

function objectsOf(balancers: readonly Balancer[]): ReadonlyMap<ServiceId, readonly string[]> {
  const found = new Map<ServiceId, string[]>();
  const add = (service: ServiceId, words: string) => {
    const list = found.get(service);
    if (list === undefined) found.set(service, [words]);
    else if (!list.includes(words)) list.push(words);
  };
  for (const { lane } of balancers) {
    for (const { kind, id, owned, serves } of lane.observed())
      if (owned) for (const service of serves) add(service, `${kind} ${id}`);
    for (const { kind, id, serves } of lane.want?.resources ?? [])
      for (const service of serves) add(service, `${kind} ${id}`);
  }
  return found;
}
