/** Whole numbers, the lowest first; each is in it at most once. */
export class Heap {
  readonly #items: number[] = [];
  readonly #known = new Set<number>();

  get lowest(): number | undefined {
    return this.#items[0];
  }

  add(item: number): void {
    if (this.#known.has(item)) return;
    this.#known.add(item);
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above] ?? item;
      if (parent <= item) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  /** Takes the lowest out. */
  shift(): void {
    const items = this.#items;
    const [top, item] = [items[0], items.pop()];
    if (top === undefined || item === undefined) return;
    this.#known.delete(top);
    if (items.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if ((items[below + 1] ?? Number.POSITIVE_INFINITY) < (items[below] ?? 0)) below++;
      const child = items[below] ?? item;
      if (child >= item) break;
      items[at] = child;
      at = below;
    }
    items[at] = item;
  }
}
