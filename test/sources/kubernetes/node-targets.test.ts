import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExportedService, Node } from '../../../src/model/index.ts';
import { toNodes } from '../../../src/sources/kubernetes/node-targets.ts';
import { liveStage, service, serviceOf, slice, targetsOf } from './live-stage.ts';

const node = (name: string, address: string, more: Partial<Node> = {}): Node => ({
  name,
  addresses: [address],
  labels: {},
  ready: true,
  ...more,
});

const placed = (name: string, address: string, conditions: object[] = []) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: { addresses: [{ type: 'InternalIP', address }], conditions },
});

const exported = (more: Partial<ExportedService['backends'][string]>): ExportedService => ({
  id: 'shop/web',
  origin: { source: 'k', kind: 'Service', namespace: 'shop', name: 'web', labels: {} },
  groups: [],
  fronts: [],
  backends: {
    http: {
      targets: ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address, i) => ({
        address,
        port: 8080,
        node: i < 2 ? 'a' : 'b',
        weight: 1,
        state: 'ready',
      })),
      targetKind: 'ip',
      nodePort: 30_080,
      protocol: 'tcp',
      balance: 'roundrobin',
      ...more,
    },
  },
  settings: {},
  settingsOrigin: {},
});

const nodes = [
  node('a', '192.0.2.1'),
  node('b', '192.0.2.2'),
  node('c', '192.0.2.3'),
  node('d', '192.0.2.4', { ready: false }),
  node('e', '192.0.2.5', { excluded: true }),
];
const brief = (made: ReturnType<typeof toNodes>) =>
  (made.service.backends.http?.targets ?? []).map(
    ({ address, port, weight, state }) => `${address}:${port} ${weight} ${state}`,
  );

describe('requests that go to nodes', () => {
  it('go to every node that is ready, at the node port; one that leaves drains', () => {
    assert.deepEqual(brief(toNodes(exported({}), nodes)), [
      '192.0.2.1:30080 1 ready',
      '192.0.2.2:30080 1 ready',
      '192.0.2.3:30080 1 ready',
      '192.0.2.5:30080 1 draining',
    ]);
  });

  it('with a local policy go to nodes with Pods, by how many they have', () => {
    assert.deepEqual(brief(toNodes(exported({ localOnly: true }), nodes)), [
      '192.0.2.1:30080 2 ready',
      '192.0.2.2:30080 1 ready',
    ]);
  });

  it('go nowhere while no Pod is ready, or without a node port, which is told', () => {
    assert.deepEqual(brief(toNodes(exported({ targets: [] }), nodes)), []);
    const { http } = exported({}).backends;
    assert.ok(http !== undefined);
    const { nodePort: _, ...without } = http;
    const made = toNodes({ ...exported({}), backends: { http: without } }, nodes);
    assert.deepEqual([brief(made), made.problems.map(({ code }) => code)], [[], ['W_NO_TARGETS']]);
  });

  it('follow nodes and Pods of a living cluster', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('web'));
    cluster.put(service('bare', { ports: [{ name: 'http', port: 81 }], allocateLoadBalancerNodePorts: false }));
    cluster.put(slice('web', ['10.0.0.1']));
    cluster.put(slice('bare', ['10.0.0.9']));
    cluster.put(placed('a', '192.0.2.1'));
    const live = follow({ targets: 'node' });
    const first = await live.read();
    assert.deepEqual(targetsOf(first), { 'shop/web': ['192.0.2.1:30080'], 'shop/bare': [] });
    assert.match(first.problems.map(({ message }) => message).join('\n'), /shop\/bare: backend http has no node port/);
    cluster.put(placed('b', '192.0.2.2'));
    const second = await live.read();
    assert.deepEqual(targetsOf(second)['shop/web'], ['192.0.2.1:30080', '192.0.2.2:30080']);
    cluster.put(slice('web', ['10.0.0.1', '10.0.0.2']));
    assert.equal(serviceOf(await live.read(), 'shop/web'), serviceOf(second, 'shop/web'), 'Pods alone change nothing');
    cluster.put(placed('a', '192.0.2.1', [{ type: 'Ready', status: 'False' }]));
    assert.deepEqual(targetsOf(await live.read())['shop/web'], ['192.0.2.2:30080']);
  });

  it('are an unread source while nodes may not be read', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('web'));
    cluster.put(slice('web', ['10.0.0.1']));
    cluster.faults.set('nodes', 'forbidden');
    const { services, incomplete } = await follow({ targets: 'node' }).read();
    assert.deepEqual([services, incomplete.map(({ part }) => part)], [[], ['Nodes']]);
  });
});
