import type { KubeError } from './kube-error.ts';

/** What is not allowed or not there changes by somebody's hand: soon after an installation, later seldom. */
const slow = { firstMs: 1_000, maxMs: 30_000 };
/** Tokens rotate. */
const unknown = { firstMs: 500, maxMs: 5_000 };
const usual = { firstMs: 50, maxMs: 5_000 };
/** A server that has just gone comes back soon as a rule: for a while it is asked often. */
const hopefulMs = 10_000;
const hopefulMaxMs = 500;
const longestMs = 300_000;

/**
 * How long to wait before the next attempt, milliseconds, between half and the whole of a doubling time; never less than the server asks for.
 * `failures` in a row: 1, 2, …; `sinceMs`: since the first of them.
 */
export function retryDelayMs(error: KubeError, failures: number, sinceMs: number, random: () => number): number {
  const { firstMs, maxMs } = error.notFound || error.forbidden ? slow : error.code === 401 ? unknown : usual;
  const capMs = error.code === 0 && sinceMs < hopefulMs ? hopefulMaxMs : maxMs;
  const wholeMs = Math.min(capMs, firstMs * 2 ** Math.min(failures - 1, 20));
  const jittered = wholeMs * (0.5 + random() / 2);
  return Math.min(longestMs, Math.max(jittered, error.retryAfterMs ?? 0));
}
