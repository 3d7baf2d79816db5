import type { Resource, Step } from '../../src/model/index.ts';
import { advance } from '../../src/plan/index.ts';
import { planWith } from '../../src/plan/plan.ts';
import { putState } from './build-world.ts';
import { difference, factsOf } from './difference.ts';
import { fileKinds } from './kinds.ts';
import { Oracle, Violation } from './oracle.ts';
import { Random } from './random.ts';
import type { Case } from './scenarios.ts';
import { World } from './world.ts';
import { applyStep } from './world-apply.ts';

/**
 * The same change in a whole-state system: everything up to the first shut gates is committed at once, then the system is read and
 * planned again. What `advance` says is what the system then is, nothing is interrupted between commits, and the end is as wanted.
 */
export function commitPrefixes(one: Case): void {
  const { sick } = one.start.options;
  const world = new World({ kinds: fileKinds, sick, unusedHealth: true, tellsDraining: false });
  putState(world, one.pair.before, new Random(one.pair.seed + 99));
  world.tick();
  const oracle = new Oracle(world, one.desired, one.sick, false);
  for (let round = 0; round < 12; round++) {
    oracle.look(world);
    const observed = world.observe();
    const options = { policy: 'sync', incomplete: () => false } as const;
    const { steps, refused } = planWith(one.rules, fileKinds, one.desired, observed, options);
    if (refused.length > 0) throw new Violation(`refused without reason: ${JSON.stringify(refused[0])}`);
    const prefix = committable(world, steps);
    if (steps.length === 0) {
      wantNoDifference(world, one.desired);
      return;
    }
    if (prefix.length === 0) {
      world.tick();
      if (committable(world, steps).length > 0) continue;
      if (steps.some(({ op }) => op === 'wait') && !steps.every(({ until }) => until === undefined)) return;
    }
    const handles = new Map<number, string>();
    for (const step of prefix) {
      oracle.excuse(step);
      const handle = applyStep(world, step, handles);
      if (handle !== undefined) handles.set(step.n, handle);
    }
    const told = factsOf(advance(observed, prefix, handles));
    const is = factsOf(world.observe());
    for (const [place, text] of told.entries()) {
      if (text !== is[place]) throw new Violation(`advance says ${text}, the file ${is[place]}`);
    }
    oracle.check(world, `after commit ${round}`);
    world.tick();
  }
  throw new Violation('commits again and again');
}

function wantNoDifference(world: World, desired: readonly Resource[]): void {
  const wrong = difference(world, desired);
  if (wrong !== undefined) throw new Violation(wrong);
}

/** What waits for no shut gate, and for no gate that cannot be judged yet. */
function committable(world: World, steps: readonly Step[]): readonly Step[] {
  const held = new Set<number>();
  const ready = new Set<number>();
  const taken: Step[] = [];
  for (const step of steps) {
    const { until } = step;
    const waits = step.after.some((n) => held.has(n));
    if (!waits && until === undefined) {
      ready.add(step.n);
      taken.push(step);
    } else if (waits || until === undefined || step.after.some((n) => ready.has(n)) || !opens(world, step))
      held.add(step.n);
  }
  return taken;
}

function opens(world: World, { until }: Step): boolean {
  if (until === undefined || until.what === 'drained') return true;
  const { of } = until;
  return typeof of === 'string' && until.members.filter((key) => world.isReady(of, key)).length >= until.min;
}
