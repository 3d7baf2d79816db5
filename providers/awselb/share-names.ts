/** Names of load balancers: one account and region has each of them once. Pure. */
import { bornMs, type ExportedService } from '../../src/model/index.ts';
import type { Shared } from './account-quotas.ts';
import type { Build } from './build.ts';
import { compare } from './conditions.ts';
import { groupResult } from './model-group.ts';
import { nameOf, tellSetting } from './tell.ts';

interface Asking {
  readonly entry: Shared;
  readonly name: string;
  /** Who has chosen the name, the oldest first; nobody where it is derived. */
  readonly sayers: readonly ExportedService[];
}

/** Of several that ask for one name the load balancer that has it goes on, else the oldest; whoever comes later is refused, by both names. */
export function shareNames(all: readonly Shared[], build: Omit<Build, 'refuse' | 'warn'>): void {
  const asking = all.flatMap((entry): readonly Asking[] => {
    const name = nameIn(entry);
    return name === undefined ? [] : [{ entry, name, sayers: sayersOf(name, entry, build) }];
  });
  for (const [name, several] of Map.groupBy(asking, (one) => one.name)) {
    const [first, ...others] = several.length < 2 ? [] : several.toSorted(comesFirst);
    const holder = first?.sayers[0] ?? first?.entry.group.services[0];
    if (first === undefined || holder === undefined) continue;
    const why = first.entry.result.fresh
      ? 'asks for the same name and comes first'
      : 'has a load balancer of this name';
    const message = `${nameOf(holder)} ${why}, and one account and region has each name once; choose another name, or let them share a load balancer (group)`;
    for (const { entry, sayers } of others) {
      const barred = sayers.map((service) => tellSetting(service, 'E_NAME_TAKEN', ['name'], name, message));
      if (barred.length > 0) entry.result = groupResult(entry.group, build, barred);
    }
  }
}

/** What exists; then names that are derived, which nobody can change; then the older. */
function comesFirst(a: Asking, b: Asking): number {
  return rankOf(a) - rankOf(b) || ageOf(a) - ageOf(b) || compare(idOf(a), idOf(b));
}

function rankOf({ entry, sayers }: Asking): number {
  if (!entry.result.fresh) return 0;
  return sayers.length === 0 ? 1 : 2;
}

function ageOf({ sayers: [sayer] }: Asking): number {
  return sayer === undefined ? 0 : bornMs(sayer.origin);
}

function idOf({ sayers: [sayer], entry }: Asking): string {
  return (sayer ?? entry.group.services[0])?.id ?? entry.group.key;
}

function nameIn({ result }: Shared): string | undefined {
  const name = result.resources.find(({ kind }) => kind === 'LoadBalancer')?.attrs.Name;
  return typeof name === 'string' ? name : undefined;
}

function sayersOf(name: string, { group }: Shared, { settings }: Pick<Build, 'settings'>): readonly ExportedService[] {
  return group.services
    .filter((service) => settings(service).name === name)
    .toSorted((a, b) => bornMs(a.origin) - bornMs(b.origin) || compare(a.id, b.id));
}
