import { type Assignment, agree, claimOf, type Given, type Sharing, type Table } from '../alloc/index.ts';
import type { Agreement, ExportedService, Hearing, ServiceId } from '../model/index.ts';
import { sameItems } from '../model/remade.ts';
import type { AddressRecord, Clock } from '../run/index.ts';
import { readTable, writeTable } from './address-words.ts';

export interface ConsentOptions {
  /** Name of this machine. */
  readonly node: string;
  readonly clock: Pick<Clock, 'now' | 'wall'>;
  /** Undefined: the way to the others is not open yet. */
  readonly agreement: () => Agreement | undefined;
  readonly record: Pick<AddressRecord, 'held' | 'origins'>;
  /** Whoever is outside of the pools gets another address, once they are the same everywhere. */
  readonly reassign: boolean;
  /** What services had under the configuration before this one: it goes on without a question. Kept up to date. */
  readonly standing?: Map<ServiceId, readonly string[]>;
  /** Something will be different after so long. */
  readonly again: (afterMs: number) => void;
}

/** What this machine says of a service of its own. */
interface Mine {
  given: Given;
  /** Number of the words that were the first to say it. */
  saidAs?: number;
  sinceMs?: number;
  /** It stands in the record of an earlier start, and nobody has contradicted. */
  readonly recorded?: true;
  /** Whoever is there has taken it in, so that nobody gives the address to another one any more. */
  settled: boolean;
}

type Own = ReadonlyMap<ServiceId, ExportedService>;
type Assigned = ReadonlyMap<ServiceId, Assignment>;

/** A machine that does not answer for so long is one that has just died, which is known a little later. */
const settleMs = 500;
/** Words that somebody may still answer. */
const mostWords = 64;
const silence: Hearing = { state: 'listening', voices: new Map() };

/** Which addresses the services of this machine have by the word of all machines: compares what is given here with what they say, and says it to them. */
export class Consent {
  readonly #options: ConsentOptions;
  readonly #mine = new Map<ServiceId, Mine>();
  readonly #read = new Map<string, { readonly words: string; readonly table: Table | undefined }>();
  /** Services of other machines alone, whose addresses are kept from everybody. */
  readonly #foreign = new Map<ServiceId, readonly string[]>();
  /** What could not be followed: it is tried once. */
  readonly #tried = new Map<ServiceId, { readonly key: string; readonly service: ExportedService | undefined }>();
  readonly #words = new Map<string, number>();
  readonly #served: Map<ServiceId, readonly string[]>;
  #said = 0;
  #latestMs = 0;
  #began = false;
  #novice = true;
  #hearing: Hearing = silence;
  #own: Own = new Map();
  #agreed: ReadonlyMap<ServiceId, Given> = new Map();

  constructor(options: ConsentOptions) {
    this.#options = options;
    this.#served = options.standing ?? new Map();
  }

