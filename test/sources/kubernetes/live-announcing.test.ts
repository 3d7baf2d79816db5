import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { layer2Controller, poolController } from '../../../src/compat/metallb/index.ts';
import { kubernetesSource } from '../../../src/config/config.ts';
import { KubeError } from '../../../src/kube/index.ts';
import { openKubernetesSource } from '../../../src/sources/kubernetes/live.ts';
import { ScriptedCluster } from './live-cluster.ts';
import { fastClock, service } from './live-stage.ts';

const peers = { namespace: 'weir-system', name: 'weir-peers' };

async function stage(t: TestContext) {
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-live-announcing-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  const cluster = new ScriptedCluster();
  cluster.now = fastClock.now;
  cluster.served.set('/apis/metallb.io/v1beta1', ['ipaddresspools', 'l2advertisements']);
  cluster.put(service('web'));
  cluster.put({
    apiVersion: 'metallb.io/v1beta1',
    kind: 'L2Advertisement',
    metadata: { name: 'lan', namespace: 'metallb-system' },
    spec: {},
  });
  cluster.put({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...peers, name: 'weir-peers-1', labels: { 'kubernetes.io/service-name': 'weir-peers' } },
    addressType: 'IPv4',
    ports: [{ name: 'beats', port: 7949, protocol: 'UDP' }],
    endpoints: [{ addresses: ['10.0.0.1'], nodeName: 'a' }],
  });
  const look = async (config: object = {}) => {
    const source = openKubernetesSource(kubernetesSource.parse({ type: 'kubernetes', announcers: peers, ...config }), {
      open: async () => cluster,
      clock: fastClock,
      stateDir,
      memory: () => 'keep',
      controllers: [poolController, layer2Controller],
    });
    return await source.read(AbortSignal.timeout(5000));
  };
  const read = async (config: object = {}) => {
    const { announcements = [], announcers = [] } = await look(config);
    return { rules: announcements.map(({ name }) => name), nodes: announcers.map(({ node }) => node) };
  };
  return { cluster, read, look };
}

const all = { rules: ['lan'], nodes: ['a'] };

describe('who announces in a cluster', () => {
  it('stays known while the cluster cannot be read, over a restart too', async (t) => {
    const { cluster, read } = await stage(t);
    assert.deepEqual(await read(), all);
    cluster.down = true;
    assert.deepEqual(await read(), all);
    cluster.down = false;
    cluster.faults.set('l2advertisements/metallb-system', 'forbidden');
    assert.deepEqual(await read(), all, 'without its rules nothing would be announced');
    cluster.faults.clear();
    cluster.remove('L2Advertisement', 'metallb-system', 'lan');
    cluster.remove('EndpointSlice', 'weir-system', 'weir-peers-1');
    assert.deepEqual(await read(), { rules: [], nodes: [] });
  });

  it('is found where weir is, whatever namespaces are read', async (t) => {
    const { cluster, read } = await stage(t);
    assert.deepEqual(await read({ namespaces: ['shop'] }), all);
    assert.ok(cluster.asked.some((path) => path.includes('/namespaces/weir-system/endpointslices')));
    assert.ok(!cluster.asked.some((path) => path.includes('/namespaces/weir-system/services')));
  });

  it('is told where speakers of MetalLB do, too, by who looks at the cluster once', async (t) => {
    const { cluster, look } = await stage(t);
    const get = cluster.get.bind(cluster);
    let items: readonly object[] = [];
    cluster.get = async (path) =>
      path.startsWith('/apis/metallb.io/v1beta1/namespaces/metallb-system/servicel2statuses?')
        ? { items: JSON.parse(JSON.stringify(items)) }
        : get(path);
    const told = async () =>
      (await look()).problems.filter(({ code }) => code === 'W_METALLB').map(({ message }) => message);
    const status = (node: string, more: object = {}) => ({
      metadata: { labels: { 'metallb.io/node': node, ...more } },
    });
    items = [status('a', { 'app.kubernetes.io/managed-by': 'weir' })];
    assert.deepEqual(await told(), []);
    items = [...items, status('b'), status('c'), status('b')];
    assert.match(
      (await told()).join(),
      /speakers of MetalLB announce on b, c, as ServiceL2Statuses in metallb-system say/,
    );
    cluster.get = async (path) => {
      if (path.includes('servicel2statuses')) throw new KubeError(403, 'Forbidden', 'no');
      return get(path);
    };
    assert.deepEqual(await told(), []);
  });
});
