/** How long a change takes: so many describes that see it, or so much time, or both. `{}`: at once. */
export interface Delay {
  /** The change shows in the describe of this number that looks at it; 2 = the first describe sees the old state. */
  readonly describes?: number;
  readonly ms?: number;
}

/** One running change. */
export class Countdown {
  readonly #delay: Delay;
  readonly #sinceMs: number;
  #seen = 0;

  constructor(delay: Delay, nowMs: number) {
    this.#delay = delay;
    this.#sinceMs = nowMs;
  }

  /** A describe looks at it. */
  look(): void {
    this.#seen++;
  }

  done(nowMs: number): boolean {
    return this.#seen >= (this.#delay.describes ?? 0) && nowMs - this.#sinceMs >= (this.#delay.ms ?? 0);
  }
}
