/**
 * Weighted forwards without rules: a random number of five digits (10000 to 19999) is looked up in a prefix tree, where each backend
 * holds the few prefixes that make up its part of the range. A change of weights is a change of map entries.
 */
import { mapKey, mapValue } from './quote.ts';

/** How many different numbers there are. */
const numbers = 10_000;

export interface Share {
  readonly backend: string;
  readonly weight: number;
}

/**
 * Entries for one choice; `start` goes before each number. The shortest number, `1`, holds the backend with the largest share: while
 * entries are changed one by one, every number still leads somewhere. Nobody with weight: no entry.
 */
export function shareEntries(start: string, shares: readonly Share[]): readonly (readonly [string, string])[] {
  const sorted = shares.filter(({ weight }) => weight > 0).sort((a, b) => (a.backend < b.backend ? -1 : 1));
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  const largest = sorted.reduce<Share | undefined>(
    (best, one) => (best === undefined || one.weight > best.weight ? one : best),
    undefined,
  );
  if (largest === undefined) return [];
  const entries: (readonly [string, string])[] = [[mapKey(`${start}1`), mapValue(largest.backend)]];
  let before = 0;
  let from = 0;
  for (const { backend, weight } of sorted) {
    before += weight;
    const to = Math.round((before / total) * numbers);
    // The largest is what the shortest key says already.
    if (backend !== largest.backend) {
      for (const prefix of prefixes(from, to)) entries.push([mapKey(`${start}${prefix}`), mapValue(backend)]);
    }
    from = to;
  }
  return entries;
}

/** The shortest prefixes that cover exactly the numbers 10000 + from … 10000 + to - 1. */
export function prefixes(from: number, to: number): readonly string[] {
  const found: string[] = [];
  for (let at = from; at < to; ) {
    let size = 1;
    while (at % (size * 10) === 0 && at + size * 10 <= to) size *= 10;
    found.push(String((numbers + at) / size));
    at += size;
  }
  return found;
}
