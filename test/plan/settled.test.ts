import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KindSpec, Observed, Resource } from '../../src/model/index.ts';
import { planWith } from '../../src/plan/plan.ts';
import { allRules } from '../../src/plan/rules.ts';
import { settled } from '../../src/plan/settled.ts';

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
