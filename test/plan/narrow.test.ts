import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Health, KindSpec, Member, Observed, Policy, Resource } from '../../src/model/index.ts';
import { narrow } from '../../src/plan/narrow.ts';
import { planWith } from '../../src/plan/plan.ts';
import { allRules } from '../../src/plan/rules.ts';

const kinds: readonly KindSpec[] = [
  { kind: 'Pool', claim: 'name', immutable: [], refs: {}, sets: { targets: { batch: 10, serving: true } } },
  {
    kind: 'Front',
    claim: 'name',
    immutable: ['port'],
    frontKey: (attrs) => `${attrs.port}`,
    refs: { pool: { to: 'Pool', serving: true } },
    sets: { forward: { batch: 10, to: 'Pool', serving: true, weight: 'weight' } },
  },
];

const settled = (...states: Parameters<typeof narrow>): boolean => narrow(...states)?.desired.length === 0;

const pool = (id: string): Resource => ({
  kind: 'Pool',
  id,
  unit: 'u',
  serves: [id],
  attrs: { balance: 'even' },
  refs: {},
  sets: { targets: new Map([['10.0.0.1:80', { attrs: { weight: 1 } }]]) },
});
const front = (id: string, port: number): Resource => ({
  kind: 'Front',
  id,
  unit: 'u',
  serves: ['a', 'b'],
  attrs: { port },
  refs: { pool: 'a' },
  sets: { forward: new Map([['b', { attrs: { weight: 1 } }]]) },
});
const wanted: readonly Resource[] = [pool('a'), pool('b'), front('f', 80), front('g', 81)];
const seen: readonly Observed[] = wanted.map((it) => ({ ...it, handle: it.id, owned: true, facts: {} }));

type Change = (object: Observed) => Observed;
const changes: readonly Change[] = [
  (it) => ({ ...it, attrs: { ...it.attrs, port: 90 } }),
  (it) => ({ ...it, attrs: { ...it.attrs, more: 1 } }),
  (it) => ({ ...it, attrs: {} }),
  (it) => ({ ...it, refs: { pool: 'b' } }),
  (it) => ({ ...it, refs: {} }),
  (it) => ({ ...it, refs: { pool: 'nowhere' } }),
  (it) => ({ ...it, sets: {} }),
  (it) => ({ ...it, sets: { ...it.sets, targets: new Map() } }),
  (it) => ({ ...it, sets: { ...it.sets, forward: new Map([['nowhere', { attrs: { weight: 1 } }]]) } }),
  (it) => ({ ...it, owned: false }),
  (it) => ({ ...it, handle: `${it.id}~2` }),
  (it) => ({ ...it, id: 'x', handle: 'x' }),
  (it) => ({ ...it, kind: 'Nothing' }),
  (it) => ({ ...it, attrs: { ...it.attrs } }),
];

test('what is as it is wanted is settled', () => {
  assert.ok(settled(kinds, wanted, seen));
  assert.ok(settled(kinds, [], []));
});

test('whatever is called settled, the planner has nothing to do', () => {
  const edit = fc.record({
    at: fc.nat(3),
    change: fc.constantFrom(...changes),
    side: fc.constantFrom('wanted', 'seen', 'both'),
  });
  const shape = fc.record({
    edits: fc.array(edit, { maxLength: 2 }),
    drop: fc.option(fc.nat(3)),
    twice: fc.option(fc.nat(3)),
  });
  let found = 0;
  fc.assert(
    fc.property(shape, fc.boolean(), ({ edits, drop, twice }, both) => {
      let [left, right]: [readonly Observed[], readonly Observed[]] = [seen, seen];
      for (const { at, change, side } of edits) {
        const edited = (list: readonly Observed[]) => list.map((it, i) => (i === at ? change(it) : it));
        // The same objects on both sides, as they are where nothing changed.
        if (side === 'both' && left === right) left = right = edited(left);
        else if (side === 'seen') right = edited(right);
        else left = edited(left);
      }
      const shorter = (list: readonly Observed[]) =>
        list.flatMap((it, i) => (i === drop ? [] : i === twice ? [it, it] : [it]));
      left = shorter(left);
      if (both) right = shorter(right);
      if (!settled(kinds, left, right)) return;
      found++;
      const options = { policy: 'sync', incomplete: () => false } as const;
      assert.deepEqual(planWith(allRules, kinds, left, right, options), { steps: [], refused: [] });
    }),
    { numRuns: 3_000 },
  );
  assert.ok(found > 50, `${found} settled pairs`);
});

