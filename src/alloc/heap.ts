import { RankedHeap } from '../model/ranked-heap.ts';

/** Whole numbers, the lowest first; each is in it at most once. */
export class Heap {
  readonly #items = new RankedHeap<number>((item) => item);
  readonly #known = new Set<number>();

  get lowest(): number | undefined {
    return this.#items.first;
  }

  add(item: number): void {
    if (this.#known.has(item)) return;
    this.#known.add(item);
    this.#items.add(item);
  }

  /** Takes the lowest out. */
  shift(): void {
    const item = this.#items.shift();
    if (item !== undefined) this.#known.delete(item);
  }
}
