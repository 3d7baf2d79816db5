import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ordersOf } from '../../../providers/l2/orders.ts';
import { guardedRanges } from '../../../providers/l2/ranges.ts';
import { group, input, modelled, parse, service, three } from './make-input.ts';

const web = service('shop/web');

describe('what the thread is told', () => {
  it('is nothing where nothing is wanted', () => assert.equal(ordersOf([]), undefined));

  it('guards the pools, and an address that no pool has any more', () => {
    const { resources } = modelled(input({ groups: [group('10.9.9.9', [web])] }));
    assert.deepEqual(ordersOf(resources)?.addresses.pools, [
      { first: '10.0.0.0', last: '10.0.0.15' },
      { first: '10.9.9.9', last: '10.9.9.9' },
    ]);
  });

  it('spreads the addresses, each with all its candidates, the same on every machine', () => {
    const groups = Array.from({ length: 9 }, (_, at) => group(`10.0.0.${4 + at}`, [web]));
    const ranks = ['a', 'b', 'c'].map((node) => ordersOf(modelled(input({ groups, node })).resources)?.addresses.ranks);
    assert.deepEqual(ranks[1], ranks[0]);
    assert.deepEqual(ranks[2], ranks[0]);
    const first = Map.groupBy(ranks[0] ?? [], ([, nodes]) => nodes[0]);
    assert.deepEqual(
      [...first.values()].map((list) => list.length),
      [3, 3, 3],
    );
    for (const [vip, nodes] of ranks[0] ?? []) assert.deepEqual([...nodes].sort(), ['a', 'b', 'c'], vip);
  });

  it('puts who answers now first, so that nothing moves and what is new goes to who has less', () => {
    const groups = ['10.0.0.4', '10.0.0.5', '10.0.0.6'].map((vip) => group(vip, [web]));
    const owner = (vip: string) => (vip === '10.0.0.6' ? undefined : 'c');
    const ranks = new Map(ordersOf(modelled(input({ groups })).resources, owner)?.addresses.ranks);
    assert.deepEqual(
      ['10.0.0.4', '10.0.0.5'].map((vip) => ranks.get(vip)?.[0]),
      ['c', 'c'],
    );
    assert.notEqual(ranks.get('10.0.0.6')?.[0], 'c');
  });

  it('never puts a worse tier before a better one, whoever answers', () => {
    const nodes = ['a', 'b', 'c'].map((name) => ({ name, addresses: [], labels: { rack: name }, ready: true }));
    const announcements = [{ name: 'lan', preferences: [{ weight: 5, selector: 'rack=b' }], source: 'x' }];
    const given = input({ groups: [group('10.0.0.4', [web])], nodes, announcements, shared: new Set(['shop/web']) });
    const [rank] = ordersOf(modelled(given).resources, () => 'c')?.addresses.ranks ?? [];
    assert.deepEqual(rank?.[1], ['b', 'c', 'a']);
  });

  it("ranks by MetalLB's hash where that is asked for, all addresses of a service alike", () => {
    const both = service('shop/both', { address: { list: ['10.0.0.4', 'fd00::4'], families: [], held: [] } });
    const groups = [group('10.0.0.4', [both]), group('fd00::4', [both]), group('10.0.0.6', [web])];
    const chosen = parse({ ...three, choice: 'metallb' });
    const ranks = new Map(ordersOf(modelled(input({ groups }), chosen).resources, () => 'c')?.addresses.ranks);
    // printf 'a#10.0.0.4' | sha256sum, and so on.
    assert.deepEqual(ranks.get('10.0.0.4'), ['c', 'a', 'b']);
    assert.deepEqual(ranks.get('fd00::4'), ['c', 'a', 'b']);
    assert.deepEqual(ranks.get('10.0.0.6'), ['b', 'a', 'c']);
  });

  it('has the spans, interfaces and the port as they are configured', () => {
    const chosen = parse({ ...three, beatMs: 50, interfaces: { include: ['eth*'] }, port: 9000 });
    const orders = ordersOf(modelled(input(), chosen).resources);
    assert.equal(orders?.fixed.beatMs, 50);
    assert.deepEqual(orders?.fixed.interfaces, { include: ['eth*'] });
    assert.deepEqual(orders?.peers[0], { name: 'b', address: '10.1.0.2', port: 9000 });
  });
});

describe('guarded ranges', () => {
  it('are the entries of a pool without what machines need themselves, in both families', () => {
    assert.deepEqual(guardedRanges(['10.0.0.4/31', 'fd00::/126', 'nonsense'], ['10.0.0.5', 'fd00::', 'no address']), [
      '10.0.0.4-10.0.0.4',
      'fd00::1-fd00::3',
    ]);
    assert.deepEqual(guardedRanges(['10.0.0.4/32'], ['10.0.0.4']), []);
  });
});
