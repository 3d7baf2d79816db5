import { addressFamily, parseAddress } from '../../src/net/index.ts';
import { type Interval, intervalText, overlap, parseInterval, toNumber } from '../../src/net/interval.ts';
import type { Range } from './kernel/gate-text.ts';

/** What of these entries of a pool can be guarded: without what cannot be read, and without the addresses that machines need themselves. */
export function guardedRanges(entries: readonly string[], but: readonly string[]): readonly string[] {
  const own = but.flatMap((text) => {
    const address = parseAddress(text);
    return address.ok ? [intervalOf(address.value)] : [];
  });
  return entries.flatMap((entry) => {
    const parsed = parseInterval(entry);
    return parsed.ok ? own.reduce(without, [parsed.value]).map(intervalText) : [];
  });
}

/** `10.0.0.5-10.0.0.9`, or an address alone, as the gates know ranges. */
export function rangeOf(text: string): Range {
  const [first = '', last = first] = text.split('-');
  return { first, last };
}

function without(ranges: readonly Interval[], gone: Interval): readonly Interval[] {
  return ranges.flatMap((range) => {
    if (!overlap(range, gone)) return [range];
    const { family, first, last } = range;
    return [
      ...(first < gone.first ? [{ family, first, last: gone.first - 1n }] : []),
      ...(gone.last < last ? [{ family, first: gone.last + 1n, last }] : []),
    ];
  });
}

function intervalOf(address: string): Interval {
  const value = toNumber(address);
  return { family: addressFamily(address), first: value, last: value };
}
