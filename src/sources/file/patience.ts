/** How long a changed file must be quiet before it is believed. Pure. */

/** A writer's next write follows within microseconds; two milliseconds without an event mean that it is done. */
export const quietMs = 2;
/** What cannot be used, and so takes nothing away, is told after this long. */
export const brokenMs = 60;
/** What takes objects away must rest this long: a slow writer, or an editor that deletes and writes anew, is not done yet. */
export const lossMs = 500;
/** A file that never becomes quiet is read anyway after this time, when it looks whole. */
export const longestMs = 250;

export interface Glimpse {
  /** undefined: the text cannot be parsed. */
  readonly objects: number | undefined;
  readonly endsWithNewline: boolean;
  readonly empty: boolean;
}

/**
 * How long a new state of a file must have been quiet, in milliseconds. Losing something waits, gaining something does not: what is cut
 * off at its end, has fewer objects than before, or is gone, may be a write in progress. Absent: there is no file.
 */
export function neededQuietMs(before: Glimpse | undefined, now: Glimpse | undefined): number {
  if (now === undefined) return before === undefined ? quietMs : lossMs;
  if (now.objects === undefined || now.empty) return brokenMs;
  if (before === undefined) return quietMs;
  const cut = before.endsWithNewline && !now.endsWithNewline;
  return cut || now.objects < (before.objects ?? 0) ? lossMs : quietMs;
}

export interface Waiting {
  /** What `neededQuietMs` says. */
  readonly neededMs: number;
  /** Since the last sign of a writer. */
  readonly quietForMs: number;
  /** Since the first sight of this change. */
  readonly changedForMs: number;
}

/** Milliseconds still to wait; 0: believe it. A file that looks whole is believed after `longestMs` though its writer never rests. */
export function stillToWait({ neededMs, quietForMs, changedForMs }: Waiting): number {
  if (neededMs <= quietMs && changedForMs >= longestMs) return 0;
  return Math.max(0, neededMs - quietForMs);
}
