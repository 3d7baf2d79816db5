import type { Beat, Fencing, NodeId, Vip } from './messages.ts';

/** The claim of an address by one node: of two, the one with the higher number is the newer, and of equal numbers the later name. */
export interface Numbered {
  readonly fence: number;
  readonly node: NodeId;
}

/** Whether a claim comes after another one. */
export function outranks(a: Numbered, b: Numbered): boolean {
  return a.fence > b.fence || (a.fence === b.fence && a.node > b.node);
}

/** What a beat tells of the numbers of its claims. */
export function readFencings(beat: Beat): ReadonlyMap<Vip, { readonly fence: number; readonly open: boolean }> {
  return new Map(beat.fencings.flatMap(({ fence, open, vips }) => vips.map((vip) => [vip, { fence, open }] as const)));
}

/** So many different numbers a beat carries at most, or it would no longer fit a datagram; the next one carries the rest. */
const mostFencings = 64;

/** The numbers of the own claims, and a count that runs ahead of every number that was heard: so each new claim is higher than all before. */
export class Fences {
  readonly #own = new Map<Vip, number>();
  /** Claims whose numbers are to be told still. */
  readonly #telling = new Set<Vip>();
  #highest: number;

  constructor(highest: number) {
    this.#highest = highest;
  }

  get highest(): number {
    return this.#highest;
  }

  hear(fence: number): void {
    if (fence > this.#highest) this.#highest = fence;
  }

  /** Claims of one step share a number. */
  next(): number {
    this.#highest += 1;
    return this.#highest;
  }

  claim(vip: Vip, fence: number): void {
    this.#own.set(vip, fence);
    this.#telling.add(vip);
  }

  drop(vip: Vip): void {
    this.#own.delete(vip);
    this.#telling.delete(vip);
  }

  of(vip: Vip): number {
    return this.#own.get(vip) ?? 0;
  }

  tell(vip: Vip): void {
    if (this.#own.has(vip)) this.#telling.add(vip);
  }

  tellAll(): void {
    if (this.#telling.size === 0) for (const vip of this.#own.keys()) this.#telling.add(vip);
  }

  /** A majority has heard them of these addresses; whoever else has not says so. */
  told(fencings: readonly Fencing[], heard: (vip: Vip) => boolean): void {
    for (const { fence, vips } of fencings) {
      for (const vip of vips) if (this.of(vip) === fence && heard(vip)) this.#telling.delete(vip);
    }
  }

  /** For the next beat; the fewest bytes for claims of one step, which share a number. */
  fencings(open: (vip: Vip) => boolean): readonly Fencing[] {
    if (this.#telling.size === 0) return [];
    const byNumber = new Map<string, { fence: number; open: boolean; vips: Vip[] }>();
    for (const vip of this.#telling) {
      const [fence, isOpen] = [this.of(vip), open(vip)];
      const key = `${fence} ${isOpen}`;
      const found = byNumber.get(key);
      if (found !== undefined) found.vips.push(vip);
      else if (byNumber.size < mostFencings) byNumber.set(key, { fence, open: isOpen, vips: [vip] });
    }
    return [...byNumber.values()];
  }
}
