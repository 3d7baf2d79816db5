import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KindSpec, Observed, Plan, Policy } from '../../src/model/index.ts';
import { plan, summarize } from '../../src/plan/index.ts';

const kinds: readonly KindSpec[] = [
  {
    kind: 'Group',
    claim: 'tag',
    immutable: [],
    refs: {},
    sets: { targets: { batch: 2, serving: true }, tags: { batch: 9 } },
    borrowed: ({ attrs }) => attrs.theirs === true,
  },
  { kind: 'Front', claim: 'tag', immutable: [], refs: { to: { to: 'Group', serving: true } }, sets: {} },
];

const member = { attrs: {} };
const common = { unit: 'u', serves: ['s'], owned: true, facts: {} };
const group = (theirs: boolean): Observed => {
  const targets = new Map(['a:1', 'b:1', 'c:1'].map((key) => [key, member]));
  const sets = { targets, tags: new Map([['t', member]]) };
  return { ...common, kind: 'Group', id: 'g', handle: 'g-1', attrs: { theirs }, refs: {}, sets };
};
const front: Observed = { ...common, kind: 'Front', id: 'f', handle: 'f-1', attrs: {}, refs: { to: 'g-1' }, sets: {} };

function leave(observed: readonly Observed[], policy: Policy = 'sync', incomplete = false): Plan {
  return plan(kinds, [], observed, { policy, incomplete: () => incomplete });
}

const shown = ({ steps }: Plan) => steps.map(({ op, kind, members }) => [op, kind, members?.map(([key]) => key)]);

test('what we put into something borrowed is taken out in batches before it is let go, after who sends to it', () => {
  const found = leave([group(true), front]);
  assert.deepEqual(shown(found), [
    ['delete', 'Front', undefined],
    ['remove', 'Group', ['a:1', 'b:1']],
    ['remove', 'Group', ['c:1']],
    ['delete', 'Group', undefined],
  ]);
  const [, first, second, last] = found.steps;
  assert.deepEqual([first?.after, second?.after, last?.after], [[1], [1], [1, 2, 3]]);
  const { release, delete: gone, update, steps } = summarize([found]);
  assert.deepEqual([release, gone, update, steps], [1, 1, 0, 4]);
});

test('what is ours goes with its members at once', () => {
  assert.deepEqual(shown(leave([group(false)])), [['delete', 'Group', undefined]]);
});

test('nothing is taken out of what may not be let go', () => {
  for (const found of [leave([group(true)], 'upsert-only'), leave([group(true)], 'sync', true)]) {
    assert.deepEqual(found.steps, []);
    assert.deepEqual(
      found.refused.map(({ op }) => op),
      ['delete'],
    );
  }
});
