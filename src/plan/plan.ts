import {
  atOnce,
  inStrides,
  type KindSpec,
  type Observed,
  type Plan,
  type Refusal,
  type Resource,
  type Sliced,
} from '../model/index.ts';
import { arrange } from './arrange.ts';
import { classify } from './classify.ts';
import { unchanged } from './compare.ts';
import { breakCycles } from './cycles.ts';
import { emitCreate } from './emit-create.ts';
import { drainsOf, emitDelete } from './emit-delete.ts';
import { emitFollow } from './emit-follow.ts';
import { emitLate } from './emit-late.ts';
import { emitLinkSet } from './emit-link-set.ts';
import { emitOrder } from './emit-order.ts';
import { emitPlainSet } from './emit-plain-set.ts';
import { emitRelease } from './emit-release.ts';
import { emitSlots } from './emit-slots.ts';
import { emitUpdate } from './emit-update.ts';
import { handOver } from './handover.ts';
import { narrow } from './narrow.ts';
import { numberSteps } from './number.ts';
import { entryNumbers, orderGroups } from './order-numbers.ts';
import { Places } from './places.ts';
import { allRules, type Rules } from './rules.ts';
import { type Present, Scene, type Wanted } from './scene.ts';
import { type PlanOptions, type Sacrifices, Sketch } from './sketch.ts';
import { refusalsOf, travel } from './travel.ts';

/**
 * The ordered difference between wanted and observed: front to back is safe at every point, `after` tells what may run side by side.
 * Both states must have passed `normalize`. Pure; never throws for what resources say: what cannot be done is a refusal.
 */
export function plan(
  kinds: readonly KindSpec[],
  desired: readonly Resource[],
  observed: readonly Observed[],
  options: PlanOptions,
): Plan {
  return atOnce(planSliced(kinds, desired, observed, options));
}

/** As `plan`, with places to be held up: thousands of objects take tens of milliseconds. */
export function* planSliced(
  kinds: readonly KindSpec[],
  desired: readonly Resource[],
  observed: readonly Observed[],
  options: PlanOptions,
): Sliced<Plan> {
  const part = narrow(kinds, desired, observed) ?? { desired, observed };
  if (part.desired.length + part.observed.length === 0) return nothing;
  yield;
  return yield* planBy(allRules, kinds, part.desired, part.observed, options);
}

const nothing: Plan = Object.freeze({ steps: [], refused: [] });

/** As `plan`, without some of the rules: for tests that prove that each rule is needed. */
export function planWith(
  rules: Rules,
  kinds: readonly KindSpec[],
  desired: readonly Resource[],
  observed: readonly Observed[],
  options: PlanOptions,
): Plan {
  return atOnce(planBy(rules, kinds, desired, observed, options));
}

function* planBy(
  rules: Rules,
  kinds: readonly KindSpec[],
  desired: readonly Resource[],
  observed: readonly Observed[],
  options: PlanOptions,
): Sliced<Plan> {
  const scene = new Scene(kinds, desired, observed);
  yield;
  const misfits = scene.misfits.map(refuseMisfit);
  const sacrifices: Sacrifices = { early: new Set(), dropping: new Set(), loose: new Set() };
  for (;;) {
    const sketch = yield* draw(scene, rules, options, sacrifices);
    if (sketch.drafts.length === 0) return { steps: [], refused: misfits };
    if (rules.refusalsTravel) travel(sketch.drafts);
    yield;
    let { ordered, stuck } = arrange(sketch.drafts);
    yield;
    if (stuck.length > 0) {
      if (breakCycles(sketch, stuck)) continue;
      travel(sketch.drafts);
      ({ ordered, stuck } = arrange(sketch.drafts));
    }
    return { steps: yield* numberSteps(ordered), refused: [...misfits, ...refusalsOf(sketch.drafts)] };
  }
}

/** All drafts of one attempt, with their edges. */
function* draw(scene: Scene, rules: Rules, options: PlanOptions, sacrifices: Sacrifices): Sliced<Sketch> {
  classify(scene, rules, sacrifices.early);
  yield;
  const sketch = new Sketch(scene, rules, options, sacrifices);
  const created: Wanted[] = [];
  const changed: Wanted[] = [];
  for (const wants of scene.wants) {
    for (const wanted of wants) {
      if (wanted.kept === undefined) created.push(wanted);
      else if (!unchanged(scene, wanted, rules)) changed.push(wanted);
    }
  }
  const dead = scene.presents.filter(({ fate }) => fate === 'dead').sort(byFallingRank);
  const groups = orderGroups(scene);
  if (created.length + changed.length + dead.length + groups.length === 0) return sketch;
  const numbers = entryNumbers(groups, rules.lowest);
  const places = new Places(scene, !rules.heirOfAnyKind);
  const things = [...created, ...changed].sort(byRank);
  yield* emitThings(sketch, things, (wanted) => emitCreate(sketch, wanted, numbers, places));
  for (const wanted of changed) emitUpdate(sketch, wanted);
  const drains = dead.length > 0 ? drainsOf(scene) : new Map();
  for (const present of dead) emitDelete(sketch, present, drains);
  for (const present of dead) emitRelease(sketch, present);
  emitSlots(sketch, created, numbers);
  // One refused rule must not keep the others from their order.
  if (rules.refusalsTravel) travel(sketch.drafts);
  for (const group of groups) emitOrder(sketch, group, numbers);
  handOver(sketch, changed, dead, places);
  emitLate(sketch);
  if (rules.refusalsTravel) travel(sketch.drafts);
  emitFollow(sketch, dead);
  return sketch;
}

/** What is pointed at comes before what points at it. */
function emitThings(sketch: Sketch, things: readonly Wanted[], create: (wanted: Wanted) => void): Sliced<void> {
  return inStrides(things, (wanted) => {
    if (wanted.kept === undefined) return create(wanted);
    for (const set of wanted.shape.plainSets) emitPlainSet(sketch, wanted, set);
    for (const set of wanted.shape.linkSets) emitLinkSet(sketch, wanted, set);
  });
}

function byRank(a: Wanted, b: Wanted): number {
  return a.shape.rank - b.shape.rank;
}

function byFallingRank(a: Present, b: Present): number {
  return b.shape.rank - a.shape.rank;
}

function refuseMisfit({ kind, id, unit, serves }: Resource): Refusal {
  return {
    kind,
    id,
    unit,
    op: 'create',
    why: 'slot',
    by: `${kind} ${id}, which is wanted twice or of an unknown kind`,
    services: serves,
  };
}
