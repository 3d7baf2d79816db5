/** How long a changed file must be quiet before it is believed. Pure. */

/** A writer's next write follows within microseconds; two milliseconds without an event mean that it is done. */
export const quietMs = 2;
/** What looks like half a file is given this long to become whole. */
export const suspiciousMs = 60;
/** A file that never becomes quiet is read anyway after this time, when it looks whole. */
export const longestMs = 250;

export interface Glimpse {
  /** undefined: the text cannot be parsed. */
  readonly objects: number | undefined;
  readonly endsWithNewline: boolean;
  readonly empty: boolean;
}

/**
 * Whether a new state of a file looks like a write in progress: empty, unreadable, cut off at its end, or with fewer objects than
 * before. Losing something waits, gaining something does not.
 */
export function looksHalfWritten(before: Glimpse | undefined, now: Glimpse | undefined): boolean {
  if (now === undefined) return before !== undefined;
  if (now.objects === undefined || now.empty) return true;
  if (before === undefined) return false;
  return (before.endsWithNewline && !now.endsWithNewline) || now.objects < (before.objects ?? 0);
}

export interface Waiting {
  readonly suspicious: boolean;
  /** Since the last sign of a writer. */
  readonly quietForMs: number;
  /** Since the first sight of this change. */
  readonly changedForMs: number;
}

/** Milliseconds still to wait; 0: believe it. */
export function stillToWait({ suspicious, quietForMs, changedForMs }: Waiting): number {
  if (suspicious) return Math.max(0, suspiciousMs - quietForMs);
  return changedForMs >= longestMs ? 0 : Math.max(0, quietMs - quietForMs);
}
