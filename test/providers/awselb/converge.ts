import assert from 'node:assert/strict';
import type { ExportedService, Observed, Plan, Resource } from '../../../src/model/index.ts';
import { Cloud } from './cloud.ts';
import { type Desired, desire, planned, type Wish } from './desire.ts';

export interface Converged {
  readonly cloud: Cloud;
  readonly plans: readonly Plan[];
  readonly last: Desired;
}

interface Ways {
  readonly cloud?: Cloud;
  /** Stops after so many steps in all and begins anew, as a crash does. */
  readonly crashAfter?: number;
}

/** Models, plans and applies until nothing is left to do. What has healthy targets and is wanted further never loses them. */
export function converge(services: readonly ExportedService[], wish: Wish = {}, ways: Ways = {}): Converged {
  const cloud = ways.cloud ?? new Cloud();
  const plans: Plan[] = [];
  let left = ways.crashAfter ?? Number.POSITIVE_INFINITY;
  const alive = new Map(cloud.alive());
  for (let round = 0; round < 12; round++) {
    const observed = cloud.observe();
    const last = desire(services, { ...wish, present: observed });
    const plan = planned(last.resources, observed);
    assert.deepEqual(
      plan.refused.map(({ kind, id, why, by }) => `${kind} ${id} ${why} ${by}`),
      [],
    );
    if (plan.steps.length === 0) return { cloud, plans, last };
    plans.push(plan);
    for (const { kind, id, sets } of last.resources)
      if (kind === 'TargetGroup')
        for (const [key, { gone }] of sets.Targets ?? []) if (gone === true) cloud.lose(id, key);
    for (const place of alive.keys()) if (!cloud.alive().has(place)) alive.delete(place);
    const lasting = placesWithTargets(last.resources);
    const handles = new Map<number, string>();
    const excused = new Set<string>();
    for (const step of plan.steps) {
      if (left-- === 0) break;
      for (const service of [...(step.gap ?? []), ...(step.risk ?? [])]) excused.add(service);
      if (step.op === 'wait') cloud.tick();
      cloud.apply(step, handles);
      const now = cloud.alive();
      for (const [place, serves] of now) alive.set(place, serves);
      const dark = [...alive].filter(([place]) => lasting.has(place) && !now.has(place));
      for (const [place, serves] of dark) {
        assert.ok(
          serves.some((service) => excused.has(service)),
          `${place} is dark after step ${step.n} ${step.op} ${step.kind} ${step.id} (${step.why})`,
        );
        alive.delete(place);
      }
    }
    cloud.tick();
  }
  assert.fail('does not come to rest');
}

/** Fronts that shall have targets. */
function placesWithTargets(resources: readonly Resource[]): ReadonlySet<string> {
  const filled = new Set<string>();
  for (const { kind, id, sets } of resources)
    if (kind === 'TargetGroup' && [...(sets.Targets?.values() ?? [])].some(({ gone }) => gone !== true)) filled.add(id);
  const places = new Set<string>();
  for (const { kind, attrs, refs, sets } of resources) {
    const shares = [...(sets.TargetGroups ?? [])]
      .filter(([, { attrs: share }]) => share.Weight !== 0)
      .map(([id]) => id);
    if (refs.TargetGroupArn !== undefined) shares.push(refs.TargetGroupArn);
    if (shares.some((id) => filled.has(id))) places.add(`${kind} ${String(attrs.Place)}`);
  }
  return places;
}

/** From one wish to another; after every possible crash too. */
export function change(
  before: readonly ExportedService[],
  after: readonly ExportedService[],
  wish: Wish = {},
  next: Wish = wish,
): Converged {
  const start = (): Cloud => {
    const { cloud } = converge(before, wish);
    cloud.tick();
    return cloud;
  };
  const whole = converge(after, next, { cloud: start() });
  const steps = whole.plans.reduce((sum, { steps: list }) => sum + list.length, 0);
  for (let crashAfter = 0; crashAfter < steps; crashAfter++) {
    const { cloud } = converge(after, next, { cloud: start(), crashAfter });
    assert.deepEqual(
      summary(cloud.observe()),
      summary(whole.cloud.observe()),
      `crash after ${crashAfter} of ${steps} steps`,
    );
  }
  return whole;
}

/** What exists, whatever its handles are called. */
export function summary(observed: readonly Observed[]): readonly string[] {
  return observed.map(({ kind, id }) => `${kind} ${id}`).sort();
}
