import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KindSpec, Observed, Resource } from '../../src/model/index.ts';
import { plan } from '../../src/plan/index.ts';

const kinds: readonly KindSpec[] = [
  { kind: 'Balancer', claim: 'tag', immutable: [], sticky: (name) => name.includes('.'), refs: {}, sets: {} },
];
const object = (attrs: Resource['attrs']): Resource => ({
  kind: 'Balancer',
  id: 'b',
  unit: 'u',
  serves: [],
  attrs,
  refs: {},
  sets: {},
});
const seen = (attrs: Resource['attrs']): Observed => ({ ...object(attrs), handle: 'B', owned: true, facts: {} });
const updates = (wanted: Resource['attrs'], now: Resource['attrs']) =>
  plan(kinds, [object(wanted)], [seen(now)], { policy: 'sync', incomplete: () => false }).steps.map(
    ({ attrs }) => attrs,
  );

describe('sticky attributes', () => {
  it('stay as they are where nobody names them, others are cleared', () => {
    assert.deepEqual(updates({ name: 'x' }, { name: 'x', 'idle.seconds': '60' }), []);
    assert.deepEqual(updates({ name: 'x' }, { name: 'x', color: 'red', 'idle.seconds': '60' }), [{ color: null }]);
  });

  it('are changed where they are named', () => {
    assert.deepEqual(updates({ 'idle.seconds': '30' }, { 'idle.seconds': '60', 'log.on': 'true' }), [
      { 'idle.seconds': '30' },
    ]);
  });
});
