import { Countdown, type Delay } from './delay.ts';

/** What goes later than it was let go of; its going is made up for whenever somebody looks. */
export class Lingering {
  readonly #delay: Delay;
  readonly #nowMs: () => number;
  readonly #going = new Map<string, { readonly left: Countdown; readonly go: () => void }>();

  constructor(delay: Delay, nowMs: () => number) {
    this.#delay = delay;
    this.#nowMs = nowMs;
  }

  add(id: string, go: () => void): void {
    this.#going.set(id, { left: new Countdown(this.#delay, this.#nowMs()), go });
    this.settle();
  }

  /** A describe looks at everything that lingers. */
  look(): void {
    for (const { left } of this.#going.values()) left.look();
    this.settle();
  }

  settle(): void {
    for (const [id, { left, go }] of this.#going) {
      if (!left.done(this.#nowMs())) continue;
      this.#going.delete(id);
      go();
    }
  }
}
