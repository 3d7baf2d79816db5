import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allocationFailed, ipAllocated, nodeAssigned } from '../../../src/compat/metallb/index.ts';

describe("MetalLB's Events", () => {
  it('are told in its words', () => {
    assert.deepEqual(ipAllocated(['192.0.2.1'], []), {
      ...{ type: 'Normal', reason: 'IPAllocated', note: 'Assigned IP ["192.0.2.1"]' },
    });
    assert.equal(
      ipAllocated(['192.0.2.1', '2001:db8::1'], ['192.0.2.1'])?.note,
      'Assigned additional IP "2001:db8::1"',
    );
    assert.equal(ipAllocated(['192.0.2.1'], ['192.0.2.1', '2001:db8::1']), undefined);
    assert.equal(nodeAssigned('a').note, 'announcing from node "a" with protocol "layer2"');
  });

  it('say why a Service has no address, with the code that explains it, and of nothing else', () => {
    const full = { code: 'E_POOL_EXHAUSTED', message: 'Service shop/web: pool lan has no address left' } as const;
    assert.deepEqual(allocationFailed('shop/web', full), {
      type: 'Warning',
      reason: 'AllocationFailed',
      note: 'Failed to allocate IP for "shop/web": pool lan has no address left (E_POOL_EXHAUSTED)',
    });
    const annotation = (field: string) =>
      allocationFailed('shop/web', { code: 'E_ANNOTATION_VALUE', field, message: '' });
    assert.equal(annotation('metallb.universe.tf/loadBalancerIPs')?.reason, 'AllocationFailed');
    assert.equal(annotation('weir-lb.dev/timeout-server'), undefined);
    assert.equal(allocationFailed('shop/web', { code: 'E_L2_QUORUM', message: '' }), undefined);
  });
});
