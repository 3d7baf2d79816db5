import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndpointsView } from '../../../src/sources/kubernetes/endpoint-group.ts';
import { SliceTable } from '../../../src/sources/kubernetes/slice-table.ts';

function slice(name: string, more: { service?: string; createdMs?: number } = {}): EndpointsView {
  const { service = 'web', ...age } = more;
  const located = { file: 'a.yaml', document: 1, line: 1 };
  return { kind: 'EndpointSlice', located, meta: { namespace: 'shop', name, ...age }, service, groups: [] };
}

function fresh() {
  const tally = { names: 0, contested: 0 };
  return { tally, table: new SliceTable(tally) };
}

describe('EndpointSlices by Service', () => {
  it('are those of a Service, in the order in which their names came', () => {
    const { table, tally } = fresh();
    const [a, b, other] = [slice('a'), slice('b'), slice('a', { service: 'api' })];
    for (const one of [b, a, other]) assert.equal(table.add(one), true);
    assert.deepEqual(table.of('shop/web'), [b, a]);
    assert.deepEqual(table.of('shop/api'), [other]);
    assert.deepEqual(table.of('shop/nothing'), []);
    assert.deepEqual(tally, { names: 3, contested: 0 });
  });

  it('stay in their place when another version comes', () => {
    const { table } = fresh();
    const [a, b, again] = [slice('a'), slice('b'), slice('a')];
    table.add(a);
    table.add(b);
    assert.equal(table.add(again), false, 'the first one is in force while it is there');
    assert.equal(table.remove(a), true);
    assert.deepEqual(table.of('shop/web'), [again, b]);
    assert.equal(table.remove(again), true);
    assert.deepEqual(table.of('shop/web'), [b]);
  });

  it('of one name are one, the older', () => {
    const { table, tally } = fresh();
    const [young, old] = [slice('a', { createdMs: 2 }), slice('a', { createdMs: 1 })];
    table.add(young);
    assert.equal(table.add(old), true);
    assert.deepEqual(table.of('shop/web'), [old]);
    assert.deepEqual([...table.losers()], [[young, old]]);
    assert.deepEqual(tally, { names: 1, contested: 1 });
    assert.equal(table.remove(young), false);
    assert.deepEqual([...table.losers()], []);
    assert.equal(tally.contested, 0);
  });

  it('are brought into an order', () => {
    const { table } = fresh();
    const [a, twin, b] = [slice('a'), slice('a'), slice('b')];
    for (const one of [a, twin, b]) table.add(one);
    const order = [b, twin, a];
    assert.deepEqual(
      table.arrange((view) => order.indexOf(view)),
      [twin],
    );
    assert.deepEqual(table.of('shop/web'), [b, twin]);
  });
});
