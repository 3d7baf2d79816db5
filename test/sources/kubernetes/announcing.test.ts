import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layer2Controller, poolController } from '../../../src/compat/metallb/index.ts';
import { ObjectReader } from '../../../src/sources/kubernetes/object-reader.ts';
import { located, options } from './pools-stage.ts';

const home = 'metallb-system';
const pool = located({
  apiVersion: 'metallb.io/v1beta1',
  kind: 'IPAddressPool',
  metadata: { name: 'lan', namespace: home, labels: { net: 'lan' } },
  spec: { addresses: ['192.0.2.0/24'] },
});
const advertisement = (spec: object, name = 'all') =>
  located({
    apiVersion: 'metallb.io/v1beta1',
    kind: 'L2Advertisement',
    metadata: { name, namespace: home },
    spec,
  });
const slice = (service: string, namespace: string, endpoints: readonly object[], addressType = 'IPv4') =>
  located({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${service}-${addressType.toLowerCase()}`,
      namespace,
      labels: { 'kubernetes.io/service-name': service },
    },
    addressType,
    ports: [{ name: 'beats', port: 7949, protocol: 'UDP' }],
    endpoints,
  });
const node = (status: object, more: object = {}) =>
  located({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a', ...more }, status });

const announcing = [poolController, layer2Controller];
const reader = (controllers: readonly string[] = announcing, more: object = {}) =>
  new ObjectReader({ ...options(controllers), ...more });

describe('who announces', () => {
  it('is what L2Advertisements say, the same rules while nothing about them changes', () => {
    const objects = reader();
    const spec = {
      ipAddressPoolSelectors: [{ matchLabels: { net: 'lan' } }],
      nodeSelectors: [{ matchLabels: { rack: '1' } }],
      interfaces: ['eth0'],
      preferredNodeSelectors: [{ weight: 5, preference: { matchLabels: { fast: 'yes' } } }],
    };
    const { announcements, pools, problems } = objects.read([pool, advertisement(spec)]);
    assert.deepEqual(announcements, [
      {
        name: 'all',
        pools: ['lan'],
        nodeSelectors: ['rack=1'],
        interfaces: ['eth0'],
        preferences: [{ weight: 5, selector: 'fast=yes' }],
        source: `L2Advertisement/${home}/all`,
      },
    ]);
    assert.deepEqual([pools.map(({ byRule }) => byRule), problems], [[true], []]);
    assert.equal(objects.read([pool, advertisement(spec)]).announcements, announcements);
    assert.notEqual(objects.read([pool, advertisement({})]).announcements, announcements);
    assert.deepEqual(objects.read([pool]).announcements, []);
  });

  it('is told to be nobody while no balancer announces', () => {
    const { problems } = reader([poolController]).read([pool, advertisement({})]);
    assert.deepEqual(
      problems.map(({ code, source, message }) => [code, source, /does not announce addresses/.test(message)]),
      [['W_FEATURE', `L2Advertisement/${home}/all`, true]],
    );
  });

  it('is where Pods of weir are, each node once, ready or not, by IPv4 where it has both', () => {
    const announcers = { namespace: 'weir-system', name: 'weir-peers' };
    const objects = reader(announcing, { announcers });
    const endpoint = (address: string, nodeName: string, ready = true) => ({
      addresses: [address],
      nodeName,
      conditions: { ready, serving: true, terminating: !ready },
    });
    const all = [
      slice('weir-peers', 'weir-system', [endpoint('2001:db8::1', 'a')], 'IPv6'),
      slice('weir-peers', 'weir-system', [
        endpoint('10.0.0.2', 'b', false),
        endpoint('10.0.0.1', 'a'),
        { addresses: ['10.0.0.3'] },
      ]),
      slice('weir-peers', 'elsewhere', [endpoint('10.0.0.9', 'x')]),
    ];
    const found = objects.read(all).announcers;
    assert.deepEqual(found, [
      { node: 'a', address: '10.0.0.1', port: 7949 },
      { node: 'b', address: '10.0.0.2', port: 7949 },
    ]);
    assert.equal(objects.read([...all, pool]).announcers, found);
    assert.deepEqual(reader().read(all).announcers, [], 'where nobody said which Service it is');
  });

  it('is no node whose network is not there, or that is about to go', () => {
    const of = (one: ReturnType<typeof node>) => {
      const { nodes } = reader().read([one]);
      return nodes.map(({ networkUnavailable, leaving }) => [networkUnavailable, leaving])[0];
    };
    const condition = (status: string) => ({ conditions: [{ type: 'NetworkUnavailable', status }] });
    assert.deepEqual(of(node(condition('True'))), [true, undefined]);
    assert.deepEqual(of(node(condition('False'))), [undefined, undefined]);
    assert.deepEqual(of(node({}, { deletionTimestamp: '2026-01-01T00:00:00Z' })), [undefined, true]);
  });

  it('is MetalLB, too, while its webhooks answer in a living cluster', () => {
    const running = slice('metallb-webhook-service', home, [{ addresses: ['10.0.0.8'], nodeName: 'a' }]);
    const codes = (more: object, objects = [pool, running]) =>
      reader(announcing, more)
        .read(objects)
        .problems.map(({ code }) => code);
    const living = { amongOthers: true, poolsNamespace: home };
    assert.deepEqual(codes(living), ['W_METALLB']);
    assert.deepEqual(codes(living, [pool]), []);
    assert.deepEqual(codes({}), [], 'files say nothing of what runs');
  });
});
