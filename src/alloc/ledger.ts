import type { ServiceId } from '../model/index.ts';
import { type Claim, readAddresses } from './claim.ts';
import { Holdings } from './holdings.ts';
import type { Assignment, Move } from './outcome.ts';
import { type Placement, type Present, place } from './place.ts';
import type { PoolTable } from './pool-table.ts';
import { Queue } from './queue.ts';
import type { Refusal } from './refusal.ts';
import type { Scene } from './scene.ts';

/** Who has what, under one state of the pools. */
export class Ledger {
  readonly table: PoolTable;
  readonly assigned = new Map<ServiceId, Assignment>();
  readonly waiting = new Map<ServiceId, Refusal>();
  readonly claims = new Map<ServiceId, Claim>();
  /** What services held before, as long as they have not been read. */
  readonly #record: Map<ServiceId, readonly string[]>;
  readonly holdings: Holdings;
  readonly #hungry = new Queue();
  readonly #seen: Set<ServiceId>;
  /** The pools that services named when they got what they have. */
  readonly asked: Map<ServiceId, string | undefined>;
  readonly #scene: Scene;
  /** Since they were last taken: services that changed, and what those had that moved. */
  readonly #changed = new Set<ServiceId>();
  readonly #from = new Map<ServiceId, readonly string[]>();

