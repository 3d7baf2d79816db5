import { setImmediate } from 'node:timers/promises';

const sliceMs = 8;
const most = 256;

/** Lets everything else run between pieces of long work: after 8 ms, or 256 pieces. */
export class Turns {
  readonly #now: () => number;
  #startMs: number;
  #count = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#startMs = now();
  }

  /** Whether it is time to wait for `next()`. Asked once a piece. */
  due(): boolean {
    this.#count++;
    return this.#count >= most || this.#now() - this.#startMs >= sliceMs;
  }

  async next(): Promise<void> {
    await setImmediate();
    this.#count = 0;
    this.#startMs = this.#now();
  }
}
