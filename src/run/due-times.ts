import type { Unit } from '../model/index.ts';
import { RankedHeap } from '../model/ranked-heap.ts';

interface Entry {
  readonly unit: Unit;
  readonly atMs: number;
}

/** Entries that count no more and may stand among the others. */
const slack = 64;

/** When each unit is to be looked at again; what was said of it last counts. Setting, and taking what is due, cost by what is set and taken. */
export class DueTimes {
  readonly #atMs = new Map<Unit, number>();
  /** An entry that says another time than the map counts no more. */
  readonly #entries = new RankedHeap<Entry>(({ atMs }) => atMs);

  /** Infinity: not at any time. */
  set(unit: Unit, atMs: number): void {
    if (atMs === Number.POSITIVE_INFINITY) this.#atMs.delete(unit);
    else if (this.#atMs.get(unit) !== atMs) {
      this.#atMs.set(unit, atMs);
      this.#entries.add({ unit, atMs });
      if (this.#entries.size > 2 * this.#atMs.size + slack) this.#sweep();
    }
  }

  /** The earliest; Infinity: none. */
  get nextMs(): number {
    for (;;) {
      const { first } = this.#entries;
      if (first === undefined) return Number.POSITIVE_INFINITY;
      if (this.#counts(first)) return first.atMs;
      this.#entries.shift();
    }
  }

  /** Takes out the units whose time has come. */
  take(nowMs: number): readonly Unit[] {
    const due: Unit[] = [];
    while (this.nextMs <= nowMs) {
      const unit = this.#entries.shift()?.unit;
      if (unit === undefined) break;
      this.#atMs.delete(unit);
      due.push(unit);
    }
    return due;
  }

  #counts({ unit, atMs }: Entry): boolean {
    return this.#atMs.get(unit) === atMs;
  }

  #sweep(): void {
    this.#entries.fill([...this.#atMs].map(([unit, atMs]) => ({ unit, atMs })));
  }
}
