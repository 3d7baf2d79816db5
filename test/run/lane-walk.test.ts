import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import fc from 'fast-check';
import { type Observed, type Resource, type UnitState, WeirError } from '../../src/model/index.ts';
import { Dispatch } from '../../src/run/dispatch.ts';
import type { Planner } from '../../src/run/index.ts';
import { laneStage, resource } from './lane-stage.ts';
import { object } from './steps.ts';
import { tinyPlanner } from './tiny-planner.ts';

const names = ['a', 'b', 'c', 'd', 'e'] as const;
const name = fc.constantFrom(...names);

/** What happens to a lane and to the world that it keeps. */
const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('want'), name, x: fc.nat(3) } as const) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('leave'), name } as const) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('join'), name, to: fc.option(name) } as const) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('drift'), name, x: fc.nat(3), told: fc.boolean() } as const) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('stranger'), name } as const) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('vanish'), name, told: fc.boolean() } as const) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('break'),
      name,
      how: fc.constantFrom('fails', 'refuses', 'hangs'),
    } as const),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('mend'), name } as const) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('gate'), name, open: fc.boolean() } as const) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('unread'), unread: fc.boolean() } as const) },
  { weight: 1, arbitrary: fc.constant({ what: 'again' } as const) },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('pass'),
      ms: fc.constantFrom(1, 150, 700, 5_000, 61_000, 700_000),
    } as const),
  },
);
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

/** Joins units as the resources say: `attrs.with` names another one. */
const joining: Planner = {
  ...tinyPlanner,
  units(kinds, desired, observed) {
    const root = new Map<string, string>();
    const find = (unit: string): string => {
      const up = root.get(unit) ?? unit;
      return up === unit ? unit : find(up);
    };
    for (const { unit, attrs } of [...desired, ...observed]) {
      const to = attrs.with;
      if (typeof to === 'string') root.set(find(unit), find(to));
    }
    const groups = Map.groupBy(tinyPlanner.units(kinds, desired, observed), ({ unit }) => find(unit));
    return [...groups.values()].map((group) => ({
      unit: group
        .map(({ unit }) => unit)
        .sort()
        .join('+'),
      desired: group.flatMap((one) => one.desired),
      observed: group.flatMap((one) => one.observed),
    }));
  },
};

/** Everything that a lane did, and where it stands then. */
async function play(events: readonly Event[]) {
  const stage = laneStage({ planner: joining, auditMs: 60_000 });
  const { clock, world, lane } = stage;
  const broken = new Map<string, string>();
  const held = new Map<string, (() => void)[]>();
  const journal: string[] = [];
  let unread = false;
  world.before = async (call) => {
    const [op = '', id = ''] = call.split(' ');
    if (id !== 'all') journal.push(`${clock.now()} ${call}`);
    const how = op === 'observe' ? undefined : broken.get(id);
    if (how === 'fails') throw new WeirError('E_APPLY', 'no answer');
    if (how === 'refuses') throw new WeirError('E_CLOUD_REFUSED', 'not allowed');
    if (how !== 'hangs') return;
    await new Promise<void>((resolve) => held.set(id, [...(held.get(id) ?? []), resolve]));
  };
  const mend = (id: string) => {
    broken.delete(id);
    for (const go of held.get(id) ?? []) go();
    held.delete(id);
  };
  const wanted = new Map<string, Resource>();
  const accept = () => {
    stage.want(byId([...wanted.values()]), { services: [], incomplete: () => unread });
  };
  const outside = (id: string, change: (known: Observed) => Observed | undefined, told: boolean) => {
    const known = world.objects.get(`h-${id}`);
    const next = known === undefined ? undefined : change(known);
    if (next === undefined) world.objects.delete(`h-${id}`);
    else world.objects.set(`h-${id}`, next);
    if (told) world.changed(id, 'somebody told');
  };
  accept();
  await clock.pass(1);
  for (const one of events) {
    if (one.what === 'want')
      wanted.set(one.name, resource(one.name, { attrs: { ...wanted.get(one.name)?.attrs, x: one.x } }));
    else if (one.what === 'leave') wanted.delete(one.name);
    else if (one.what === 'join') {
      const { with: _, ...attrs } = wanted.get(one.name)?.attrs ?? {};
      wanted.set(one.name, resource(one.name, { attrs: { ...attrs, ...(one.to === null ? {} : { with: one.to }) } }));
    } else if (one.what === 'gate') {
      const { gate: _, ...attrs } = wanted.get(one.name)?.attrs ?? {};
      wanted.set(one.name, resource(one.name, { attrs: { ...attrs, gate: 'm' } }));
      if (world.objects.has(`h-${one.name}`)) world.setHealth(one.name, 'm', one.open ? 'ready' : 'initial');
    } else if (one.what === 'drift')
      outside(one.name, (known) => ({ ...known, attrs: { ...known.attrs, x: 9 + one.x } }), one.told);
    else if (one.what === 'vanish') outside(one.name, () => undefined, one.told);
    else if (one.what === 'stranger') {
      world.objects.set(`h-${one.name}2`, {
        ...object(`h-${one.name}2`),
        id: `${one.name}2`,
        unit: `${one.name}2`,
        owned: true,
      });
      world.changed(`${one.name}2`, 'somebody told');
    } else if (one.what === 'break') {
      mend(one.name);
      broken.set(one.name, one.how);
    } else if (one.what === 'mend') mend(one.name);
    else if (one.what === 'unread') unread = one.unread;
    if (['want', 'leave', 'join', 'gate', 'unread', 'again'].includes(one.what)) accept();
    await clock.pass(one.what === 'pass' ? one.ms : 1);
  }
  const midway = lane.units();
  for (const id of names) mend(id);
  unread = false;
  accept();
  await clock.pass(3_000_000);
  const objects = byId([...world.objects.values()].map(({ id, attrs }) => ({ id, attrs })));
  const end = lane.units();
  const settled = lane.settled(1);
  await stage.stop();
  return {
    midway: byUnit(midway),
    end: byUnit(end),
    settled,
    objects,
    journal: journal.sort(),
    wanted: [...wanted.keys()],
  };
}

function byId<T extends { readonly id: string }>(all: readonly T[]): readonly T[] {
  return all.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function byUnit(states: readonly UnitState[]): readonly UnitState[] {
  return states.toSorted((a, b) => (a.unit < b.unit ? -1 : 1));
}

/** The plain way: all units are looked at each time. */
async function walked<T>(act: () => Promise<T>): Promise<T> {
  const { look } = Dispatch.prototype;
  const walk = mock.method(Dispatch.prototype, 'look', function (this: Dispatch, ...input: Parameters<typeof look>) {
    this.lookAtAll();
    return look.apply(this, input);
  });
  try {
    return await act();
  } finally {
    walk.mock.restore();
  }
}

describe('a lane that looks at what changed', () => {
  it('does what one does that looks at everything each time, at the same moments', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 3, maxLength: 40 }), async (events) => {
        const one = await play(events);
        assert.deepEqual(one, await walked(() => play(events)));
        assert.deepEqual(
          one.objects.map(({ id }) => id),
          [...one.wanted].sort(),
        );
      }),
      { numRuns: 40 },
    );
  });
});
