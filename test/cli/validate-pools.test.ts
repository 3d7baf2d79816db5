/** `weir validate -f` with objects of MetalLB, as their owner would try it: no configuration, nothing else named. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Finished, weir } from '../fakes/weir-process.ts';

const home = 'metallb-system';
const metallb = (kind: string, name: string, spec: object) => ({
  apiVersion: 'metallb.io/v1beta1',
  kind,
  metadata: { name, namespace: home },
  spec,
});
const service = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop' },
  spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
});

describe('validate without a configuration', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-validate-'));
  });
  after(() => rm(folder, { recursive: true }));

  const validate = async (objects: readonly object[], config?: object): Promise<Finished> => {
    const [file, configured] = [join(folder, 'objects.json'), join(folder, 'weir.json')];
    await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    if (config !== undefined) await writeFile(configured, JSON.stringify(config));
    return weir(['validate', '-f', file, ...(config === undefined ? [] : ['-c', configured])], folder);
  };

  it("checks pools and advertisements as MetalLB's webhooks do", async () => {
    const { code, out, err } = await validate([
      metallb('IPAddressPool', 'turned', { addresses: ['10.0.0.20-10.0.0.10'] }),
      metallb('IPAddressPool', 'all', { addresses: ['0.0.0.0/0'] }),
      metallb('IPAddressPool', 'one', { addresses: ['10.1.0.0/24'] }),
      metallb('IPAddressPool', 'two', { addresses: ['10.1.0.128/25'] }),
      metallb('L2Advertisement', 'lan', { preferredNodeSelectors: [{ weight: 200, preference: {} }] }),
      metallb('AddressPool', 'old', { protocol: 'layer2', addresses: ['10.2.0.0/24'] }),
    ]);
    assert.equal(code, 1);
    assert.match(err, /E_POOL\] pool turned: spec\.addresses\[0\] must begin with its lower end/);
    assert.match(err, /E_POOL\] pool all: spec\.addresses\[0\] must not be a whole family/);
    assert.match(err, /E_POOL_OVERLAP\] pool two/);
    assert.match(
      err,
      /L2Advertisement metallb-system\/lan: spec\.preferredNodeSelectors\[0\]\.weight must be at most 100/,
    );
    assert.match(err, /AddressPool .* old: .*write an IPAddressPool and an L2Advertisement/);
    assert.match(out, /^Invalid: .*; 4 errors, 1 warning\.$/m);
  });

  it('lets services that have addresses out of pools have the same port', async () => {
    const pool = 'address-pools: [{ name: lan, protocol: layer2, addresses: [10.0.0.8/29] }]';
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'config', namespace: home } };
    const services = [service('a'), service('b')];
    const { code, out } = await validate([{ ...map, data: { config: pool } }, ...services]);
    assert.match(out, /^Valid: 2 services; 0 errors/m);
    assert.equal(code, 0);
    const without = await validate(services);
    assert.match(without.err, /E_PORT_CONFLICT/);
  });

  it('says of a configuration that takes nothing out of pools that they are not used, and checks them all the same', async () => {
    const objects = [metallb('IPAddressPool', 'turned', { addresses: ['10.0.0.20-10.0.0.10'] })];
    const { code, err } = await validate(objects, { balancers: [{ provider: 'builtin' }] });
    assert.equal(code, 1);
    assert.match(err, /W_OBJECT_IGNORED.* no balancer takes addresses out of pools \(fromPools: true\)/);
    assert.match(err, /E_POOL\] pool turned: spec\.addresses\[0\] must begin with its lower end/);
  });
});
