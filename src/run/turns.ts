import type { Sliced } from '../model/index.ts';
import type { Clock } from './clock.ts';

/** So long at most the event loop is kept from other work, milliseconds. */
const sliceMs = 10;

/**
 * Turns of the event loop, shared by all who have long work: when a slice of time is used up, everybody else comes first, and then one
 * of those who wait goes on. Short work is done at once: `if (turns.due) await turns.next()`.
 */
export class Turns {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #waiting: (() => void)[] = [];
  #sinceMs: number;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#sinceMs = clock.now();
  }

  /** The slice is used up, or others wait for theirs. */
  get due(): boolean {
    return this.#waiting.length > 0 || this.#clock.now() - this.#sinceMs >= sliceMs;
  }

  /** Returns with a new slice. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) setImmediate(this.#give);
    });
  }

  /** Work to its end, slice by slice. */
  async do<T>(work: Sliced<T>): Promise<T> {
    for (;;) {
      const { done, value } = work.next();
      if (done === true) return value;
      if (this.due) await this.next();
    }
  }

  readonly #give = (): void => {
    this.#sinceMs = this.#clock.now();
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(this.#give);
  };
}