  /** What is known before anything is given. `own`: services that take part. `complete`: there are no others. */
  begin(own: Own, complete: boolean): void {
    const { agreement, node, record } = this.#options;
    this.#hearing = agreement()?.hear() ?? silence;
    this.#own = own;
    if (this.#hearing.state === 'few') this.#novice = true;
    if (!this.#began)
      for (const [id, addresses] of record.held) {
        const { atMs, by } = record.origins.get(id) ?? { atMs: 0, by: node };
        this.#mine.set(id, {
          given: { addresses, atMs, by },
          recorded: true,
          settled: sameItems(this.#served.get(id) ?? none, addresses),
        });
      }
    this.#began = true;
    if (complete) for (const id of this.#mine.keys()) if (!own.has(id)) this.#mine.delete(id);
    this.#compare();
  }

  /** Why nothing new is given now, to whom it may be told; undefined: it is a matter of moments. */
  get reason(): string | undefined {
    return this.#hearing.state === 'few' ? this.#hearing.reason : undefined;
  }

  /** Whether the pools may be asked for a service now. */
  admits(id: ServiceId, complete: boolean): boolean {
    const { state } = this.#hearing;
    if (state === 'listening') return this.#mine.get(id)?.settled === true;
    return this.#agreed.has(id) || (complete && state === 'enough');
  }

  /** Nothing new may be given now: what services have they keep, whatever they ask for. */
  get keeps(): boolean {
    return this.#hearing.state !== 'enough';
  }

  /** Nothing of what was recalled is known any more. */
  reopen(): void {
    this.#foreign.clear();
    this.#tried.clear();
  }

  /** Where what was given here is not what counts. Empty: it is. */
  recall(assigned: Assigned, admitted: ReadonlySet<ServiceId>): ReadonlyMap<ServiceId, readonly string[]> {
    const recall = new Map<ServiceId, readonly string[]>();
    for (const id of admitted) {
      const given = this.#agreed.get(id);
      const have = assigned.get(id)?.addresses ?? none;
      const want = given?.addresses ?? (this.#mine.has(id) ? none : undefined);
      if (want === undefined || sameItems(want, have)) continue;
      const key = `${want.join()} ${given?.atMs} ${given?.by}`;
      const before = this.#tried.get(id);
      const service = this.#own.get(id);
      if (before?.key === key && before.service === service) continue;
      this.#tried.set(id, { key, service });
      recall.set(id, want);
    }
    for (const [id, { addresses }] of this.#agreed) {
      if (this.#own.has(id) || sameItems(this.#foreign.get(id) ?? none, addresses)) continue;
      this.#foreign.set(id, addresses);
      recall.set(id, addresses);
    }
    for (const id of [...this.#foreign.keys()]) {
      const own = this.#own.has(id);
      if (!own && this.#agreed.has(id)) continue;
      this.#foreign.delete(id);
      if (!own) recall.set(id, none);
    }
    return recall;
  }

  /** What the pools gave. True: it is not what was known before, so that it has to be compared once more. */
  take(assigned: Assigned, admitted: ReadonlySet<ServiceId>): boolean {
    let changed = false;
    for (const id of admitted) {
      const assignment = assigned.get(id);
      const before = this.#mine.get(id);
      if (assignment === undefined) {
        changed = this.#mine.delete(id) || changed;
        continue;
      }
      const given = this.#givenAs(id, assignment, before?.given);
      if (sameItems(this.#agreed.get(id)?.addresses ?? none, given.addresses)) this.#tried.delete(id);
      if (before !== undefined && sameItems(before.given.addresses, given.addresses)) {
        changed ||= before.given.atMs !== given.atMs || before.given.by !== given.by;
        changed ||= before.given.unfit !== given.unfit;
        before.given = given;
        continue;
      }
      this.#mine.set(id, { given, settled: false });
      changed = true;
    }
    if (changed) this.#compare();
    return changed;
  }

  /** Says it, and finds what the others know of it. */
  end(): void {
    const { agreement, clock, again } = this.#options;
    const { state, voices } = this.#hearing;
    if (state === 'enough') this.#novice = false;
    const way = agreement();
    if (way === undefined) return;
    if (state !== 'listening')
      for (const id of [...this.#served.keys()]) if (this.served(id) === undefined) this.#served.delete(id);
    const words = way.say(writeTable({ novice: this.#novice, given: this.given }), voices);
    const newest = [...this.#words.keys()].at(-1);
    if (words !== newest) {
      this.#words.delete(words);
      this.#words.set(words, ++this.#said);
      for (const [first] of this.#words) if (this.#words.size > mostWords) this.#words.delete(first);
    }
    const answers = [...voices].flatMap(([node, { knows, present }]) =>
      present ? [{ node, saidAs: this.#words.get(knows ?? '') ?? 0 }] : [],
    );
    const answered = (saidAs: number) => new Set(answers.flatMap((one) => (one.saidAs >= saidAs ? [one.node] : [])));
    let waitsMs = Number.POSITIVE_INFINITY;
    for (const mine of this.#mine.values()) {
      mine.saidAs ??= this.#said;
      if (mine.settled || state === 'listening') continue;
      mine.sinceMs ??= clock.now();
      const leftMs = settleMs - (clock.now() - mine.sinceMs);
      const by = answered(mine.saidAs);
      if (state === 'few') mine.settled = mine.recorded === true && leftMs <= 0;
      else mine.settled = by.size === answers.length || (leftMs <= 0 && way.decide(by));
      if (!mine.settled && leftMs > 0) waitsMs = Math.min(waitsMs, leftMs);
    }
    for (const id of this.#mine.keys()) {
      const addresses = this.served(id);
      if (addresses !== undefined) this.#served.set(id, addresses);
    }
    if (waitsMs < Number.POSITIVE_INFINITY) again(waitsMs);
  }

  /**
   * What a service has: what was given here, where it counts and nobody who is there gives it to another one; until then what it had, as long
   * as that counts.
   */
  served(id: ServiceId): readonly string[] | undefined {
    const counts = this.#agreed.get(id)?.addresses ?? none;
    const mine = this.#mine.get(id);
    if (mine === undefined) return undefined;
    const had = [mine.settled ? mine.given.addresses : none, this.#served.get(id) ?? none];
    return had.find((addresses) => addresses.length > 0 && sameItems(counts, addresses));
  }

  /** Services that have something else on other machines, and what there. */
  *disputed(): Iterable<readonly [ServiceId, { readonly here: readonly string[]; readonly there: readonly string[] }]> {
    if (this.#hearing.state === 'listening') return;
    for (const [id, { given }] of this.#mine) {
      const other = this.#agreed.get(id);
      if (other !== undefined && !sameItems(other.addresses, given.addresses))
        yield [id, { here: given.addresses, there: other.addresses }];
    }
  }

  /** For the record: all that this machine says. */
  get given(): ReadonlyMap<ServiceId, Given> {
    return new Map(
      [...this.#mine].map(([id, { given }]) => {
        const still = this.#served.get(id);
        return [id, still === undefined || sameItems(still, given.addresses) ? given : { ...given, still }];
      }),
    );
  }

  #compare(): void {
    const tables = [{ novice: this.#novice, given: this.given }, ...this.#tables()];
    for (const { given } of tables)
      for (const { atMs } of given.values()) this.#latestMs = Math.max(this.#latestMs, atMs);
    this.#agreed = agree(tables);
  }

  #tables(): readonly Table[] {
    return [...this.#hearing.voices].flatMap(([node, { words }]) => {
      const before = this.#read.get(node);
      const read = before?.words === words ? before : { words, table: readTable(words) };
      this.#read.set(node, read);
      return read.table ?? [];
    });
  }

  /** With the time at which it was given first, as far as it is what was said already. */
  #givenAs(id: ServiceId, { addresses, unmet }: Assignment, before: Given | undefined): Given {
    const said = [this.#agreed.get(id), before].find((one) => one !== undefined && sameItems(one.addresses, addresses));
    const { atMs, by } = said ?? { atMs: this.#next(), by: this.#options.node };
    const sharing = sharingOf(this.#own.get(id));
    const unfit = this.#options.reassign && unmet?.code === 'W_ADDRESS_KEPT';
    return {
      addresses,
      atMs,
      by,
      ...(sharing === undefined ? {} : { sharing }),
      ...(unfit ? { unfit } : {}),
    };
  }

  /** Later than everything that was heard, whatever the clocks say. */
  #next(): number {
    this.#latestMs = Math.max(this.#options.clock.wall(), this.#latestMs + 1);
    return this.#latestMs;
  }
}

const none: readonly string[] = [];

function sharingOf(service: ExportedService | undefined): Sharing | undefined {
  if (service?.address?.shareKey === undefined) return undefined;
  const { shareKey, backendKey, ports } = claimOf(service);
  return shareKey ? { shareKey, ports, ...(backendKey === undefined ? {} : { backendKey }) } : undefined;
}
