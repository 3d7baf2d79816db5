import type { Unit } from '../model/index.ts';

interface Entry {
  readonly unit: Unit;
  readonly atMs: number;
}

/** Entries that count no more and may stand among the others. */
const slack = 64;

/** When each unit is to be looked at again; what was said of it last counts. Setting, and taking what is due, cost by what is set and taken. */
export class DueTimes {
  readonly #atMs = new Map<Unit, number>();
  /** A heap, the earliest first. An entry that says another time than the map counts no more. */
  #entries: Entry[] = [];

  /** Infinity: not at any time. */
  set(unit: Unit, atMs: number): void {
    if (atMs === Number.POSITIVE_INFINITY) this.#atMs.delete(unit);
    else if (this.#atMs.get(unit) !== atMs) {
      this.#atMs.set(unit, atMs);
      this.#add({ unit, atMs });
      if (this.#entries.length > 2 * this.#atMs.size + slack) this.#sweep();
    }
  }

  /** The earliest; Infinity: none. */
  get nextMs(): number {
    for (;;) {
      const [first] = this.#entries;
      if (first === undefined) return Number.POSITIVE_INFINITY;
      if (this.#counts(first)) return first.atMs;
      this.#shift();
    }
  }

  /** Takes out the units whose time has come. */
  take(nowMs: number): readonly Unit[] {
    const due: Unit[] = [];
    while (this.nextMs <= nowMs) {
      const unit = this.#shift()?.unit;
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
    this.#entries = [...this.#atMs].map(([unit, atMs]) => ({ unit, atMs })).sort((a, b) => a.atMs - b.atMs);
  }

  #add(entry: Entry): void {
    const entries = this.#entries;
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = entries[above] ?? entry;
      if (parent.atMs <= entry.atMs) break;
      entries[at] = parent;
      at = above;
    }
    entries[at] = entry;
  }

  #shift(): Entry | undefined {
    const entries = this.#entries;
    const [first, last] = [entries[0], entries.pop()];
    if (last === undefined || entries.length === 0) return first;
    const timeAt = (at: number) => entries[at]?.atMs ?? Number.POSITIVE_INFINITY;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (timeAt(below + 1) < timeAt(below)) below++;
      const child = entries[below];
      if (child === undefined || child.atMs >= last.atMs) break;
      entries[at] = child;
      at = below;
    }
    entries[at] = last;
    return first;
  }
}
