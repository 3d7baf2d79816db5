import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPools } from '../../src/app/pools-of.ts';
import type { Pool } from '../../src/model/index.ts';

const edited: Pool = {
  name: 'pay',
  ranges: ['192.0.2.0/24'],
  file: 'edited.yaml',
  allocation: { namespaces: ['till'], namespaceSelectors: ['team=pay'] },
};
const namespace = (name: string, team: string) => ({ name, labels: { team } });

describe('pools of files beside a cluster', () => {
  it('choose among the namespaces of the cluster, again when those change, and stay the same while nothing does', () => {
    const poolsOf = createPools([]);
    const cluster = (namespaces: readonly ReturnType<typeof namespace>[]) => [{ pools: [edited] }, { namespaces }];
    const two = cluster([namespace('a', 'pay'), namespace('b', 'shop')]);
    const first = poolsOf(two);
    assert.deepEqual(first[0]?.allocation, { namespaces: ['a', 'till'] });
    assert.equal(poolsOf(two), first);
    const later = poolsOf(cluster([namespace('a', 'pay'), namespace('b', 'pay')]));
    assert.deepEqual(later[0]?.allocation, { namespaces: ['a', 'b', 'till'] });
    assert.equal(createPools([])([{ pools: [edited] }])[0], edited);
  });
});
