import type { Context } from '../model/index.ts';

/** One that sleeps until a time, until it is woken, or until the end. Woken while it is awake, it does not fall asleep. */
export class Wake {
  readonly #clock: Context['clock'];
  #woken = false;
  #rouse: (() => void) | undefined;

  constructor(clock: Context['clock']) {
    this.#clock = clock;
  }

  now(): void {
    this.#woken = true;
    this.#rouse?.();
  }

  async until(atMs: number, signal?: AbortSignal): Promise<void> {
    const leftMs = atMs - this.#clock.now();
    if (!this.#woken && leftMs > 0 && signal?.aborted !== true) {
      const nap = new AbortController();
      await new Promise<void>((resolve) => {
        this.#rouse = resolve;
        signal?.addEventListener('abort', () => resolve(), { once: true, signal: nap.signal });
        if (leftMs < Number.POSITIVE_INFINITY) void this.#clock.sleep(leftMs, nap.signal).then(resolve);
      });
      nap.abort();
      this.#rouse = undefined;
    }
    this.#woken = false;
  }
}
