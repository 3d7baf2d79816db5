/** Items by rank, the lowest first: adding one and taking the first out cost by the logarithm of their number. */
export class RankedHeap<T> {
  readonly #rank: (item: T) => number;
  #items: T[] = [];

  constructor(rank: (item: T) => number) {
    this.#rank = rank;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    const items = this.#items;
    const rank = this.#rank(item);
    let at = items.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above] ?? item;
      if (this.#rank(parent) <= rank) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  /** Takes the first out. */
  shift(): T | undefined {
    const items = this.#items;
    const [first, last] = [items[0], items.pop()];
    if (last === undefined || items.length === 0) return first;
    const rank = this.#rank(last);
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (this.#rankAt(below + 1) < this.#rankAt(below)) below++;
      const child = items[below];
      if (child === undefined || this.#rank(child) >= rank) break;
      items[at] = child;
      at = below;
    }
    items[at] = last;
    return first;
  }

  /** These and no others. */
  fill(items: Iterable<T>): void {
    this.#items = [...items].sort((a, b) => this.#rank(a) - this.#rank(b));
  }

  #rankAt(at: number): number {
    const item = this.#items[at];
    return item === undefined ? Number.POSITIVE_INFINITY : this.#rank(item);
  }
}
