import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { LocatedObject } from '../../../src/model/index.ts';
import { LiveGates } from '../../../src/sources/kubernetes/live-gates.ts';
import { type Placed, ScriptedCluster } from './live-cluster.ts';

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

function stage(t: TestContext) {
  const cluster = new ScriptedCluster();
  const put = new Map<string, LocatedObject>();
  const seen: string[] = [];
  const living = {
    prepare() {},
    put: (key: string, located: LocatedObject, shelf?: string) => void put.set(`${shelf} ${key}`, located),
    delete: (key: string, shelf?: string) => void put.delete(`${shelf} ${key}`),
  };
  const beside = {
    seen:
      ({ metadata }: { metadata: { name: string } }) =>
      () =>
        void seen.push(metadata.name),
    gone: (_: string, key: string) => void seen.push(`-${key}`),
  };
  const gates = new LiveGates({ living, cluster, beside, changed: () => {} });
  const end = new AbortController();
  t.after(() => end.abort());
  void gates.run(end.signal);
  const pod = (contained: boolean, readinessGates: readonly object[] = [{ conditionType: 'target-health.x/a' }]) =>
    cluster.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web-0', namespace: 'shop' },
      spec: { readinessGates },
      status: { conditions: [{ type: 'ContainersReady', status: contained ? 'True' : 'False' }] },
    });
  const slice = (namespace: string, conditions: object) =>
    gates.put(
      `${namespace}/web-1`,
      {
        object: { endpoints: [{ addresses: ['10.0.0.1'], conditions, targetRef: { kind: 'Pod', name: 'web-0' } }] },
        file: '',
        document: 1,
        line: 1,
      },
      'EndpointSlice',
    );
  const isReady = (namespace = 'shop') =>
    Object(put.get(`EndpointSlice ${namespace}/web-1`)?.object).endpoints[0].conditions.ready;
  return { cluster, seen, pod, slice, isReady, gates, put };
}

const namespace: Placed = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
const waiting = { ready: false, serving: false, terminating: false };

describe('Pods that wait for a load balancer', () => {
  it('are ready for it as soon as their containers are', async (t) => {
    const { cluster, pod, slice, isReady, seen } = stage(t);
    cluster.put(namespace);
    await settled();
    slice('shop', waiting);
    assert.equal(isReady(), false);
    pod(false);
    assert.equal(isReady(), false);
    pod(true);
    assert.equal(isReady(), true);
    assert.deepEqual(seen, ['web-0', 'web-0']);
    cluster.remove('Pod', 'shop', 'web-0');
    assert.equal(isReady(), false);
  });

  it('that are on their way out, or have no such gate, are as their slice says', async (t) => {
    const { cluster, pod, slice, isReady } = stage(t);
    cluster.put(namespace);
    await settled();
    pod(true);
    slice('shop', { ...waiting, terminating: true });
    assert.equal(isReady(), false);
    const other = stage(t);
    other.cluster.put(namespace);
    await settled();
    other.pod(true, [{ conditionType: 'example.com/other' }]);
    other.slice('shop', waiting);
    assert.equal(other.isReady(), false);
  });

  it('are looked for only in namespaces that say so, and no longer when those do not', async (t) => {
    const { cluster, pod, slice, isReady } = stage(t);
    pod(true);
    slice('shop', waiting);
    await settled();
    assert.deepEqual(cluster.reflectors, ['/api/v1/namespaces']);
    cluster.put(namespace);
    await settled();
    slice('shop', waiting);
    assert.equal(isReady(), true);
    cluster.remove('Namespace', '', 'shop');
    await settled();
    assert.equal(isReady(), false);
    assert.deepEqual(cluster.reflectors, ['/api/v1/namespaces']);
  });
});
