import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sortFinalizers } from '../../src/compat/aws-lbc/index.ts';
import { ipAllocated } from '../../src/compat/metallb/index.ts';
import { decideObject, type ObjectParts } from '../../src/status/decide-object.ts';
import { finalizerIntent } from '../../src/status/finalizer-intent.ts';
import { facts, known, type Placed } from './objects.ts';

const finalizer = 'weir-lb.dev/resources';
const origin = { source: 'kubernetes', kind: 'Service', namespace: 'shop', name: 'web', uid: 'u1', labels: {} };
const held: Placed = { metadata: { finalizers: [finalizer] } };
const leaving: Placed = { metadata: { finalizers: [finalizer], deletionTimestamp: '2026-01-01T00:00:00Z' } };
const published: Placed = {
  status: {
    loadBalancer: { ingress: [{ ip: '192.0.2.9' }] },
    conditions: [{ type: 'Programmed', status: 'True', reason: 'Programmed', message: '' }],
  },
  ours: true,
};

function decide(placed: Placed, more: Partial<ObjectParts> = {}) {
  return decideObject({
    object: known(placed),
    service: { origin },
    facts: facts(),
    remains: () => [],
    complete: true,
    lapsed: true,
    finalizer,
    ...more,
  });
}

describe('what is decided of an object that is exported', () => {
  it('is its status, and that it is reachable, told once', () => {
    const { status, notice, hold } = decide({});
    assert.deepEqual([typeof status, notice?.reason, hold], ['object', 'Programmed', 'release']);
    assert.match(notice?.note ?? '', /192\.0\.2\.1/);
    assert.equal(decide(published).notice, undefined);
  });

  it('is told of addresses out of pools in the words of their owner, when they are new', () => {
    const told = (placed: Placed, ips: readonly string[], pooled?: true) => {
      const addresses = ips.map((ip) => ({ ip, ports: [] }));
      const programmed = { status: false, reason: 'Pending', message: '' };
      const given = facts({ addresses, programmed, ...(pooled && { pooled }) });
      return decide(placed, { facts: given, given: ipAllocated }).notice?.note;
    };
    assert.equal(told({}, ['192.0.2.7', '2001:db8::7'], true), 'Assigned IP ["192.0.2.7" "2001:db8::7"]');
    assert.equal(told({}, ['192.0.2.7']), undefined, 'out of no pool');
    assert.equal(told(published, ['192.0.2.9'], true), undefined, 'it has it');
    assert.equal(told({ ...published, ours: false }, ['192.0.2.9'], true), undefined, 'MetalLB gave it');
    assert.equal(told(published, ['192.0.2.9', '2001:db8::7'], true), 'Assigned additional IP "2001:db8::7"');
    assert.equal(told(published, ['192.0.2.7'], true), 'Assigned IP ["192.0.2.7"]');
  });

  it('keeps addresses that were published while none is known, and drops them when nobody serves it', () => {
    const addressesIn = (more: Parameters<typeof facts>[0]) => {
      const { status } = decide(published, { facts: facts({ addresses: [], ...more }) });
      return typeof status === 'string' ? status : status.addresses.length;
    };
    assert.equal(addressesIn({}), 1);
    assert.equal(addressesIn({ unserved: true }), 0);
    assert.equal(addressesIn({ settling: true }), 'keep');
  });

  it('leaves what another weir says of it, where none of ours takes it', () => {
    const unserved = facts({
      unserved: true,
      addresses: [],
      programmed: { status: false, reason: 'NoBalancer', message: '' },
    });
    assert.equal(decide({ ...published, ours: false }, { facts: unserved }).status, 'keep');
    assert.notEqual(decide({}, { facts: unserved }).status, 'keep');
  });

  it('does not touch one that was made in the place of another', () => {
    const { status, hold } = decide({ metadata: { uid: 'u2' } });
    assert.deepEqual([status, hold], ['keep', 'keep']);
  });

  it('holds it while something outlives it, and lets go only when that has gone', () => {
    assert.equal(decide({}, { facts: facts({ outlives: true }) }).hold, 'hold');
    assert.equal(decide(held, { remains: () => ['LoadBalancer x'] }).hold, 'keep');
    assert.equal(decide(held, { remains: () => undefined }).hold, 'keep');
    assert.equal(decide(held).hold, 'release');
  });
});

