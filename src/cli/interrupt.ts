import type { Io } from './io.ts';

/** How interrupted work ended: with a value all the same, or without one. */
export type Ended<T> = { readonly interrupted: boolean; readonly value: T } | { readonly interrupted: true };

/** Runs work that an interrupt stops after its current step; a second one ends the process at once. */
export async function interruptible<T>(
  io: Io,
  work: (signal: AbortSignal) => Promise<T>,
  notice = 'interrupted: stops after the current step; once more: at once\n',
): Promise<Ended<T>> {
  const controller = new AbortController();
  const release = io.onInterrupt((times) => {
    if (times > 1) io.abandon(130);
    else {
      io.err(notice);
      controller.abort();
    }
  });
  try {
    const value = await work(controller.signal);
    return { interrupted: controller.signal.aborted, value };
  } catch (error) {
    // Whatever an aborted call throws is the interrupt itself: it was told already.
    if (controller.signal.aborted) return { interrupted: true };
    throw error;
  } finally {
    release();
  }
}
