import { addressFamily, type Family } from '../net/index.ts';
import { type Interval, toNumber } from '../net/interval.ts';
import type { Claim } from './claim.ts';
import type { ReadPool, ReadPools } from './read-pools.ts';

/** Where an address lies. */
export interface Spot {
  readonly pool: ReadPool;
  readonly family: Family;
  /** Index of the range in its pool. */
  readonly range: number;
  readonly offset: bigint;
}

interface Placed {
  readonly interval: Interval;
  readonly pool: ReadPool;
  readonly range: number;
}

/** Why an address of a pool is not given out. */
export type Bar = { readonly rule: 'buggy' } | { readonly rule: 'reserved'; readonly owner: string };

/** The pools, asked by name, by address and by service. */
export class PoolTable {
  readonly pools: ReadonlyMap<string, ReadPool>;
  readonly #reserved: ReadonlyMap<string, string>;
  /** Disjoint, ascending. */
  readonly #ranges: Readonly<Record<Family, readonly Placed[]>>;
  /** In the order in which they are tried where none is named. */
  readonly #automatic: readonly ReadPool[];

  readonly #last: { [F in Family]?: { readonly address: string; readonly spot: Spot | undefined } } = {};

  constructor({ pools, reserved }: ReadPools) {
    this.pools = pools;
    this.#reserved = reserved;
    const placed = [...pools.values()].flatMap((pool) =>
      pool.ranges.map((interval, range): Placed => ({ interval, pool, range })),
    );
    placed.sort((a, b) => (a.interval.first < b.interval.first ? -1 : 1));
    this.#ranges = {
      ipv4: placed.filter(({ interval }) => interval.family === 'ipv4'),
      ipv6: placed.filter(({ interval }) => interval.family === 'ipv6'),
    };
    const automatic = [...pools.values()].filter(({ autoAssign }) => autoAssign);
    this.#automatic = automatic
      .map((pool, place) => ({ pool, place }))
      .sort((a, b) => rank(a.pool) - rank(b.pool) || a.place - b.place)
      .map(({ pool }) => pool);
  }

  find(address: string): Spot | undefined {
    // One decision asks for the same address several times.
    const family = addressFamily(address);
    const last = this.#last[family];
    if (last?.address === address) return last.spot;
    const spot = this.#search(family, address);
    this.#last[family] = { address, spot };
    return spot;
  }

  #search(family: Family, address: string): Spot | undefined {
    const value = toNumber(address);
    const ranges = this.#ranges[family];
    let [low, high] = [0, ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ranges[middle]?.interval.first ?? 0n) <= value) low = middle + 1;
      else high = middle;
    }
    const found = ranges[low - 1];
    if (found === undefined || found.interval.last < value) return undefined;
    return { pool: found.pool, family, range: found.range, offset: value - found.interval.first };
  }

  bar(pool: ReadPool, address: string): Bar | undefined {
    const owner = this.#reserved.get(address);
    if (owner !== undefined) return { rule: 'reserved', owner };
    return pool.avoidBuggy && /^[^:]*\.(0|255)$/.test(address) ? { rule: 'buggy' } : undefined;
  }

  /** Whose address it is where it may not be a service's, in a pool or not. */
  reservedFor(address: string): string | undefined {
    return this.#reserved.get(address);
  }

  /** Addresses that are reserved, in pools or not. */
  get reserved(): Iterable<string> {
    return this.#reserved.keys();
  }

  /** Pools that give addresses to a service that names none: pinned ones by priority, then the others; by name where that is equal. */
  automaticFor(claim: Claim): readonly ReadPool[] {
    return this.#automatic.filter((pool) => refusedBy(pool, claim) === undefined);
  }
}

/** What about a service keeps it from using a pool; undefined: it may. */
export function refusedBy({ allocation }: ReadPool, claim: Claim): 'namespace' | 'labels' | undefined {
  if (allocation === undefined) return undefined;
  if (allocation.namespaces?.has(claim.namespace) === false) return 'namespace';
  return allocation.selectors?.every((selects) => !selects(claim.labels)) ? 'labels' : undefined;
}

function rank({ allocation }: ReadPool): number {
  if (allocation === undefined) return Number.POSITIVE_INFINITY;
  return allocation.priority === 0 ? Number.MAX_VALUE : allocation.priority;
}