  /** `seen`: services that had their first sight before. `asked`: what they named by then. */
  constructor(
    table: PoolTable,
    record: ReadonlyMap<ServiceId, readonly string[]>,
    reassign: boolean,
    seen: Iterable<ServiceId> = [],
    asked: Ledger['asked'] = new Map(),
  ) {
    this.table = table;
    this.#seen = new Set(seen);
    this.asked = new Map(asked);
    this.holdings = new Holdings(table, (address) => this.#hungry.wants(address));
    this.#scene = { table, holdings: this.holdings, reassign };
    this.#record = new Map();
    for (const [id, texts] of record) {
      const addresses = readAddresses(texts);
      if (addresses.length === 0) continue;
      this.#record.set(id, addresses);
      for (const address of addresses) this.holdings.reserve(id, address);
    }
  }

  /** What is kept for services that have not been read. */
  get record(): ReadonlyMap<ServiceId, readonly string[]> {
    return this.#record;
  }

  /** What a service has, as far as is known; what it says itself counts at first sight only. */
  presentOf({ id, held, pool }: Claim): Present {
    const known = this.assigned.get(id)?.addresses ?? this.#record.get(id);
    const anew = pool !== undefined && this.asked.has(id) && this.asked.get(id) !== pool;
    if (known !== undefined) return { addresses: known, known: true, anew };
    return { addresses: this.claims.has(id) || this.#seen.has(id) ? [] : held, known: false };
  }

  /** Decides for one service; those that might profit are not asked: `serveHungry` does that. */
  put(claim: Claim): void {
    const present = this.presentOf(claim);
    this.#apply(claim, present, place(claim, present, this.#scene));
    this.claims.set(claim.id, claim);
  }

  /** Offers it nothing until it is put again. */
  silence(id: ServiceId): void {
    this.#hungry.remove(id);
  }

  drop(id: ServiceId): void {
    this.#unreserve(id);
    const had = this.assigned.get(id);
    for (const address of had?.addresses ?? []) this.holdings.letGo(id, address);
    if (this.claims.delete(id)) this.#changed.add(id);
    this.#seen.delete(id);
    this.asked.delete(id);
    this.#from.delete(id);
    this.assigned.delete(id);
    this.waiting.delete(id);
    this.#hungry.remove(id);
  }

  /** Somebody else says what a service has, as a record would: it is kept for it until it is put, and nobody else gets it. Answers what it asks for. */
  recall(id: ServiceId, texts: readonly string[]): Claim | undefined {
    const claim = this.claims.get(id);
    const had = this.assigned.get(id)?.addresses ?? [];
    this.drop(id);
    const addresses = readAddresses(texts);
    if (addresses.length > 0) this.#record.set(id, addresses);
    for (const address of addresses) this.holdings.reserve(id, address);
    // It has been seen: what it says itself counts no more.
    if (claim !== undefined) this.#seen.add(id);
    if (had.length > 0) this.#from.set(id, had);
    return claim;
  }

  /** All services have been read: what is kept for others is free. */
  forgetUnread(but: ReadonlySet<ServiceId>): void {
    for (const id of [...this.#record.keys()]) if (!but.has(id)) this.#unreserve(id);
  }

  /** Offers what became free, or may be shared, to those that would take it, until nobody does. */
  serveHungry(): void {
    const { chances, touched } = this.holdings;
    for (let again = !this.#hungry.empty; again; ) {
      again = false;
      if (chances.size === 0 && touched.size === 0) break;
      for (const claim of this.#hungry.list()) {
        if (!this.#hasChance(claim)) continue;
        const before = this.assigned.get(claim.id);
        this.put(claim);
        if (this.assigned.get(claim.id) !== before) again = true;
      }
    }
    chances.clear();
    touched.clear();
  }

  /** Counts as changed what is different from another state; what is not is the same object as there. */
  compareWith(before: Ledger): void {
    this.#changed.clear();
    for (const [id, assignment] of this.assigned) {
      const old = before.assigned.get(id);
      if (old !== undefined && sameAssignment(old, assignment)) this.assigned.set(id, old);
      else this.#changed.add(id);
    }
    for (const [id, refusal] of this.waiting) {
      const old = before.waiting.get(id);
      if (old !== undefined && sameRefusal(old, refusal)) this.waiting.set(id, old);
      else this.#changed.add(id);
    }
    for (const id of before.claims.keys()) if (!this.claims.has(id)) this.#changed.add(id);
  }

  /** What has changed since this was last asked. */
  takeChanges(): { readonly changed: ReadonlySet<ServiceId>; readonly moved: readonly Move[] } {
    const changed = new Set(this.#changed);
    const moved = [...this.#from].flatMap(([service, from]): Move[] => {
      const to = this.assigned.get(service)?.addresses ?? [];
      return from.every((address) => to.includes(address)) ? [] : [{ service, from, to }];
    });
    this.#changed.clear();
    this.#from.clear();
    return { changed, moved };
  }

  #apply(claim: Claim, present: Present, { result, hungry }: Placement): void {
    const { id } = claim;
    const old = this.claims.get(id);
    const before = this.assigned.get(id);
    const had = before?.addresses ?? [];
    const next = 'assignment' in result ? result.assignment.addresses : [];
    for (const address of had) if (old !== claim || !next.includes(address)) this.holdings.letGo(id, address);
    for (const address of next) if (old !== claim || !had.includes(address)) this.holdings.hold(claim, address);
    this.#unreserve(id);
    if (!this.asked.has(id) || next.join() !== present.addresses.join()) this.asked.set(id, claim.pool);
    // At first sight a service moves when it loses what it held before.
    if (!this.#from.has(id)) {
      const from = before === undefined && old === undefined ? present.addresses : had;
      if (from.some((address) => !next.includes(address))) this.#from.set(id, readAddresses(from));
    }
    this.#write(id, result);
    if (hungry) this.#hungry.add(claim, next.length > 0);
    else this.#hungry.remove(id);
  }

  #write(id: ServiceId, result: Placement['result']): void {
    if ('assignment' in result) {
      this.waiting.delete(id);
      const before = this.assigned.get(id);
      if (before !== undefined && sameAssignment(before, result.assignment)) return;
      this.assigned.set(id, result.assignment);
    } else {
      const before = this.waiting.get(id);
      if (before !== undefined && sameRefusal(before, result.refusal)) return;
      this.assigned.delete(id);
      this.waiting.set(id, result.refusal);
    }
    this.#changed.add(id);
  }

  #unreserve(id: ServiceId): void {
    const kept = this.#record.get(id);
    if (kept === undefined) return;
    this.#record.delete(id);
    for (const address of kept) this.holdings.release(id, address);
  }

  /** Whoever asks for an address by name is asked again when its holders change: the reason why he waits names them. */
  #hasChance({ id, shareKey }: Claim): boolean {
    const { chances, touched } = this.holdings;
    if (!this.#hungry.has(id)) return false;
    if (this.#hungry.asksFor(id, touched)) return true;
    for (const key of chances.values()) if (key === '' || key === shareKey) return true;
    return false;
  }
}

function sameAssignment(a: Assignment, b: Assignment): boolean {
  const { unmet, addresses } = a;
  if (a.pool !== b.pool || addresses.length !== b.addresses.length) return false;
  if (!addresses.every((address, i) => address === b.addresses[i])) return false;
  return unmet === b.unmet || (unmet !== undefined && b.unmet !== undefined && sameRefusal(unmet, b.unmet));
}

function sameRefusal(a: Refusal, b: Refusal): boolean {
  return a.message === b.message && a.code === b.code && a.rule === b.rule;
}
