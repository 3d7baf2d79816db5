/** How long work shares the event loop: one slice of time for all who have any, in each turn of the loop. */
import type { Context } from './provider.ts';
import { atOnce, type Sliced } from './sliced.ts';

type Clock = Pick<Context['clock'], 'now'>;

/** So long at most the event loop is kept from other work, milliseconds. */
const sliceMs = 6;

/**
 * Turns of the event loop, shared by all who have long work: when the slice of a turn is used up, by whomever, everybody else comes first,
 * and then one of those who wait goes on. Short work is done at once: `if (turns.due) await turns.next()`.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #sinceMs = 0;
  /** The slice is that of this turn of the loop. */
  #begun = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The slice is used up. */
  get due(): boolean {
    this.#begin();
    return this.#clock.now() - this.#sinceMs >= sliceMs;
  }

  /** Returns with a slice of its own, when everybody else has come. */
  next(): Promise<void> {
    this.#begin();
    return new Promise((resolve) => {
      // Not before the turn that is begun has ended, and another has gone by.
      setImmediate(() => {
        this.#waiting.push(resolve);
        this.#begin();
      });
    });
  }

  /** Work to its end, slice by slice. */
  async do<T>(work: Sliced<T>): Promise<T> {
    for (;;) {
      if (this.due) await this.next();
      const { done, value } = work.next();
      if (done === true) return value;
    }
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#sinceMs = this.#clock.now();
    setImmediate(this.#give);
  }

  readonly #give = (): void => {
    this.#begun = false;
    const resolve = this.#waiting.shift();
    if (resolve === undefined) return;
    this.#begin();
    resolve();
  };
}

const known = new WeakMap<Clock, Turns>();

/** The turns of all who go by this clock. */
export function turnsOf(clock: Clock): Turns {
  const turns = known.get(clock) ?? new Turns(clock);
  known.set(clock, turns);
  return turns;
}

/** Who has long work: with turns for others, or none. */
interface Shared {
  readonly turns?: Turns | undefined;
}

/** Between two pieces of long work: who else has work comes first, once the slice is used up. */
export async function turn({ turns }: Shared): Promise<void> {
  if (turns?.due) await turns.next();
}

/** Long work with turns for others where there are any; else all of it at once. */
export async function inTurns<T>({ turns }: Shared, work: Sliced<T>): Promise<T> {
  return turns === undefined ? atOnce(work) : await turns.do(work);
}
