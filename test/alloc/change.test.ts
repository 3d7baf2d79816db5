import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { open, type Pool } from '../../src/alloc/index.ts';
import { claim, ports, stateOf } from './claims.ts';

const wide: Pool = { name: 'p', ranges: ['10.0.0.0/30'] };
const other: Pool = { name: 'q', ranges: ['10.0.9.0/31'] };

/** `a` holds 10.0.0.0 of pool p. */
function held(reassign: boolean, pools: readonly Pool[] = [wide, other]) {
  const allocator = open(pools, new Map(), { reassign });
  allocator.set(claim('a'));
  return allocator;
}

describe('pools that change beneath a service', () => {
  const away = [{ ...wide, ranges: ['10.0.0.2/31'] }, other];

  it('that no longer hold its address: it keeps it, and it is told', () => {
    const { assigned, moved } = held(false).repool(away);
    assert.deepEqual(moved, []);
    const { pool, addresses, unmet } = assigned.get('a') ?? {};
    assert.deepEqual(
      [pool, addresses, unmet?.code, unmet?.rule],
      [undefined, ['10.0.0.0'], 'W_ADDRESS_KEPT', 'outside'],
    );
    assert.match(unmet?.message ?? '', /10\.0\.0\.0 is in no pool any more and is kept; put it back/);
  });

  it('that no longer hold its address, and it names its pool: it stays until it names another one', () => {
    const allocator = open([wide, other]);
    allocator.set(claim('a', { pool: 'p' }));
    assert.equal(stateOf(allocator.repool(away), 'a'), '10.0.0.0 (outside)');
    assert.equal(stateOf(allocator.set(claim('a', { pool: 'p', ports: ports(443) })), 'a'), '10.0.0.0 (outside)');
    assert.equal(stateOf(allocator.repool([other]), 'a'), '10.0.0.0 (outside)', 'the pool that it names is gone, too');
    assert.equal(stateOf(allocator.set(claim('a', { pool: 'q' })), 'a'), '10.0.9.0');
  });

  it('that no longer hold its address: it gets another at once where that is wanted, or waits', () => {
    assert.deepEqual(held(true).repool(away).moved, [{ service: 'a', from: ['10.0.0.0'], to: ['10.0.0.2'] }]);
    const none = held(true).repool([]);
    assert.deepEqual(none.moved, [{ service: 'a', from: ['10.0.0.0'], to: [] }]);
    assert.equal(stateOf(none, 'a'), 'waits: no-pool');
    assert.equal(stateOf(held(false).repool([]), 'a'), '10.0.0.0 (outside)');
  });

  it('kept addresses are nobody else’s, and their holder is at home when the pool comes back', () => {
    const allocator = held(false);
    allocator.repool(away);
    allocator.set(claim('b', { list: ['10.0.0.0'] }));
    assert.equal(stateOf(allocator.repool([wide, other]), 'a'), '10.0.0.0');
    assert.equal(stateOf(allocator.outcome, 'b'), 'waits: share-key-missing');
  });

  it('renamed, split or merged: nobody moves', () => {
    const allocator = held(false);
    const split = [
      { name: 'x', ranges: ['10.0.0.1-10.0.0.3'] },
      { name: 'y', ranges: ['10.0.0.0/32'] },
    ];
    for (const pools of [[{ ...wide, name: 'new' }], split, [{ name: 'all', ranges: ['10.0.0.0/8'] }]])
      assert.deepEqual(allocator.repool(pools).moved, []);
    assert.equal(allocator.outcome.assigned.get('a')?.pool, 'all');
    assert.equal(allocator.outcome.assigned.get('a')?.unmet, undefined);
  });

  it('closed to it, or no longer automatic: it stays; the first is told', () => {
    const closed = { ...wide, allocation: { namespaces: ['bank'] } };
    assert.equal(stateOf(held(false).repool([closed, other]), 'a'), '10.0.0.0 (namespace)');
    assert.equal(stateOf(held(true).repool([closed, other]), 'a'), '10.0.9.0');
    assert.equal(stateOf(held(true).repool([{ ...wide, autoAssign: false }, other]), 'a'), '10.0.0.0');
  });

  it('avoiding .0 and .255: it moves, and stays only where there is no other', () => {
    const avoiding = (ranges: string) => [{ name: 'p', ranges: [ranges], avoidBuggy: true }];
    assert.equal(stateOf(held(false).repool(avoiding('10.0.0.0/30')), 'a'), '10.0.0.1');
    const allocator = held(false);
    assert.equal(stateOf(allocator.repool(avoiding('10.0.0.0/32')), 'a'), '10.0.0.0 (full)');
    assert.equal(allocator.usage().get('p')?.available.ipv4, 0n);
    // A further one may not have it, not even one that could share it.
    assert.equal(stateOf(allocator.set(claim('a', { shareKey: 'k' })), 'a'), '10.0.0.0 (full)');
    const sharer = { shareKey: 'k', ports: ports(443) };
    assert.equal(stateOf(allocator.set(claim('b', sharer)), 'b'), 'waits: full');
  });

  it('in a preview: it says who would move, and changes nothing', () => {
    const allocator = held(true);
    const { moved, problems } = allocator.preview({ pools: [...away, { name: 'bad', ranges: ['10.0.0.7'] }] });
    assert.deepEqual(moved, [{ service: 'a', from: ['10.0.0.0'], to: ['10.0.0.2'] }]);
    assert.equal(problems.length, 1);
    assert.equal(stateOf(allocator.outcome, 'a'), '10.0.0.0');
    assert.deepEqual(allocator.outcome.problems, []);
    assert.equal(stateOf(allocator.set(claim('b')), 'b'), '10.0.0.1');
  });
});

