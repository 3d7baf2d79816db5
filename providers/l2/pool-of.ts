import type { Pool } from '../../src/model/index.ts';
import { addressFamily } from '../../src/net/index.ts';
import { type Interval, parseInterval, toNumber } from '../../src/net/interval.ts';

/**
 * The pool of an address. Of overlapping entries the one counts that gives the address out: pools by name, entries as listed. Entries that
 * cannot be read have no addresses; who gives addresses out has told so.
 */
export function createPoolOf(pools: readonly Pool[]): (address: string) => Pool | undefined {
  const entries = pools
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((pool) => pool.ranges.flatMap((text) => entryOf(pool, text)));
  return (address) => {
    const [family, number] = [addressFamily(address), toNumber(address)];
    return entries.find(
      ({ interval }) => interval.family === family && interval.first <= number && number <= interval.last,
    )?.pool;
  };
}

function entryOf(pool: Pool, text: string): readonly { readonly pool: Pool; readonly interval: Interval }[] {
  const parsed = parseInterval(text);
  return parsed.ok ? [{ pool, interval: parsed.value }] : [];
}
