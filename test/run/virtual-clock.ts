import type { Clock } from '../../src/run/index.ts';

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** Time that passes only when a test says so. Sleepers wake in the order of their times; what they do is done before the next. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#nowMs;
  }

  wall(): number {
    return 1_800_000_000_000 + this.#nowMs;
  }

  /** Work took so long: nobody is woken meanwhile. */
  worked(ms: number): void {
    this.#nowMs += ms;
  }

  /** Moments at which somebody waits to be woken. */
  get alarms(): readonly number[] {
    return [...this.#sleepers].map((sleeper) => sleeper.atMs).sort((a, b) => a - b);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (ms <= 0 || signal?.aborted) return resolve();
      const sleeper: Sleeper = {
        atMs: this.#nowMs + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', sleeper.wake, { once: true });
    });
  }

  /** Lets `ms` pass. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settled();
    for (;;) {
      const next = [...this.#sleepers].filter((s) => s.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#nowMs = next.atMs;
      next.wake();
      await settled();
    }
    this.#nowMs = endMs;
    await settled();
  }
}

/** Until everything that can go on without time has gone on: promises, and input and output that is at hand. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 12; i++) await new Promise((resolve) => setImmediate(resolve));
}
