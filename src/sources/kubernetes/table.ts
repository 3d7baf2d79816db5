import type { NameOnly } from './metadata.ts';

interface Named {
  readonly meta: NameOnly;
}

/** Of several tables together. */
export interface Tally {
  /** Changes with every name that comes. */
  names: number;
  /** Names that two objects have. */
  contested: number;
}

/** Objects of one kind by name. Of two with one name the older is in force; without ages, the one that stands first. */
export class Table<V extends Named> {
  /** Those in force. */
  readonly #first = new Map<string, V>();
  /** Of names that several have: those that are not in force. */
  readonly #others = new Map<string, readonly V[]>();
  readonly #tally: Tally;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** Equal for those of whom one is in force. */
  keyOf({ meta }: V): string {
    return `${meta.namespace}/${meta.name}`;
  }

  get size(): number {
    return this.#first.size;
  }

  get(key: string): V | undefined {
    return this.#first.get(key);
  }

  /** Those in force. */
  values(): Iterable<V> {
    return this.#first.values();
  }

  /** Those that are not in force, each with the one that is. */
  *losers(): Generator<readonly [loser: V, winner: V]> {
    for (const [key, others] of this.#others) {
      const winner = this.#first.get(key);
      if (winner !== undefined) for (const loser of others) yield [loser, winner];
    }
  }

  /** Whether another one is in force now. */
  add(view: V): boolean {
    const key = this.keyOf(view);
    const known = this.#all(key);
    if (known.length === 0) this.#tally.names++;
    return this.#set(key, known.length === 0 ? [view] : [...known, view].sort(byAge));
  }

  /** Whether another one is in force now, or none. */
  remove(view: V): boolean {
    const key = this.keyOf(view);
    return this.#set(
      key,
      this.#all(key).filter((other) => other !== view),
    );
  }

  /** Brings names, and what shares one, into an order; answers those of whom another one is in force now. */
  arrange(placeOf: (view: V) => number): readonly V[] {
    const slots = [...this.#first.keys()].map((key) => {
      const views = this.#all(key);
      const sorted = views.length === 1 ? views : views.toSorted((a, b) => byAge(a, b) || placeOf(a) - placeOf(b));
      return { key, views, sorted, place: Math.min(...views.map(placeOf)) };
    });
    this.#first.clear();
    for (const { key, sorted } of slots.sort((a, b) => a.place - b.place)) this.#set(key, sorted);
    return slots.flatMap(({ views, sorted }) => (views[0] === sorted[0] ? [] : (sorted[0] ?? [])));
  }

  /** The one in force first. */
  #all(key: string): readonly V[] {
    const first = this.#first.get(key);
    return first === undefined ? [] : [first, ...(this.#others.get(key) ?? [])];
  }

  #set(key: string, [first, ...others]: readonly V[]): boolean {
    const before = this.#first.get(key);
    if (first === undefined) this.#first.delete(key);
    else this.#first.set(key, first);
    const { size } = this.#others;
    if (others.length > 0) this.#others.set(key, others);
    else this.#others.delete(key);
    this.#tally.contested += this.#others.size - size;
    return before !== first;
  }
}

export function byAge(a: Named, b: Named): number {
  const [own, other] = [a.meta.createdMs ?? Number.POSITIVE_INFINITY, b.meta.createdMs ?? Number.POSITIVE_INFINITY];
  return own === other ? 0 : own - other;
}
