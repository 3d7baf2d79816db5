import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KindSpec, Observed, Resource } from '../../src/model/index.ts';
import { nameHandles, plan, summarize } from '../../src/plan/index.ts';

const kinds: readonly KindSpec[] = [
  { kind: 'Group', claim: 'tag', immutable: [], refs: {}, sets: { targets: { batch: 9, weight: 'weight' } } },
  {
    kind: 'Front',
    claim: 'tag',
    immutable: [],
    refs: { to: { to: 'Group', serving: true } },
    sets: {},
    borrowed: ({ attrs }) => attrs.theirs === true,
  },
];

function group(id: string, weight: number): Resource {
  const targets = new Map([['a:1', { attrs: { weight } }]]);
  return { kind: 'Group', id, unit: 'u', serves: ['s'], attrs: {}, refs: {}, sets: { targets } };
}

function front(attrs: Resource['attrs'], to: string): Resource {
  return { kind: 'Front', id: 'f', unit: 'u', serves: ['s'], attrs, refs: { to }, sets: {} };
}

function seen(resource: Resource, handle: string): Observed {
  return { ...resource, handle, owned: true, facts: {} };
}

function planned(desired: readonly Resource[], observed: readonly Observed[]) {
  return plan(kinds, desired, observed, { policy: 'sync', incomplete: () => false });
}

test('an update and a set say what was there: attributes, refs by handle, members', () => {
  const observed = [
    seen(group('one', 1), 'g-1'),
    seen(group('two', 1), 'g-2'),
    seen(front({ idle: 60, gone: 'x' }, 'g-1'), 'f-1'),
  ];
  const { steps } = planned([group('one', 1), group('two', 0), front({ idle: 90 }, 'two')], observed);
  const update = steps.find(({ op }) => op === 'update');
  assert.deepEqual(update?.attrs, { idle: 90, gone: null });
  assert.deepEqual(update?.was, { attrs: { idle: 60, gone: 'x' }, refs: { to: 'g-1' } });
  const set = steps.find(({ op }) => op === 'set');
  assert.deepEqual(set?.was, { members: [['a:1', { attrs: { weight: 1 } }]] });
  assert.deepEqual(nameHandles(steps, observed), { 'g-1': 'one', 'g-2': 'two' });
});

test('what is borrowed is taken in and let go: neither made nor deleted', () => {
  const theirs = front({ theirs: true }, 'g-1');
  const gone = planned([], [seen(group('one', 1), 'g-1'), seen(theirs, 'f-1')]).steps;
  assert.deepEqual(
    gone.map(({ op, kind, borrowed }) => [op, kind, borrowed]),
    [
      ['delete', 'Front', true],
      ['delete', 'Group', undefined],
    ],
  );
  assert.deepEqual(gone[0]?.was, { attrs: { theirs: true } });
  const { delete: deleted, release } = summarize([{ steps: gone, refused: [] }]);
  assert.deepEqual([deleted, release], [1, 1]);
  const taken = planned([front({ theirs: true }, 'one'), group('one', 1)], []).steps;
  assert.equal(taken.find(({ kind }) => kind === 'Front')?.borrowed, true);
  const { create, update } = summarize([{ steps: taken, refused: [] }]);
  assert.deepEqual([create, update], [1, 1]);
});
