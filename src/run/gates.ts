import type { Handle, Observed, Step, Until } from '../model/index.ts';
import type { Clock } from './clock.ts';

/** open: go on. shut: wait. overdue: it was shut for longer than its deadline. */
export type GateState = 'open' | 'shut' | 'overdue';

/**
 * The gates of one unit and when each was first seen, on the monotonic clock. A gate keeps its time over every plan made anew
 * as long as it watches the same members of the same object: planning again buys no time.
 */
export class Gates {
  readonly #clock: Clock;
  readonly #firstSeenMs = new Map<string, number>();
  readonly #told = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `handle` is what `until.of` has become. Drained is a promise of time: at the deadline the gate opens, but where the system keeps the time. */
  judge(until: Until, handle: Handle, observed: Observed | undefined): GateState {
    const key = JSON.stringify([until.what, until.kind, handle, until.set, [...until.members].sort()]);
    const nowMs = this.#clock.now();
    const sinceMs = this.#firstSeenMs.get(key) ?? nowMs;
    this.#firstSeenMs.set(key, sinceMs);
    if (holds(until, observed)) return 'open';
    if (until.ends === true) return 'shut';
    if (nowMs - sinceMs < until.deadlineMs) return 'shut';
    return until.what === 'drained' ? 'open' : 'overdue';
  }

  /** Whether this is the first time that the gate is told of: it is looked at often and told once. */
  firstTold({ kind, id, until }: Step): boolean {
    const key = JSON.stringify([kind, id, until?.what, until?.set, until?.members]);
    if (this.#told.has(key)) return false;
    this.#told.add(key);
    return true;
  }

  /** The unit has no gate any more: a later one that looks the same is another one. */
  clear(): void {
    this.#firstSeenMs.clear();
    this.#told.clear();
  }
}

/** Whether what the gate waits for is seen. A set without health counts its members as ready, and drained. */
export function holds(until: Until, observed: Observed | undefined): boolean {
  const set = observed?.sets[until.set];
  const health = observed?.health?.[until.set];
  if (until.what === 'drained') return until.members.every((key) => health?.get(key) !== 'draining');
  if (set === undefined) return false;
  const ready = until.members.filter((key) => set.has(key) && (health === undefined || health.get(key) === 'ready'));
  return ready.length >= Math.min(until.min, until.members.length);
}
