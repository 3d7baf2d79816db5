import type { Clock } from './clock.ts';

/** Without a reason of ours each ring would make an exception with its stack. */
const awake = 'awake';

/** What wakes a loop: rung at once or at a time; rings that come while the loop is busy become one. */
export class Bell {
  readonly #clock: Clock;
  #rung = false;
  #wake: (() => void) | undefined;
  #alarmMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Monotonic milliseconds; the earliest wins until it has rung. */
  ringAt(atMs: number): void {
    if (atMs >= this.#alarmMs) return;
    this.#alarmMs = atMs;
    this.#wake?.();
  }

  /** Resolves when rung, when the alarm is due or when the signal aborts. */
  async next(signal: AbortSignal): Promise<void> {
    while (!this.#rung && !signal.aborted) {
      const leftMs = this.#alarmMs - this.#clock.now();
      if (leftMs <= 0) break;
      await this.#pause(leftMs, signal);
    }
    this.#rung = false;
    if (this.#alarmMs <= this.#clock.now()) this.#alarmMs = Number.POSITIVE_INFINITY;
  }

  /** Sleeps until the alarm, a ring or the end, whichever comes first. */
  async #pause(leftMs: number, signal: AbortSignal): Promise<void> {
    const nap = new AbortController();
    const end = () => nap.abort(awake);
    signal.addEventListener('abort', end, { once: true });
    this.#wake = end;
    const forever = new Promise<void>((resolve) => nap.signal.addEventListener('abort', () => resolve()));
    await (leftMs === Number.POSITIVE_INFINITY ? forever : this.#clock.sleep(leftMs, nap.signal));
    this.#wake = undefined;
    signal.removeEventListener('abort', end);
  }
}
