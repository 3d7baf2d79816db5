import type { ServiceId } from '../model/index.ts';
import { type Claim, compareClaims, readAddresses } from './claim.ts';

interface Entry {
  readonly claim: Claim;
  readonly holds: boolean;
  /** Addresses that it asks for by name. */
  readonly asked: readonly string[];
}

/** Services that would take more, or other, addresses: those that hold some first, then the older. */
export class Queue {
  readonly #entries: Entry[] = [];
  readonly #byId = new Map<ServiceId, Entry>();
  /** Address → how many ask for it by name. */
  readonly #asked = new Map<string, number>();

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

  /** Somebody asks for this address by name. */
  wants(address: string): boolean {
    return this.#asked.has(address);
  }

  /** It asks for one of these addresses by name. */
  asksFor(id: ServiceId, addresses: ReadonlySet<string>): boolean {
    return this.#byId.get(id)?.asked.some((address) => addresses.has(address)) ?? false;
  }

  add(claim: Claim, holds: boolean): void {
    this.remove(claim.id);
    const entry = { claim, holds, asked: readAddresses(claim.list ?? []) };
    this.#entries.splice(this.#indexOf(entry), 0, entry);
    this.#byId.set(claim.id, entry);
    for (const address of entry.asked) this.#count(address, 1);
  }

  remove(id: ServiceId): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) return;
    this.#entries.splice(this.#indexOf(entry), 1);
    this.#byId.delete(id);
    for (const address of entry.asked) this.#count(address, -1);
  }

  #count(address: string, by: number): void {
    const count = (this.#asked.get(address) ?? 0) + by;
    if (count === 0) this.#asked.delete(address);
    else this.#asked.set(address, count);
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
