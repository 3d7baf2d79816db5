import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Json } from '../../../src/model/index.ts';
import { environment, find } from './desire.ts';
import { made } from './made-nlb.ts';

describe('subnets of a network load balancer', () => {
  it('gives addresses to subnets', () => {
    const eips = ['eipalloc-1', 'eipalloc-2', 'eipalloc-3'];
    const outside = find(
      made({ settings: { scheme: 'internet-facing', eipAllocations: eips } }).resources,
      'LoadBalancer',
    );
    assert.deepEqual(
      outside.attrs.SubnetMappings,
      ['a', 'b', 'c'].map((letter, i) => ({ SubnetId: `subnet-pub${letter}`, AllocationId: eips[i] })),
    );
    const inside = find(
      made({ settings: { subnets: ['private-b', 'subnet-priva'], privateIpv4Addresses: ['10.0.1.5', '10.0.0.5'] } })
        .resources,
      'LoadBalancer',
    );
    assert.deepEqual(inside.attrs.SubnetMappings, [
      { SubnetId: 'subnet-priva', PrivateIPv4Address: '10.0.0.5' },
      { SubnetId: 'subnet-privb', PrivateIPv4Address: '10.0.1.5' },
    ]);
  });

  it('finds subnets by route where none is tagged, and passes by those of other clusters and full ones', () => {
    const bare = environment.Subnets.map((subnet) => ({ ...subnet, Tags: {} }));
    const ids = (Subnets: Json) =>
      find(made({ environment: { ...environment, Subnets } }).resources, 'LoadBalancer').attrs.SubnetMappings;
    assert.deepEqual(ids(bare), [
      { SubnetId: 'subnet-priva' },
      { SubnetId: 'subnet-privb' },
      { SubnetId: 'subnet-privc' },
    ]);
    const some = environment.Subnets.map((subnet, i) =>
      i === 0
        ? { ...subnet, Tags: { ...subnet.Tags, 'kubernetes.io/cluster/other': 'shared' } }
        : i === 1
          ? { ...subnet, AvailableIpAddressCount: 3 }
          : subnet,
    );
    assert.deepEqual(ids(some), [{ SubnetId: 'subnet-privc' }]);
  });

  it('says why subnets were left out', () => {
    const told = (Subnets: Json) =>
      made({ environment: { ...environment, Subnets } }).problems.map(({ message }) => message);
    const others = environment.Subnets.map((subnet, i) =>
      i === 0
        ? { ...subnet, AvailableIpAddressCount: 3 }
        : { ...subnet, Tags: { ...subnet.Tags, 'kubernetes.io/cluster/other': 'owned' } },
    );
    const n = others.length;
    const [message = ''] = told(others);
    assert.match(message, /a network load balancer needs subnets in 1 zone, 0 found/);
    assert.ok(
      message.includes(`left out of ${n} in the VPC: ${n - 1} of cluster other, while clusterName of the balancer is `),
      message,
    );
    assert.match(message, /; 1 with fewer than 8 free addresses\)/);
  });
});
