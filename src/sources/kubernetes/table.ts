import type { Metadata } from './metadata.ts';

interface Named {
  readonly meta: Metadata;
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
  /** By `namespace/name`; the one in force is the first of its list. */
  readonly #slots = new Map<string, readonly V[]>();
  readonly #contested = new Set<string>();
  readonly #tally: Tally;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  get size(): number {
    return this.#slots.size;
  }

  get(key: string): V | undefined {
    return this.#slots.get(key)?.[0];
  }

  /** Those in force. */
  *values(): Generator<V> {
    for (const [first] of this.#slots.values()) if (first !== undefined) yield first;
  }

  /** Those that are not in force, each with the one that is. */
  *losers(): Generator<readonly [loser: V, winner: V]> {
    for (const key of this.#contested) {
      const [winner, ...others] = this.#slots.get(key) ?? [];
      if (winner !== undefined) for (const loser of others) yield [loser, winner];
    }
  }

  /** Whether another one is in force now. */
  add(view: V): boolean {
    const key = keyOf(view);
    const known = this.#slots.get(key);
    if (known === undefined) this.#tally.names++;
    return this.#set(key, known === undefined ? [view] : [...known, view].sort(byAge));
  }

  /** Whether another one is in force now, or none. */
  remove(view: V): boolean {
    const key = keyOf(view);
    return this.#set(
      key,
      (this.#slots.get(key) ?? []).filter((other) => other !== view),
    );
  }

  /** Brings names, and what shares one, into an order; answers those of whom another one is in force now. */
  arrange(placeOf: (view: V) => number): readonly V[] {
    const slots = [...this.#slots].map(([key, views]) => {
      const sorted = views.length === 1 ? views : views.toSorted((a, b) => byAge(a, b) || placeOf(a) - placeOf(b));
      return { key, views, sorted, place: Math.min(...views.map(placeOf)) };
    });
    this.#slots.clear();
    for (const { key, sorted } of slots.sort((a, b) => a.place - b.place)) this.#slots.set(key, sorted);
    return slots.flatMap(({ views, sorted }) => (views[0] === sorted[0] ? [] : (sorted[0] ?? [])));
  }

  #set(key: string, views: readonly V[]): boolean {
    const before = this.get(key);
    if (views.length === 0) this.#slots.delete(key);
    else this.#slots.set(key, views);
    const { size } = this.#contested;
    if (views.length > 1) this.#contested.add(key);
    else this.#contested.delete(key);
    this.#tally.contested += this.#contested.size - size;
    return before !== this.get(key);
  }
}

function keyOf({ meta }: Named): string {
  return `${meta.namespace}/${meta.name}`;
}

function byAge(a: Named, b: Named): number {
  const [own, other] = [a.meta.createdMs ?? Number.POSITIVE_INFINITY, b.meta.createdMs ?? Number.POSITIVE_INFINITY];
  return own === other ? 0 : own - other;
}
