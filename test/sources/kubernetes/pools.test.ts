import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { poolController } from '../../../src/compat/metallb/index.ts';
import { liveKinds } from '../../../src/sources/kubernetes/live-kinds.ts';
import { ObjectReader } from '../../../src/sources/kubernetes/object-reader.ts';
import { located, options } from './pools-stage.ts';

const pool = (name: string, addresses: readonly string[], spec: object = {}) => ({
  apiVersion: 'metallb.io/v1beta1',
  kind: 'IPAddressPool',
  metadata: { name, namespace: 'metallb-system' },
  spec: { addresses, ...spec },
});
const oldPools = `
address-pools:
- { name: default, protocol: layer2, addresses: [192.0.2.0/24] }
- { name: bad, protocol: l2, addresses: [198.51.100.0/24], auto-assign: perhaps }
`;
const oldMap = (namespace = 'metallb-system', config = oldPools) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'config', namespace },
  data: { config },
});

const reader = () => new ObjectReader(options([poolController]));

describe('objects of pools', () => {
  it('become pools, the same ones while nothing about them changes', () => {
    const objects = reader();
    const one = located(pool('a', ['192.0.2.0/24']));
    const service = located({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'x' }, spec: {} });
    const first = objects.read([one]).pools;
    assert.deepEqual(
      first.map(({ name, ranges, source }) => [name, ranges, source]),
      [['a', ['192.0.2.0/24'], 'IPAddressPool/metallb-system/a']],
    );
    assert.equal(objects.read([one, service]).pools, first);
    // Touched, and the same.
    assert.equal(objects.read([located(pool('a', ['192.0.2.0/24'])), service]).pools, first);
    assert.deepEqual(objects.read([service]).pools, []);
  });

  it('follow the labels of Namespaces', () => {
    const objects = reader();
    const namespace = (team: string) =>
      located({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team } } });
    const one = located(
      pool('a', ['192.0.2.0/24'], { serviceAllocation: { namespaceSelectors: [{ matchLabels: { team: 'a' } }] } }),
    );
    const namespaces = (team: string) => objects.read([one, namespace(team)]).pools[0]?.allocation?.namespaces;
    assert.deepEqual([namespaces('a'), namespaces('b'), namespaces('a')], [['shop'], [], ['shop']]);
  });

  it('of the old ConfigMap count while there are no new ones, and what is wrong is told at it', () => {
    const objects = reader();
    const { pools, problems } = objects.read([located(oldMap())]);
    assert.deepEqual(
      pools.map(({ name, source }) => `${name} ${source}`),
      ['default ConfigMap/metallb-system/config'],
    );
    assert.deepEqual(
      problems.map(({ code, field, source }) => `${code} ${source} ${field}`),
      [
        'W_FEATURE ConfigMap/metallb-system/config data.config: address-pools[1].protocol',
        'E_FIELD_TYPE ConfigMap/metallb-system/config data.config: IPAddressPool bad spec.autoAssign',
        'W_FEATURE ConfigMap/metallb-system/config data.config: L2Advertisement l2advertisement1',
      ],
    );
    const both = objects.read([located(oldMap()), located(pool('new', ['203.0.113.0/24']))]);
    assert.deepEqual(
      both.pools.map(({ name }) => name),
      ['new'],
    );
    assert.deepEqual(reader().read([located(oldMap('shop'))]).pools, []);
    const torn = reader().read([located(oldMap('metallb-system', 'address-pools: ['))]);
    assert.deepEqual(
      torn.problems.map(({ code, field }) => `${code} ${field}`),
      ['E_FILE_SYNTAX data.config'],
    );
  });

  it('are asked by Services whose problems name what their owner knows: an annotation, or where the address stands', () => {
    const service = (name: string, annotations: object) =>
      located({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace: 'shop', annotations },
        spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
        status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
      });
    const { services } = reader().read([
      service('plain', {}),
      service('asks', { 'metallb.universe.tf/loadBalancerIPs': '192.0.2.1' }),
    ]);
    assert.deepEqual(
      services.map(({ settingsOrigin }) => settingsOrigin['address.list']),
      ['status.loadBalancer', 'metallb.universe.tf/loadBalancerIPs'],
    );
  });

  it('are none that weir reads while no balancer takes addresses from pools', () => {
    const { pools, problems, skipped } = new ObjectReader(options([])).read([
      located(pool('a', ['192.0.2.0/24'])),
      located(oldMap()),
      located({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }),
    ]);
    assert.deepEqual(pools, []);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['W_OBJECT_IGNORED'],
    );
    assert.deepEqual(skipped, { IPAddressPool: 1, Namespace: 1 });
  });

  it('of a cluster count in their namespace alone; in files anywhere', () => {
    const elsewhere = { ...pool('a', ['192.0.2.0/24']), metadata: { name: 'a', namespace: 'shop' } };
    const ofCluster = { ...options([poolController]), poolsNamespace: 'metallb-system' };
    const { pools, problems } = new ObjectReader(ofCluster).read([located(elsewhere)]);
    assert.deepEqual(pools, []);
    assert.match(
      problems.map(({ message }) => message).join(),
      /IPAddressPool shop\/a: metadata\.namespace is not where/,
    );
    assert.equal(reader().read([located(elsewhere)]).pools.length, 1);
  });

  it('are asked of a cluster where they stand, by the names that its API has', () => {
    const wanted = { controllers: [poolController], allSecrets: false, atNodes: false };
    const kinds = liveKinds(wanted).filter(({ home }) => home === true);
    assert.deepEqual(
      kinds.map(({ versions, resource, only }) => [versions[0], resource, only].join(' ').trim()),
      [
        'metallb.io/v1beta1 ipaddresspools',
        'metallb.io/v1beta1 l2advertisements',
        'metallb.io/v1beta1 bgpadvertisements',
        'metallb.io/v1beta2 bgppeers',
        'metallb.io/v1beta1 bfdprofiles',
        'metallb.io/v1beta1 communities',
        'v1 configmaps config',
      ],
    );
    const namespaces = liveKinds(wanted).find(({ kind }) => kind === 'Namespace');
    assert.deepEqual([namespaces?.versions, namespaces?.resource], [['v1'], 'namespaces']);
    assert.equal(
      liveKinds({ ...wanted, controllers: [] }).some(({ home, kind }) => home || kind === 'Namespace'),
      false,
    );
  });
});

describe('a Service that names a pool by our annotation', () => {
  const told = (controllers: readonly string[], type: string) => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'web',
        namespace: 'shop',
        annotations: { 'weir-lb.dev/pool': '1e309', 'weir-lb.dev/export': 'true' },
      },
      spec: { type, loadBalancerClass: 'weir-lb.dev/x', ports: [{ port: 80 }] },
    };
    const { problems } = new ObjectReader(options(controllers)).read([located(service)]);
    return problems
      .filter(({ code }) => code === 'W_ANNOTATION_IGNORED')
      .map(({ field, message }) => `${field} ${message}`);
  };

  it('hears that it means nothing where nobody asks pools', () => {
    assert.match(told([], 'LoadBalancer').join(), /weir-lb\.dev\/pool.*has no effect: .*fromPools: true/);
    assert.deepEqual(told([poolController], 'LoadBalancer'), []);
  });
});
