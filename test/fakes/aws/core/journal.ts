import type { Call } from './call.ts';

export interface JsonLike extends Readonly<Record<string, unknown>> {}

export type Outcome =
  | { readonly kind: 'done'; readonly output: unknown }
  | { readonly kind: 'error'; readonly code: string; readonly message: string }
  | { readonly kind: 'throttled'; readonly code: string }
  | { readonly kind: 'request lost' }
  /** Done, but nobody was told. */
  | { readonly kind: 'reply lost'; readonly output: unknown };

export interface Entry extends Call {
  outcome?: Outcome;
  readonly write: boolean;
}

/** Every call in the order of arrival. `keep` bounds the memory of long runs; the counts go on. */
export class Journal {
  readonly #counts = new Map<string, number>();
  #entries: Entry[] = [];
  #keep = Number.POSITIVE_INFINITY;
  #total = 0;

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Calls ever made. */
  get total(): number {
    return this.#total;
  }

  /** Calls ever made, by action. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  add(entry: Entry): void {
    this.#total++;
    this.#counts.set(entry.action, (this.#counts.get(entry.action) ?? 0) + 1);
    this.#entries.push(entry);
    if (this.#entries.length > this.#keep * 2) this.#entries = this.#entries.slice(-this.#keep);
  }

  /** Only the last entries stay from now on. */
  keep(entries: number): void {
    this.#keep = entries;
  }

  /** What came after the call of that number. */
  since(index: number): readonly Entry[] {
    return this.#entries.filter((entry) => entry.index > index);
  }

  of(...actions: readonly string[]): readonly Entry[] {
    return this.#entries.filter((entry) => actions.includes(entry.action));
  }

  get writes(): readonly Entry[] {
    return this.#entries.filter((entry) => entry.write);
  }

  /** Forgets everything, counts too; call numbers go on. */
  clear(): void {
    this.#entries = [];
    this.#counts.clear();
    this.#total = 0;
  }
}
