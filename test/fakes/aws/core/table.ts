/** Things of one kind under their id. With `lag` a new one stays unseen for the next calls, as AWS is eventually consistent. */
export class Table<T extends object> {
  readonly #rows = new Map<string, T>();
  readonly #hidden = new Map<string, number>();
  readonly #moment: { readonly index: number };
  /** New things are not seen by so many calls after the one that made them. */
  lag = 0;

  /** `moment.index` is the number of the running call. */
  constructor(moment: { readonly index: number }) {
    this.#moment = moment;
  }

  add(id: string, row: T): T {
    this.#rows.set(id, row);
    if (this.lag > 0) this.#hidden.set(id, this.#moment.index + this.lag);
    return row;
  }

  delete(id: string): boolean {
    this.#hidden.delete(id);
    return this.#rows.delete(id);
  }

  /** As a caller sees it now. */
  get(id: string): T | undefined {
    return this.#isHidden(id) ? undefined : this.#rows.get(id);
  }

  /** As it is, seen or not. */
  truly(id: string): T | undefined {
    return this.#rows.get(id);
  }

  /** What a caller sees now, in the order of creation. */
  list(): readonly T[] {
    if (this.#hidden.size === 0) return [...this.#rows.values()];
    return [...this.#rows].filter(([id]) => !this.#isHidden(id)).map(([, row]) => row);
  }

  all(): IterableIterator<T> {
    return this.#rows.values();
  }

  get size(): number {
    return this.#rows.size;
  }

  #isHidden(id: string): boolean {
    const until = this.#hidden.get(id);
    if (until === undefined) return false;
    if (this.#moment.index <= until) return true;
    this.#hidden.delete(id);
    return false;
  }
}
