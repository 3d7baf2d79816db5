import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KindSpec } from '../../src/model/index.ts';
import { checkKinds } from '../../src/plan/index.ts';
import { kinds } from './cloud.ts';

const base: KindSpec = { kind: 'Thing', claim: 'tag', immutable: ['port'], refs: {}, sets: {} };

const mistakes: readonly (readonly [string, readonly KindSpec[], RegExp])[] = [
  ['declared twice', [base, base], /Thing is declared twice/],
  ['an unknown kind', [{ ...base, refs: { to: { to: 'Nowhere' } } }], /Thing refers to kind Nowhere/],
  ['a circle', [{ ...base, refs: { to: { to: 'Thing' } } }], /circle: Thing → Thing/],
  [
    'a slot that can change in place',
    [{ ...base, slots: ({ name }) => [`${name}`] }],
    /slots reads the attribute name/,
  ],
  [
    'a slot by a ref that can change',
    [
      { ...base, refs: { up: { to: 'Up' } }, slots: (_, { up }) => [`${up}`] },
      { ...base, kind: 'Up' },
    ],
    /slots reads the ref up/,
  ],
  ['a batch of nothing', [{ ...base, sets: { all: { batch: 0 } } }], /set all: batch is 0/],
  ['a minimum above the maximum', [{ ...base, sets: { all: { batch: 1, max: 1, min: 2 } } }], /min is 2/],
  [
    'what members are can change in place',
    [{ ...base, sets: { all: { batch: 1, fits: ['type'] } } }],
    /set all: fits names type, which can change in place/,
  ],
  ['an order without scope', [{ ...base, order: { scope: 'up', attr: 'rank' } }], /order.scope is up/],
  ['a path that leads nowhere', [{ ...base, per: 'lb' }], /no kind has a ref lb/],
  ['an immutable set', [{ ...base, immutable: ['all'], sets: { all: { batch: 1 } } }], /immutable names the set all/],
];

test('kinds that are right pass', () => checkKinds(kinds));

for (const [name, specs, message] of mistakes) {
  test(`refused: ${name}`, () => assert.throws(() => checkKinds(specs), message));
}
