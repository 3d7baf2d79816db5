/** Work on long lists that mostly stay as they are: only what lies between the first and the last difference is looked at. */

/** Between `from` and the ends two lists differ; before and behind that they hold the same objects. */
export interface ChangedSpan {
  readonly from: number;
  readonly beforeEnd: number;
  readonly nowEnd: number;
}

/** Where two lists differ, by reference. Nothing differs: all three are their common length. */
export function changedSpan(before: readonly unknown[], now: readonly unknown[]): ChangedSpan {
  const shorter = Math.min(before.length, now.length);
  let from = 0;
  while (from < shorter && before[from] === now[from]) from++;
  let beforeEnd = before.length;
  let nowEnd = now.length;
  while (beforeEnd > from && nowEnd > from && before[beforeEnd - 1] === now[nowEnd - 1]) {
    beforeEnd--;
    nowEnd--;
  }
  return { from, beforeEnd, nowEnd };
}

/** Whether two lists hold the same objects. */
export function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** What was made of each item of the last list. What `make` answers must depend on nothing but the item, or hold as long as the item is in the list. */
export class Remade<T, R extends object> {
  #items: readonly T[] = [];
  #made: readonly R[] = [];

  /** What is made of each item, in their order; `make` is asked for items that the last list had not. The same array while nothing in it changes. */
  of(items: readonly T[], make: (item: T) => R): readonly R[] {
    const { from, beforeEnd, nowEnd } = changedSpan(this.#items, items);
    const known = new Map<T, R>();
    const old = this.#made.slice(from, beforeEnd);
    for (const [i, item] of this.#items.slice(from, beforeEnd).entries()) {
      const made = old[i];
      if (made !== undefined) known.set(item, made);
    }
    const fresh = items.slice(from, nowEnd).map((item) => known.get(item) ?? make(item));
    this.#items = items;
    if (!sameItems(old, fresh)) this.#made = this.#made.slice(0, from).concat(fresh, this.#made.slice(beforeEnd));
    return this.#made;
  }
}

/** The items of the last list by a key that no two of them share. */
export class Indexed<T> {
  #items: readonly T[] = [];
  readonly #byKey = new Map<string, T>();

  /** The index of these items: the same map each time, brought to what they are. */
  of(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T> {
    const { from, beforeEnd, nowEnd } = changedSpan(this.#items, items);
    for (const item of this.#items.slice(from, beforeEnd)) this.#byKey.delete(keyOf(item));
    for (const item of items.slice(from, nowEnd)) this.#byKey.set(keyOf(item), item);
    this.#items = items;
    return this.#byKey;
  }
}