describe('what is decided of an object that is not exported', () => {
  const none = { service: undefined, facts: undefined };

  it('is that its status is taken back, but only while everything is known', () => {
    assert.equal(decide(published, none).status, 'clear');
    assert.equal(decide(published, { ...none, complete: false }).status, 'keep');
  });

  it('is what is wrong with it, where it should be; what others say of it stays', () => {
    const trouble = { code: 'E_ADDRESS', message: 'Service shop/web: no address' } as const;
    const { status } = decide({}, { ...none, complete: false, trouble });
    assert.deepEqual(status, {
      addresses: [],
      programmed: { status: false, reason: 'ADDRESS', message: trouble.message },
    });
    assert.equal(typeof decide(published, { ...none, complete: false, trouble }).status, 'object');
    assert.equal(decide({ ...published, ours: false }, { ...none, complete: false, trouble }).status, 'keep');
    const inside = known({ spec: { type: 'ClusterIP' } });
    assert.equal(decide({}, { ...none, complete: false, trouble, object: inside }).status, 'keep');
  });

  it('lets go of it when nothing is left, and nobody else has exported it for a while', () => {
    assert.equal(decide(held, none).hold, 'release');
    assert.equal(decide(held, { ...none, lapsed: false }).hold, 'keep');
    assert.equal(decide(held, { ...none, complete: false }).hold, 'keep');
    assert.equal(decide(held, { ...none, remains: () => ['LoadBalancer x'] }).hold, 'keep');
  });

  it('tells what deletion waits for, and ends the waiting', () => {
    const waits = decide(leaving, { ...none, remains: () => ['LoadBalancer x', 'TargetGroup y'] });
    const { status, notice, hold } = waits;
    assert.ok(typeof status === 'object' && status.programmed.reason === 'Deleting');
    assert.match(status.programmed.message, /LoadBalancer x, TargetGroup y/);
    assert.deepEqual([notice?.reason, hold], ['Deleting', 'keep']);
    assert.equal(decide(leaving, { ...none, remains: () => undefined }).hold, 'keep');
    assert.equal(decide(leaving, none).hold, 'release');
    assert.equal(decide(leaving, { ...none, complete: false }).hold, 'release', 'it is certain that it goes');
    assert.equal(decide(leaving, { ...none, lapsed: false }).hold, 'keep');
  });
});

describe('finalizers', () => {
  const rule = { name: finalizer, sort: (all: readonly string[]) => sortFinalizers(all, 'weir-lb.dev/') };
  const after = (finalizers: readonly string[], hold: 'hold' | 'release', more: object = {}) => {
    const intent = finalizerIntent(known({ metadata: { finalizers, ...more } }), hold, rule);
    return intent === undefined ? undefined : Object(intent.body.metadata);
  };

  it('of the controller before give way to ours; those of others stay', () => {
    const { finalizers, resourceVersion, uid } = after(
      ['service.k8s.aws/resources', 'example.com/a', 'group.ingress.k8s.aws/g'],
      'hold',
    );
    assert.deepEqual(finalizers, ['example.com/a', finalizer]);
    assert.deepEqual([resourceVersion, uid], ['7', 'u1']);
  });

  it('are written only where they differ', () => {
    assert.equal(after([finalizer, 'example.com/a'], 'hold'), undefined);
    assert.equal(after(['example.com/a'], 'release'), undefined);
    assert.deepEqual(after([finalizer, 'example.com/a'], 'release').finalizers, ['example.com/a']);
  });

  it('of another weir, or of the controller before on what we never held, are not touched', () => {
    assert.deepEqual(after(['weir-lb.dev/resources-0123456789', finalizer], 'release').finalizers, [
      'weir-lb.dev/resources-0123456789',
    ]);
    assert.equal(after(['service.k8s.aws/resources'], 'release'), undefined);
  });

  it('are not added to what is being deleted', () => {
    assert.equal(after([], 'hold', { deletionTimestamp: '2026-01-01T00:00:00Z' }), undefined);
  });
});
