/** What a benchmark yields: the words that test/bench/main.ts and the areas share. */

/** A figure as it is announced: its limit says when it fails. */
export interface FigureSpec {
  /** `area.name`, e.g. `planner.full_ms`. */
  readonly name: string;
  readonly unit: string;
  /** The promise; absent: only told. */
  readonly limit?: number;
  /** lower: at most the limit. higher: at least. */
  readonly direction: 'lower' | 'higher';
}

/** A figure as it was measured, printed as one JSON line. */
export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** How many measurements stand behind it. */
  readonly n: number;
}

export interface BenchOptions {
  /** Directory for raw events, one file a run; exists. */
  readonly raw?: string;
  /** A fault to plant: one of the area's `breaks`. */
  readonly breakName?: string;
}

/** What a module `test/bench/<area>.ts` exports. */
export interface Bench {
  readonly figures: readonly (string | FigureSpec)[];
  /** Names of faults that must make a figure fail. */
  readonly breaks?: readonly string[];
  /** Load and machine in one line, for the reader of the figures. */
  readonly load?: string;
  run(options: BenchOptions): Promise<readonly Figure[]>;
}

/** The middle of the values; the mean of the two middle ones for an even number. NaN for none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear between neighbours; `share` 0..1. NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}
