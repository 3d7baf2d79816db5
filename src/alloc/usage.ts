import type { Family } from '../net/index.ts';
import type { Interval } from '../net/interval.ts';
import type { Holdings } from './holdings.ts';
import type { PoolTable } from './pool-table.ts';
import type { ReadPool } from './read-pools.ts';

/** Addresses of a pool by family. Numbers of addresses end at 2^63-1, as in the status of MetalLB's pools. */
export interface Usage {
  /** Held; a shared address counts once. */
  readonly assigned: Readonly<Record<Family, number>>;
  /** Not held, and may be given out. */
  readonly available: Readonly<Record<Family, bigint>>;
}

const most = (1n << 63n) - 1n;
/** Ranges of this size and above count as endless. */
const endless = 1n << 62n;

/** How full the pools are, by name. Costs as much as there are ranges and reserved addresses, not as there are addresses. */
export function measure(table: PoolTable, holdings: Holdings): ReadonlyMap<string, Usage> {
  const barred = countReserved(table);
  return new Map(
    [...table.pools.values()].map((pool) => {
      const count = (family: Family) => holdings.count(pool.name, family);
      const free = (family: Family) => {
        const total = sizeOf(pool, family);
        const left =
          total - BigInt(holdings.countRegular(pool.name, family)) - BigInt(barred.get(`${pool.name} ${family}`) ?? 0);
        if (total >= endless) return most;
        return left < 0n ? 0n : left;
      };
      const assigned = { ipv4: count('ipv4'), ipv6: count('ipv6') };
      return [pool.name, { assigned, available: { ipv4: free('ipv4'), ipv6: free('ipv6') } }];
    }),
  );
}

/** Addresses that the pool may give out, held or not, reserved ones among them. */
function sizeOf(pool: ReadPool, family: Family): bigint {
  let size = 0n;
  for (const range of pool.ranges) {
    if (range.family !== family) continue;
    size += range.last - range.first + 1n;
    if (pool.avoidBuggy && family === 'ipv4') size -= buggyIn(range);
  }
  return size;
}

/** How many addresses of a range end in .0 or .255. */
function buggyIn({ first, last }: Interval): bigint {
  // Of the numbers 0 to n-1 those that end so: two in each full 256, and .0 of the last part.
  const below = (n: bigint) => (n / 256n) * 2n + (n % 256n > 0n ? 1n : 0n);
  return below(last + 1n) - below(first);
}

function countReserved(table: PoolTable): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const address of table.reserved) {
    const spot = table.find(address);
    // One that is avoided anyway has been taken off already.
    if (spot === undefined || (spot.pool.avoidBuggy && /^[^:]*\.(0|255)$/.test(address))) continue;
    const key = `${spot.pool.name} ${spot.family}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
