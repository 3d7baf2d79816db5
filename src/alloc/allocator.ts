import type { Problem, ServiceId } from '../model/index.ts';
import { type Claim, compareClaims } from './claim.ts';
import { Ledger } from './ledger.ts';
import type { Outcome } from './outcome.ts';
import type { Pool, ReservedAddress } from './pool.ts';
import { PoolTable } from './pool-table.ts';
import { readPools } from './read-pools.ts';
import { measure, type Usage } from './usage.ts';

export interface AllocatorOptions {
  /** Addresses of machines and gateways: no pool gives them out. */
  readonly reserved?: readonly ReservedAddress[];
  /** Whoever holds what the pools would no longer give gets another address at once, as MetalLB does. Default: he keeps it, and it is told. */
  readonly reassign?: boolean;
}

/** What shall be different; what is absent stays as it is. */
export interface Change {
  readonly pools?: readonly Pool[];
  readonly reserved?: readonly ReservedAddress[];
  readonly set?: readonly Claim[];
  /** What services have by the word of others, whatever they were given here: theirs before anybody else is served. Of those that are not set nobody gets it. */
  readonly recall?: ReadonlyMap<ServiceId, readonly string[]>;
  readonly remove?: readonly ServiceId[];
}

/**
 * Gives addresses out of pools. Deterministic: the same calls, the same answers. Nothing that it gave is taken back, but by a change of the
 * service itself, of the pools or of the machines' addresses; a restart with what was held changes nothing.
 *
 * `held`: what services held before, from a record that can be trusted. It is kept for them until they are set, or until `complete` says
 * that no more will come.
 */
export function open(
  pools: readonly Pool[],
  held: ReadonlyMap<ServiceId, readonly string[]> = new Map(),
  options: AllocatorOptions = {},
): Allocator {
  return new Allocator(pools, held, options);
}

export class Allocator {
  #ledger: Ledger;
  #pools: readonly Pool[];
  #reserved: readonly ReservedAddress[];
  #problems: readonly Problem[];
  readonly #reassign: boolean;

  constructor(
    pools: readonly Pool[],
    held: ReadonlyMap<ServiceId, readonly string[]>,
    { reserved = [], reassign = false }: AllocatorOptions,
  ) {
    this.#pools = pools;
    this.#reserved = reserved;
    this.#reassign = reassign;
    const read = readPools(pools, reserved);
    this.#problems = read.problems;
    this.#ledger = new Ledger(new PoolTable(read), held, reassign);
  }

  /** A service is there, or asks for something else. */
  set(claim: Claim): Outcome {
    return this.update({ set: [claim] });
  }

  /** A service is gone; what it held goes to those that wait. */
  remove(id: ServiceId): Outcome {
    return this.update({ remove: [id] });
  }

  /** Other pools, or other addresses of machines. Those that hold something come first, so that nobody who waits takes it from them. */
  repool(pools: readonly Pool[], reserved?: readonly ReservedAddress[]): Outcome {
    return this.update({ pools, ...(reserved === undefined ? {} : { reserved }) });
  }

  /** Every service has been set once: what is kept for others is given free, but for those. */
  complete(but: ReadonlySet<ServiceId> = new Set()): Outcome {
    this.#ledger.forgetUnread(but);
    this.#ledger.serveHungry();
    return this.#outcome(this.#ledger);
  }

  /** Several changes at once; the result does not depend on their order. */
  update(change: Change): Outcome {
    if (change.pools !== undefined || change.reserved !== undefined) {
      const { ledger, problems } = this.#rebuild(change);
      this.#pools = change.pools ?? this.#pools;
      this.#reserved = change.reserved ?? this.#reserved;
      this.#problems = problems;
      this.#ledger = ledger;
      return this.#outcome(ledger);
    }
    const ledger = this.#ledger;
    for (const id of change.remove ?? []) ledger.drop(id);
    putAll([...recallAll(change, ledger), ...(change.set ?? []).filter((claim) => !sameClaim(ledger, claim))], ledger);
    return this.#outcome(ledger);
  }

  /** What `update` would answer; nothing is changed. */
  preview(change: Change): Outcome {
    const { ledger, problems } = this.#rebuild(change);
    return { ...this.#outcome(ledger), problems };
  }

  /** The present state, with nothing moved. */
  get outcome(): Outcome {
    const { assigned, waiting } = this.#ledger;
    return { assigned, waiting, moved: [], changed: new Set(), problems: this.#problems };
  }

  /** How full each pool is, by name. */
  usage(): ReadonlyMap<string, Usage> {
    return measure(this.#ledger.table, this.#ledger.holdings);
  }

  /** The same services under other circumstances, as a restart with what they hold would find them. */
  #rebuild(change: Change): { readonly ledger: Ledger; readonly problems: readonly Problem[] } {
    const before = this.#ledger;
    const gone = new Set(change.remove);
    const claims = new Map(before.claims);
    for (const id of gone) claims.delete(id);
    const seen = [...claims.keys()];
    for (const claim of change.set ?? []) claims.set(claim.id, claim);
    const held = new Map(before.record);
    for (const [id, { addresses }] of before.assigned) held.set(id, addresses);
    for (const id of gone) held.delete(id);
    const read = readPools(change.pools ?? this.#pools, change.reserved ?? this.#reserved);
    const ledger = new Ledger(new PoolTable(read), held, this.#reassign, seen, before.asked);
    for (const id of gone) ledger.asked.delete(id);
    putAll([...claims.values()], ledger);
    ledger.compareWith(before);
    return { ledger, problems: read.problems };
  }

  #outcome(ledger: Ledger): Outcome {
    const { assigned, waiting } = ledger;
    return { assigned, waiting, ...ledger.takeChanges(), problems: this.#problems };
  }
}

/** Those that have to be put again because others say what they have. */
function recallAll({ recall = new Map(), set = [] }: Change, ledger: Ledger): readonly Claim[] {
  const again = new Map<ServiceId, Claim>();
  for (const [id, addresses] of recall) {
    const claim = ledger.recall(id, addresses);
    if (claim !== undefined) again.set(id, claim);
  }
  for (const { id } of set) again.delete(id);
  return [...again.values()];
}

/** First whoever holds something, or says so, then who waits already, then who needs something new; among them the older first. */
function putAll(claims: readonly Claim[], ledger: Ledger): void {
  const ranked = claims.map((claim) => ({ claim, rank: rankOf(claim, ledger) }));
  ranked.sort((a, b) => a.rank - b.rank || compareClaims(a.claim, b.claim));
  // What they asked for until now does not count any more.
  for (const { claim, rank } of ranked) if (rank === 2) ledger.silence(claim.id);
  let served = false;
  for (const { claim, rank } of ranked) {
    if (rank === 2 && !served) {
      ledger.serveHungry();
      served = true;
    }
    ledger.put(claim);
  }
  ledger.serveHungry();
}

/** 0: it holds something. 1: it says so. 2: neither. */
function rankOf(claim: Claim, ledger: Ledger): 0 | 1 | 2 {
  const { addresses, known } = ledger.presentOf(claim);
  if (addresses.length === 0) return 2;
  return known ? 0 : 1;
}

/** It asks for what it asked before, and has it. */
function sameClaim(ledger: Ledger, claim: Claim): boolean {
  const old = ledger.claims.get(claim.id);
  if (old === claim) return true;
  if (old === undefined) return false;
  // What it says it holds counts at first sight only.
  return JSON.stringify({ ...old, held: [] }) === JSON.stringify({ ...claim, held: [] });
}
