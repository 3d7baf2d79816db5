import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { announcedServices } from '../../src/app/announced-services.ts';
import type { AnnouncedAddress, ExportedService } from '../../src/model/index.ts';
import { type AnnouncedService, planStatuses, type SeenStatus } from '../../src/status/layer2-plan.ts';

const seen = (name: string, node: string, service: string, more: Partial<SeenStatus> = {}): SeenStatus => ({
  ...{ name, uid: `uid-${name}`, node, service, interfaces: ['eth0'], complete: true, ours: true },
  ...more,
});
const announced = (service: string, more: Partial<AnnouncedService> = {}): AnnouncedService => ({
  ...{ service, addresses: ['192.0.2.1'], interfaces: ['eth0'], owners: new Set(['a']) },
  ...more,
});

function steps(wanted: readonly AnnouncedService[], there: readonly SeenStatus[]) {
  const { create, update, remove } = planStatuses('a', wanted, there);
  return {
    create: create.map(({ service }) => service),
    update: update.map((one) => one.seen.name),
    remove: remove.map(({ name }) => name),
  };
}

describe('ServiceL2Statuses', () => {
  const nothing = { create: [], update: [], remove: [] };

  it('are there for what this machine answers for, once each', () => {
    assert.deepEqual(steps([announced('s/x')], []), { ...nothing, create: ['s/x'] });
    assert.deepEqual(steps([announced('s/x')], [seen('l2-1', 'a', 's/x')]), nothing);
    const twice = [seen('l2-2', 'a', 's/x'), seen('l2-1', 'a', 's/x')];
    assert.deepEqual(steps([announced('s/x')], twice), { ...nothing, remove: ['l2-2'] });
    assert.deepEqual(steps([], [seen('l2-1', 'a', 's/x')]), { ...nothing, remove: ['l2-1'] });
  });

  it('say the interfaces', () => {
    const two = [announced('s/x', { interfaces: ['eth1', 'eth0'] })];
    assert.deepEqual(steps(two, [seen('l2-1', 'a', 's/x')]), { ...nothing, update: ['l2-1'] });
    assert.deepEqual(steps(two, [seen('l2-1', 'a', 's/x', { interfaces: ['eth0', 'eth1'] })]), nothing);
    const bare = seen('l2-1', 'a', 's/x', { complete: false });
    assert.deepEqual(steps([announced('s/x')], [bare]), { ...nothing, update: ['l2-1'] });
  });

  it('of another node go when this one answers in its place, and not before that is known', () => {
    const other = [seen('l2-1', 'a', 's/x'), seen('l2-2', 'b', 's/x'), seen('l2-3', 'b', 's/y')];
    assert.deepEqual(steps([announced('s/x')], other), { ...nothing, remove: ['l2-2'] });
    assert.deepEqual(steps([announced('s/x', { owners: new Set(['a', 'b']) })], other), nothing);
    assert.deepEqual(steps([announced('s/x', { owners: undefined })], other), nothing);
  });

  it('of MetalLB itself are left alone', () => {
    const strange = [seen('l2-1', 'a', 's/y', { ours: false }), seen('l2-2', 'b', 's/x', { ours: false })];
    assert.deepEqual(steps([announced('s/x')], strange), { ...nothing, create: ['s/x'] });
  });

  it('are about Services of the cluster, with every owner of their addresses', () => {
    const address = (ip: string, owner: string | undefined, own: boolean): AnnouncedAddress => ({
      ...{ address: ip, own, interfaces: own ? ['eth0'] : [], candidates: [], others: [] },
      ...(owner === undefined ? {} : { owner }),
    });
    const service = (id: string, kind = 'Service'): ExportedService => ({
      ...{ id, groups: [], fronts: [], backends: {}, settings: {}, settingsOrigin: {} },
      origin: { source: 'k', kind, namespace: 'shop', name: id, uid: `uid-${id}`, labels: {} },
    });
    const all = ['two', 'elsewhere', 'half', 'file', 'ingress', 'plain'].map((id) =>
      service(id, id === 'ingress' ? 'Ingress' : 'Service'),
    );
    const found = announcedServices(
      all,
      new Map([
        ['two', [address('192.0.2.1', 'a', true), address('2001:db8::1', 'b', false)]],
        ['elsewhere', [address('192.0.2.2', 'b', false)]],
        ['half', [address('192.0.2.3', 'a', true), address('2001:db8::3', undefined, false)]],
        ['file', [address('192.0.2.4', 'a', true)]],
        ['ingress', [address('192.0.2.5', 'a', true)]],
      ]),
      (id) => id !== 'file',
    );
    assert.deepEqual(found, [
      {
        ...{ service: 'shop/two', uid: 'uid-two', addresses: ['192.0.2.1'], interfaces: ['eth0'] },
        owners: new Set(['a', 'b']),
      },
      { service: 'shop/half', uid: 'uid-half', addresses: ['192.0.2.3'], interfaces: ['eth0'], owners: undefined },
    ]);
  });
});
