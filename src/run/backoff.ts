/** How long to leave something alone that has failed. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** A system that does not answer, a gate that did not open. */
export const retryBackoff: Backoff = { firstMs: 500, maxMs: 300_000 };
/** Permission, quota, bad input: only a change helps; asked again now and then, since the change may be made elsewhere. */
export const refusedBackoff: Backoff = { firstMs: 60_000, maxMs: 600_000 };

/**
 * Doubles with each failure in a row (1, 2, …). Between half and the whole of it by `random` (uniform in [0, 1)):
 * what failed together does not come back together.
 */
export function backoffMs(failures: number, { firstMs, maxMs }: Backoff, random: () => number): number {
  const wholeMs = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(wholeMs * (0.5 + random() / 2));
}
