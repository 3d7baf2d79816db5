import { type Interval, toText } from '../net/interval.ts';
import { Heap } from './heap.ts';

/**
 * The free addresses of one range, lowest first. Below a mark every address was given out once: those that came back lie in a heap. Above
 * it all are free that nobody holds. So it costs memory for what was used, never for the size of the range.
 */
export class Space {
  readonly #range: Interval;
  readonly #size: number;
  readonly #held: (address: string) => boolean;
  readonly #barred: (address: string, value: bigint) => boolean;
  #mark = 0;
  readonly #back = new Heap();

  /** `barred`: addresses that are never given out. */
  constructor(
    range: Interval,
    held: (address: string) => boolean,
    barred: (address: string, value: bigint) => boolean,
  ) {
    this.#range = range;
    // Nobody lives to see the mark come so far that a rounded size would matter.
    this.#size = Number(range.last - range.first + 1n);
    this.#held = held;
    this.#barred = barred;
  }

  /** The lowest free address, with its place in the range. It stays free. */
  first(): { readonly address: string; readonly offset: bigint } | undefined {
    for (let offset = this.#back.lowest; offset !== undefined; offset = this.#back.lowest) {
      const address = this.#at(offset);
      if (!this.#held(address)) return { address, offset: BigInt(offset) };
      this.#back.shift();
    }
    for (; this.#mark < this.#size; this.#mark++) {
      const address = this.#at(this.#mark);
      if (!this.#held(address) && !this.#barred(address, this.#range.first + BigInt(this.#mark)))
        return { address, offset: BigInt(this.#mark) };
    }
    return undefined;
  }

  /** Nobody holds it any more. */
  giveBack(offset: bigint): void {
    if (offset >= BigInt(this.#mark)) return;
    const value = this.#range.first + offset;
    if (!this.#barred(toText(this.#range.family, value), value)) this.#back.add(Number(offset));
  }

  #at(offset: number): string {
    return toText(this.#range.family, this.#range.first + BigInt(offset));
  }
}
