import type { ServiceId } from '../model/index.ts';
import { type Claim, compareClaims } from './claim.ts';

interface Entry {
  readonly claim: Claim;
  readonly holds: boolean;
}

/** Services that would take more, or other, addresses: those that hold some first, then the older. */
export class Queue {
  readonly #entries: Entry[] = [];
  readonly #byId = new Map<ServiceId, Entry>();

  /** Those that wait now; may be changed while it is walked. */
  list(): readonly Claim[] {
    return this.#entries.map(({ claim }) => claim);
  }

  get empty(): boolean {
    return this.#entries.length === 0;
  }

  has(id: ServiceId): boolean {
    return this.#byId.has(id);
  }

  add(claim: Claim, holds: boolean): void {
    this.remove(claim.id);
    const entry = { claim, holds };
    this.#entries.splice(this.#indexOf(entry), 0, entry);
    this.#byId.set(claim.id, entry);
  }

  remove(id: ServiceId): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) return;
    this.#entries.splice(this.#indexOf(entry), 1);
    this.#byId.delete(id);
  }

  #indexOf(entry: Entry): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#entries[middle];
      if (other !== undefined && compare(other, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function compare(a: Entry, b: Entry): number {
  if (a.holds !== b.holds) return a.holds ? -1 : 1;
  return compareClaims(a.claim, b.claim);
}
