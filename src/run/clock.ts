import { performance } from 'node:perf_hooks';
import type { Context } from '../model/index.ts';

/** Monotonic and wall-clock milliseconds and the only way to wait. Everything that knows time gets one passed in. */
export type Clock = Context['clock'];

/** Longest timer that Node takes; longer sleeps are made of several. */
const maxTimerMs = 2_147_483_647;

/** The machine's clock. A sleep that is aborted resolves early: who sleeps looks at the signal itself. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  async sleep(ms, signal) {
    const end = performance.now() + ms;
    for (;;) {
      const leftMs = end - performance.now();
      if (leftMs <= 0 || signal?.aborted) return;
      await timer(Math.min(leftMs, maxTimerMs), signal);
    }
  },
};

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(handle);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const handle = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