test('kinds whose objects have ranks are never settled at a glance', () => {
  const [first, ...rest] = kinds;
  assert.ok(first !== undefined);
  assert.equal(settled([{ ...first, order: { scope: 'x', attr: 'rank' } }, ...rest], wanted, seen), false);
});

/** Proxies in small: pools behind fronts, by ref and by shares, and routes inside fronts. */
const proxy: readonly KindSpec[] = [
  ...kinds.map((spec): KindSpec => (spec.kind === 'Pool' ? { ...spec, per: 'front', immutable: ['balance'] } : spec)),
  {
    kind: 'Route',
    claim: 'parent',
    immutable: [],
    frontKey: (attrs) => String(attrs.key),
    refs: { front: { to: 'Front' }, pool: { to: 'Pool', serving: true } },
    sets: { forward: { batch: 3, to: 'Pool', serving: true, weight: 'weight' }, certs: { batch: 2 } },
  },
];
const names = ['p1', 'p2', 'p3', 'p4'];
const targets = ['a', 'b', 'c', 'd', 'e'];
const member = fc.record({ attrs: fc.record({ weight: fc.constantFrom(0, 1, 2) }) }, { requiredKeys: ['attrs'] });
const members = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...targets), member), { selector: ([key]) => key })
  .map((list): ReadonlyMap<string, Member> => new Map(list));
const shares = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...names), member), { selector: ([key]) => key, maxLength: 2 })
  .map((list): ReadonlyMap<string, Member> => new Map(list));
const one = (kind: string, id: string, more: Partial<Resource>): Resource => ({
  ...{ kind, id, unit: 'u', serves: [id.slice(0, 2)], attrs: { port: id, key: id }, refs: {}, sets: {} },
  ...more,
});
const world = fc
  .record({
    pools: fc.tuple(members, members, members, members),
    fronts: fc.array(fc.record({ pool: fc.option(fc.constantFrom(...names)), forward: shares }), { maxLength: 2 }),
    routes: fc.array(
      fc.record({ front: fc.nat(1), pool: fc.option(fc.constantFrom(...names)), forward: shares, certs: members }),
      { maxLength: 4 },
    ),
  })
  .map(({ pools, fronts, routes }): readonly Resource[] => [
    ...fronts.map(({ pool: id, forward }, i) =>
      one('Front', `f${i}`, { refs: id === null ? {} : { pool: id }, sets: { forward } }),
    ),
    ...routes.flatMap(({ front: at, pool: id, forward, certs }, i) => {
      const refs = { front: `f${at}`, ...(id === null ? {} : { pool: id }) };
      return at < fronts.length ? [one('Route', `r${i}`, { refs, sets: { forward, certs } })] : [];
    }),
    ...pools.map((set, i) => one('Pool', names[i] ?? '', { serves: names, sets: { targets: set } })),
  ]);
const state = fc.constantFrom<Health>('ready', 'ready', 'initial', 'unhealthy');
const health = fc
  .tuple(...targets.map(() => state))
  .map((states) => new Map(targets.map((key, i) => [key, states[i] ?? 'ready'])));

test('the plan of the part is the plan of the whole', () => {
  // Pools stand last.
  const change = fc.record({
    fromEnd: fc.oneof({ weight: 3, arbitrary: fc.nat(3) }, fc.nat(9)),
    set: fc.constantFrom('targets', 'targets', 'certs'),
    members,
  });
  let steps = 0;
  let gates = 0;
  fc.assert(
    fc.property(
      world,
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.option(health),
      fc.constantFrom<Policy>('sync', 'upsert-only', 'create-only'),
      fc.boolean(),
      fc.boolean(),
      (desired, edits, states, policy, unused, unread) => {
        const observed = desired.map((it, i): Observed => {
          const sets = { ...it.sets };
          for (const { fromEnd, set, members: other } of edits)
            if (desired.length - 1 - fromEnd === i && set in sets) sets[set] = other;
          const known = states === null ? {} : { health: { targets: states } };
          return { ...it, sets, handle: it.id, owned: true, facts: {}, ...known };
        });
        const specs = unused ? proxy.map((spec): KindSpec => ({ ...spec, unusedHealth: true })) : proxy;
        const options = { policy, incomplete: (service: string) => unread && service === 'p1' };
        const part = narrow(specs, desired, observed);
        assert.ok(part !== undefined);
        const whole = planWith(allRules, specs, desired, observed, options);
        assert.deepEqual(planWith(allRules, specs, part.desired, part.observed, options), whole);
        steps += whole.steps.length;
        gates += whole.steps.filter(({ op }) => op === 'wait').length;
      },
    ),
    { numRuns: 3_000 },
  );
  assert.ok(steps > 2_000 && gates > 20, `${steps} steps, ${gates} gates`);
});
