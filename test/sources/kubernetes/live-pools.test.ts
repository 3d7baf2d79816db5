import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { poolController } from '../../../src/compat/metallb/index.ts';
import { kubernetesSource } from '../../../src/config/config.ts';
import { openKubernetesSource } from '../../../src/sources/kubernetes/live.ts';
import { ScriptedCluster } from './live-cluster.ts';
import { fastClock, service } from './live-stage.ts';

async function stage(t: TestContext) {
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-live-pools-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  const cluster = new ScriptedCluster();
  cluster.now = fastClock.now;
  cluster.served.set('/apis/metallb.io/v1beta1', ['ipaddresspools']);
  cluster.put(service('web'));
  cluster.put({
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name: 'public', namespace: 'metallb-system' },
    spec: { addresses: ['192.0.2.0/24'] },
  });
  const read = async (config: object = {}) => {
    const source = openKubernetesSource(kubernetesSource.parse({ type: 'kubernetes', ...config }), {
      open: async () => cluster,
      clock: fastClock,
      stateDir,
      memory: () => 'keep',
      controllers: [poolController],
    });
    const { pools = [], problems } = await source.read(AbortSignal.timeout(5000));
    return { names: pools.map(({ name }) => name), problems };
  };
  return { cluster, read };
}

describe('pools of a cluster', () => {
  it('are read where they stand, whatever namespaces are read', async (t) => {
    const { cluster, read } = await stage(t);
    assert.deepEqual((await read({ namespaces: ['shop'] })).names, ['public']);
    assert.ok(cluster.asked.some((path) => path.includes('/namespaces/metallb-system/ipaddresspools')));
    assert.deepEqual((await read({ poolsNamespace: 'elsewhere' })).names, []);
  });

  it('stay while they cannot be read, over a restart too', async (t) => {
    const { cluster, read } = await stage(t);
    assert.deepEqual((await read()).names, ['public']);
    cluster.down = true;
    assert.deepEqual((await read()).names, ['public']);
    cluster.down = false;
    cluster.faults.set('ipaddresspools/metallb-system', 'forbidden');
    const limited = await read();
    assert.deepEqual(limited.names, ['public']);
    assert.match(
      limited.problems.map(({ message }) => message).join(),
      /IPAddressPools in metallb-system may not be read/,
    );
    cluster.faults.clear();
    // What else may not be read is no reason to keep pools as they were.
    cluster.faults.set('configmaps/metallb-system', 'forbidden');
    cluster.remove('IPAddressPool', 'metallb-system', 'public');
    assert.deepEqual((await read()).names, []);
  });

  it('are gone when their kind is', async (t) => {
    const { cluster, read } = await stage(t);
    await read();
    cluster.served.delete('/apis/metallb.io/v1beta1');
    cluster.faults.set('ipaddresspools/metallb-system', 'absent');
    assert.deepEqual((await read()).names, []);
  });
});
