import type { ServiceId } from '../model/index.ts';
import type { PortSpan } from './claim.ts';
import { clash } from './share.ts';

/** With whom a service may share its address. */
export interface Sharing {
  readonly shareKey: string;
  readonly backendKey?: string;
  readonly ports: readonly PortSpan[];
}

/** What one machine says that a service has, and who gave it first when. */
export interface Given {
  readonly addresses: readonly string[];
  /** Wall-clock milliseconds, later than all that whoever gave it had heard of. */
  readonly atMs: number;
  readonly by: string;
  /** Absent: the address is its alone. */
  readonly sharing?: Sharing;
  /** The pools of this machine would not give it any more, and who has set them wants it moved. */
  readonly unfit?: true;
  /** What it has on this machine as long as that counts, in the place of `addresses`. */
  readonly still?: readonly string[];
}

/** All that one machine says. */
export interface Table {
  /** It has just begun, or was among too few to decide: what the others say counts more. */
  readonly novice: boolean;
  readonly given: ReadonlyMap<ServiceId, Given>;
}

interface Entry extends Given {
  /** All that is said, as a text. */
  readonly key: string;
  readonly service: ServiceId;
  readonly novice: boolean;
}

/**
 * What counts of all that several machines say, the same on each that has heard the same: of a service what was given first, and of two services
 * that cannot share an address the one that had it first; of machines that have begun just now what nobody else contradicts. What no
 * machine's pools would give any more is left out.
 */
export function agree(tables: readonly Table[]): Map<ServiceId, Given> {
  const agreed = new Map<ServiceId, Given>();
  const holders = new Map<string, Given[]>();
  const served = servedBy(tables);
  for (const { service, novice: _, key: __, ...given } of entriesOf(tables)) {
    if (agreed.has(service)) continue;
    const free = (address: string) =>
      (served.get(address) ?? service) === service &&
      (holders.get(address)?.every((other) => mayShare(other, given)) ?? true);
    if (!given.addresses.every(free)) continue;
    agreed.set(service, given);
    for (const address of given.addresses) holders.set(address, [...(holders.get(address) ?? []), given]);
  }
  return agreed;
}

/** Who still has an address somewhere that he is about to lose. */
function servedBy(tables: readonly Table[]): ReadonlyMap<string, ServiceId> {
  const served = new Map<string, ServiceId>();
  for (const { given } of tables)
    for (const [service, { still = [] }] of given) for (const address of still) served.set(address, service);
  return served;
}

/** Of two times at which something was given, which one counts. */
function compareGiven(a: Pick<Given, 'atMs' | 'by'>, b: Pick<Given, 'atMs' | 'by'>): number {
  return a.atMs - b.atMs || compareTexts(a.by, b.by);
}

/** Each thing that is said once, what counts most first. */
function entriesOf(tables: readonly Table[]): readonly Entry[] {
  const found = new Map<string, Entry>();
  for (const { novice, given } of tables)
    for (const [service, one] of given) {
      const sharing = one.sharing === undefined ? '' : JSON.stringify(one.sharing);
      const key = `${service} ${one.addresses.join()} ${one.atMs} ${one.by} ${sharing}`;
      const before = found.get(key);
      const { unfit, still: _, ...fit } = one;
      const stays = before !== undefined && before.unfit === undefined ? undefined : unfit;
      const mark = stays === undefined ? {} : { unfit: stays };
      found.set(key, { ...fit, ...mark, key, service, novice: novice && (before?.novice ?? true) });
    }
  return [...found.values()]
    .filter(({ unfit }) => unfit === undefined)
    .sort((a, b) => Number(a.novice) - Number(b.novice) || compareGiven(a, b) || compareTexts(a.key, b.key));
}

function mayShare(a: Given, b: Given): boolean {
  return a.sharing !== undefined && b.sharing !== undefined && clash(a.sharing, b.sharing) === undefined;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