describe('a service that asks for something else', () => {
  it('moves to the pool that it names, and stays when it names none again', () => {
    const allocator = held(false);
    assert.deepEqual(allocator.set(claim('a', { pool: 'q' })).moved, [
      { service: 'a', from: ['10.0.0.0'], to: ['10.0.9.0'] },
    ]);
    assert.deepEqual(allocator.set(claim('a')).moved, []);
    allocator.set(claim('a', { list: ['10.0.0.3'] }));
    assert.equal(stateOf(allocator.set(claim('a')), 'a'), '10.0.0.3');
  });

  it('keeps what it has until it can be had, and then moves; as MetalLB does it, it waits without', () => {
    for (const [reassign, meanwhile] of [
      [false, '10.0.0.0 (share-key-missing)'],
      [true, 'waits: share-key-missing'],
    ] as const) {
      const allocator = held(reassign);
      allocator.set(claim('b', { list: ['10.0.0.3'] }));
      const asked = allocator.set(claim('a', { list: ['10.0.0.3'] }));
      assert.equal(stateOf(asked, 'a'), meanwhile);
      assert.equal(stateOf(allocator.remove('b'), 'a'), '10.0.0.3');
    }
    assert.match(
      held(false)
        .set(claim('a', { list: ['nonsense'] }))
        .assigned.get('a')?.unmet?.message ?? '',
      /nonsense must be an .* keeps 10\.0\.0\.0 until then$/,
    );
  });

  it('is believed at first sight what it says it holds, where the pools would give it', () => {
    const allocator = open([{ ...wide, allocation: { namespaces: ['shop'] } }]);
    const first = (id: string, address: string, namespace = 'shop') =>
      stateOf(allocator.set(claim(id, { held: [address, 'lb.example.com'], namespace })), id);
    assert.equal(first('a', '10.0.0.2'), '10.0.0.2');
    assert.equal(first('b', '10.0.0.2'), '10.0.0.0');
    assert.equal(first('c', '192.0.2.1'), '10.0.0.1');
    assert.equal(first('d', '10.0.0.3', 'bank'), 'waits: no-pool');
  });
});
