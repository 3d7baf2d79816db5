import type { Family } from '../net/index.ts';
import { type Interval, overlap } from '../net/interval.ts';
import type { Pool } from './pool.ts';

/** An entry of a pool that is in force. */
export interface Entry {
  readonly range: Interval;
  readonly pool: Pool;
  readonly field: string;
  readonly text: string;
}

/** Entries none of which overlaps another, found by address. */
export class Entries {
  /** Ascending. */
  readonly #sorted: Readonly<Record<Family, Entry[]>> = { ipv4: [], ipv6: [] };

  /** One that overlaps a range; undefined: none does. */
  meeting(range: Interval): Entry | undefined {
    const sorted = this.#sorted[range.family];
    const at = this.#indexBehind(range);
    return [sorted[at - 1], sorted[at]].find((entry) => entry !== undefined && overlap(entry.range, range));
  }

  /** Adds one that overlaps none. */
  add(entry: Entry): void {
    this.#sorted[entry.range.family].splice(this.#indexBehind(entry.range), 0, entry);
  }

  /** Of the first entry that begins behind the beginning of a range. */
  #indexBehind({ family, first }: Interval): number {
    const sorted = this.#sorted[family];
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle]?.range.first ?? first) <= first) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
