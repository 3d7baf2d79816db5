import { setFlagsFromString } from 'node:v8';

/** By so much of what is in use the heap may grow before it is cleaned again. */
const growthPercent = 40;
/** So often what memos (WeakMaps) hold is looked for by passing over all of them; then by an index. */
const memoRounds = 1;

/**
 * A controller holds what it knows for weeks and needs little beside it. Left alone V8 lets garbage grow to several times of what is in
 * use where the machine has memory: with 5,000 services to more than twice the resident memory.
 * And memos of memos, a hundred thousand entries by then, would be passed over up to ten times at the end of each cleaning, while nothing
 * else runs: up to 40 ms of it.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
  setFlagsFromString(`--ephemeron-fixpoint-iterations=${memoRounds}`);
}
