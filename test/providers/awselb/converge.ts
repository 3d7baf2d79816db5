import assert from 'node:assert/strict';
import type { ExportedService, Observed, Plan } from '../../../src/model/index.ts';
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
  /** Services of whom a gap or a risk is expected; of everybody else nothing may go dark. */
  readonly mayDark?: boolean;
}

/** Models, plans and applies until nothing is left to do. What has healthy targets and is wanted further never loses them. */
export function converge(services: readonly ExportedService[], wish: Wish = {}, ways: Ways = {}): Converged {
  const cloud = ways.cloud ?? new Cloud();
  const plans: Plan[] = [];
  let left = ways.crashAfter ?? Number.POSITIVE_INFINITY;
  const alive = new Set(cloud.alive());
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
    const wanted = new Set(last.resources.map(({ kind, attrs }) => `${kind} ${String(attrs.Place)}`));
    const handles = new Map<number, string>();
    for (const step of plan.steps) {
      if (left-- === 0) break;
      if (step.op === 'wait') cloud.tick();
      cloud.apply(step, handles);
      const now = cloud.alive();
      for (const place of now) alive.add(place);
      const dark = [...alive].filter((place) => wanted.has(place) && !now.has(place));
      if (ways.mayDark !== true)
        assert.deepEqual(dark, [], `after step ${step.n} ${step.op} ${step.kind} ${step.id} (${step.why})`);
      else for (const place of dark) alive.delete(place);
    }
    cloud.tick();
  }
  assert.fail('does not come to rest');
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
