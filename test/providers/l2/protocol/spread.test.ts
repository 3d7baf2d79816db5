import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Placement, spreadVips } from '../../../../providers/l2/protocol/spread.ts';

const nodesOf = (count: number) => Array.from({ length: count }, (_, index) => `node-${index}`);
const fresh = (vips: number, nodes: readonly string[]): Placement[] =>
  Array.from({ length: vips }, (_, index) => ({ vip: `192.0.2.${index}`, nodes, owner: undefined }));
/** How many addresses each node has, once some are gone. */
const loads = (ranks: ReadonlyMap<string, readonly string[]>, nodes: readonly string[], gone: readonly string[] = []) =>
  nodes
    .filter((node) => !gone.includes(node))
    .map((node) => [...ranks.values()].filter((order) => order.find((found) => !gone.includes(found)) === node).length);

describe('the spread of addresses', () => {
  it('is even, and stays so after the death of any one node', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 0, max: 120 }), (count, vips) => {
        const nodes = nodesOf(count);
        const ranks = spreadVips(fresh(vips, nodes));
        assert.ok(Math.max(...loads(ranks, nodes)) <= Math.ceil(vips / count));
        for (const dead of nodes) {
          const most = Math.max(...loads(ranks, nodes, [dead]));
          assert.ok(most <= Math.ceil(vips / (count - 1)) + 1, `${most} of ${vips} on one of ${count - 1}`);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('moves nobody: owners keep what they have, those that come take what is new', () => {
    const before = spreadVips(fresh(30, nodesOf(3)));
    const held = fresh(40, nodesOf(5)).map((placement) => ({ ...placement, owner: before.get(placement.vip)?.[0] }));
    const after = spreadVips(held);
    for (const [vip, [owner]] of before) assert.equal(after.get(vip)?.[0], owner);
    assert.deepEqual(loads(after, nodesOf(5)), [10, 10, 10, 5, 5]);
  });

  it('does not depend on the order of its input', () => {
    const placements = fresh(25, nodesOf(4));
    const turned = placements.map((placement) => ({ ...placement, nodes: [...placement.nodes].reverse() })).reverse();
    assert.deepEqual([...spreadVips(turned)], [...spreadVips(placements)]);
  });

  it('ranks only nodes that may have the address, and leaves one nobody may have without any', () => {
    const ranks = spreadVips([
      { vip: '192.0.2.1', nodes: ['b', 'c'], owner: 'a' },
      { vip: '192.0.2.2', nodes: [], owner: 'a' },
    ]);
    assert.deepEqual([...(ranks.get('192.0.2.1') ?? [])].sort(), ['b', 'c']);
    assert.deepEqual(ranks.get('192.0.2.2'), []);
  });
});
