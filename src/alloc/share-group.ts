import type { Claim } from './claim.ts';
import { clash, portsKey } from './share.ts';

/** An address that services share, with its place in the pool. */
export interface SharedPlace {
  readonly address: string;
  /** Orders the addresses of a pool. */
  readonly rank: bigint;
  readonly members: readonly Claim[];
}

/** More different sets of ports than this are not remembered. */
const rememberedPorts = 64;

/** The addresses of one pool and family that services of one share key and backend hold: where a further one finds the first that has its ports free. */
export class ShareGroup {
  readonly #places: SharedPlace[] = [];
  /** By ports: every address below this rank has one of them in use. */
  readonly #searched = new Map<string, bigint>();

  get empty(): boolean {
    return this.#places.length === 0;
  }

  add(place: SharedPlace): void {
    this.#places.splice(this.#indexOf(place.rank), 0, place);
    this.loosen(place.rank);
  }

  remove(place: SharedPlace): void {
    const at = this.#indexOf(place.rank);
    if (this.#places[at] === place) this.#places.splice(at, 1);
  }

  /** The ports that are in use at this rank became others or fewer. */
  loosen(rank: bigint): void {
    for (const [ports, searched] of this.#searched) if (searched > rank) this.#searched.set(ports, rank);
  }

  /** The first address where all who hold it leave room for the claim. */
  first(claim: Claim): SharedPlace | undefined {
    const ports = portsKey(claim);
    const from = this.#searched.get(ports) ?? -1n;
    for (let i = this.#indexOf(from); i < this.#places.length; i++) {
      const place = this.#places[i];
      if (place?.members.every((member) => clash(member, claim) === undefined)) {
        this.#remember(ports, place.rank);
        return place;
      }
    }
    const last = this.#places.at(-1);
    if (last !== undefined) this.#remember(ports, last.rank + 1n);
    return undefined;
  }

  #remember(ports: string, rank: bigint): void {
    if (this.#searched.size >= rememberedPorts && !this.#searched.has(ports)) this.#searched.clear();
    this.#searched.set(ports, rank);
  }

  /** Of the first place at or behind a rank. */
  #indexOf(rank: bigint): number {
    let [low, high] = [0, this.#places.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#places[middle]?.rank ?? rank) < rank) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
