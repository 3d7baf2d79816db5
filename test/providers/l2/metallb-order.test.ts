import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { orderAsMetallb } from '../../../providers/l2/metallb-order.ts';

describe("MetalLB's order of nodes", () => {
  it('is by the hash of node and address', () => {
    // printf 'NODE#192.0.2.1' | sha256sum | sort
    assert.deepEqual(orderAsMetallb('192.0.2.1', ['node-a', 'node-b', 'node-c']), ['node-c', 'node-a', 'node-b']);
    assert.deepEqual(orderAsMetallb('192.0.2.2', ['node-c', 'node-a', 'node-b']), ['node-b', 'node-c', 'node-a']);
  });

  it('loses a node without another change', () => {
    const all = orderAsMetallb('2001:db8::7', ['a', 'b', 'c', 'd']);
    const [gone = ''] = all;
    assert.deepEqual(
      orderAsMetallb(
        '2001:db8::7',
        ['d', 'c', 'b', 'a'].filter((node) => node !== gone),
      ),
      all.slice(1),
    );
  });
});
