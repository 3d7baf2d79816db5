/** What thousands of objects repeat, kept once: names of nodes and zones, lists of ports. Forgets all of it when there is too much, which costs memory and nothing else. */
export class Canonical<T> {
  readonly #known = new Map<string, T>();
  readonly #most: number;

  constructor(most = 10_000) {
    this.#most = most;
  }

  /** The first one that was given by this key. `key` says everything about `value`. */
  of(key: string, value: T): T {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= this.#most) this.#known.clear();
    this.#known.set(key, value);
    return value;
  }
}

const none: readonly never[] = [];

/** The one empty list for all that are empty. */
export function orNone<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? none : list;
}
