import type { AnnouncedAddress, ServiceId, State } from '../model/index.ts';

/** One announced address with the services that have it, as this machine sees it. */
export interface AnnouncedRow extends AnnouncedAddress {
  readonly balancer: string;
  readonly services: readonly ServiceId[];
}

/** Every announced address once; those that nobody answers for stand first, then as services name them. */
export function announcedRows(state: Pick<State, 'services'>): readonly AnnouncedRow[] {
  const rows = new Map<string, AnnouncedRow & { readonly services: ServiceId[] }>();
  for (const { id, reports } of state.services) {
    for (const { balancer, announced = [] } of reports) {
      for (const one of announced) {
        const key = `${balancer} ${one.address}`;
        const row = rows.get(key);
        if (row === undefined) rows.set(key, { ...one, balancer, services: [id] });
        else if (!row.services.includes(id)) row.services.push(id);
      }
    }
  }
  return [...rows.values()].toSorted((a, b) => Number(a.owner !== undefined) - Number(b.owner !== undefined));
}

/** `b, c; not d: has no network yet`: who else may answer, and why others may not. */
export function othersText({ owner, candidates, others }: AnnouncedRow): string {
  const standby = candidates.filter((node) => node !== owner);
  const not = others.map(({ node, reason }) => `${node} ${reason}`);
  return [standby.join(', '), ...(not.length === 0 ? [] : [`not: ${not.join('; ')}`])]
    .filter((text) => text !== '')
    .join('; ');
}
