import type { Observed, Step } from '../../src/model/index.ts';
import { execute } from './execute.ts';
import type { Case } from './scenarios.ts';
import type { World } from './world.ts';
import { CloudError } from './world-apply.ts';

/**
 * A crash after which the system still answers with what was before the last call. The plan made from it may fail, and is dropped then;
 * it must harm nobody, and the next reading puts all right.
 */
export function readStale(one: Case): void {
  const { steps } = one.first;
  if (steps.length === 0) return;
  const world = one.start.copy();
  const oracle = one.oracle(world);
  const limit = one.random.below(steps.length);
  const before = execute(world, steps, oracle, { limit });
  if (before.gate !== undefined) return;
  const old = world.observe();
  const next = steps[limit];
  if (next === undefined || next.until !== undefined || joinsNothingReady(world, next)) return;
  execute(world, [{ ...next, after: [] }], oracle, { handles: before.handles });
  const stale = mix(old, world.observe());
  oracle.look(world);
  const plan = one.plan(stale);
  try {
    execute(world, plan.steps, oracle);
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
  }
  oracle.look(world);
  const again = one.plan(world.observe());
  one.finish(world, execute(world, again.steps, oracle), again);
}

/**
 * Who comes to a front where nothing else is ready, and is not seen there, comes in anew without a share beside what may be on its way:
 * no planner can tell that it serves alone.
 */
function joinsNothingReady(world: World, { op, set, handle }: Step): boolean {
  const front = typeof handle === 'string' ? world.things.get(handle) : undefined;
  if (op !== 'add' || set !== 'forward' || front === undefined) return false;
  return !world.pointed(front).some((group) => world.hasReady(group));
}

/** One object as it was before the last call; everything else, and all health, as it is. */
function mix(old: readonly Observed[], now: readonly Observed[]): readonly Observed[] {
  const then = new Map(old.map((object) => [object.handle, object]));
  const kept = now.flatMap((object) => {
    const was = then.get(object.handle);
    then.delete(object.handle);
    // Created by the last call: not seen yet.
    if (was === undefined) return [];
    const same = JSON.stringify(textOf(was)) === JSON.stringify(textOf(object));
    return [same ? object : was];
  });
  // Deleted by the last call: still seen.
  return [...kept, ...then.values()];
}

function textOf({ attrs, refs, sets }: Observed): unknown {
  return [attrs, refs, Object.entries(sets).map(([name, set]) => [name, [...set]])];
}
