import { type Handle, type Observed, type Step, sameJson } from '../../src/model/index.ts';
import type { Planner } from '../../src/run/index.ts';
import { object, step } from './steps.ts';

/** A planner that knows creates, updates and deletes of single objects, one after the other: enough to see how running treats plans. */
export const tinyPlanner: Planner = {
  plan(_kinds, desired, observed, { incomplete }) {
    const steps: Step[] = [];
    for (const want of desired) {
      const have = observed.find((o) => o.id === want.id);
      const common = { kind: want.kind, id: want.id, unit: want.unit, serves: want.serves, attrs: want.attrs };
      if (have === undefined) steps.push(step(steps.length, 'create', common));
      else if (!sameJson(have.attrs, want.attrs))
        steps.push(step(steps.length, 'update', { ...common, handle: have.handle }));
      const gate = want.attrs.gate;
      if (typeof gate === 'string' && have?.health?.t?.get(gate) !== 'ready') {
        const of = have?.handle ?? steps.length - 1;
        const until = {
          what: 'ready',
          kind: want.kind,
          of,
          set: 't',
          members: [gate],
          min: 1,
          deadlineMs: 60_000,
        } as const;
        const after = steps.length > 0 ? [steps.length - 1] : [];
        steps.push(step(steps.length, 'wait', { ...common, until, after }));
      }
    }
    const refused = [];
    for (const have of observed) {
      if (!have.owned || desired.some((want) => want.id === have.id)) continue;
      const { kind, id, unit, handle, serves } = have;
      if (serves.some(incomplete))
        refused.push({ kind, id, unit, op: 'delete', why: 'incomplete', services: serves } as const);
      else steps.push(step(steps.length, 'delete', { kind, id, unit, handle, serves }));
    }
    return { steps, refused };
  },
  *planSliced(...input) {
    yield;
    return tinyPlanner.plan(...input);
  },
  units(_kinds, desired, observed) {
    const units = [...new Set([...desired, ...observed].map(({ unit }) => unit))];
    return units.map((unit) => ({
      unit,
      desired: desired.filter((r) => r.unit === unit),
      observed: observed.filter((o) => o.unit === unit),
    }));
  },
  advance(observed, steps, handles = new Map<number, Handle>()) {
    const next = new Map(observed.map((o) => [o.handle, o]));
    for (const s of steps) {
      const handle = s.op === 'create' ? (handles.get(s.n) ?? s.id) : s.handle;
      if (typeof handle !== 'string') throw new TypeError('a handle is missing');
      if (s.op === 'delete') next.delete(handle);
      else next.set(handle, made(s, handle, next.get(handle)));
    }
    return [...next.values()];
  },
  *advanceSliced(...input) {
    yield;
    return tinyPlanner.advance(...input);
  },
};

function made(s: Step, handle: Handle, before: Observed | undefined): Observed {
  const { kind, id, unit, serves, attrs = {} } = s;
  return { ...(before ?? object(handle)), kind, id, unit, serves, attrs };
}
