import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { LocatedObject } from '../../../src/model/index.ts';
import { LivingObjects, ObjectReader, type ReadResult } from '../../../src/sources/kubernetes/index.ts';
import { nowMs, options } from './read-yaml.ts';

const located = (object: object): LocatedObject => ({ object, file: 'a.yaml', document: 1, line: 1 });

const service = (name: string, port: number, created?: string): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop', ...(created === undefined ? {} : { creationTimestamp: created }) },
  spec: { type: 'LoadBalancer', ports: [{ name: 'http', port }] },
});

const slice = (name: string, address: string, of = name): object => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${name}-1`, namespace: 'shop', labels: { 'kubernetes.io/service-name': of } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080 }],
  endpoints: [{ addresses: [address] }],
});

const ingress = (name: string, of: string): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: `${name}-front`, namespace: 'shop' },
  spec: {
    rules: [
      {
        host: `${name}.test`,
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: of, port: { name: 'http' } } } }],
        },
      },
    ],
  },
});

const ingressClass = (name: string): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name, annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
  spec: { controller: name },
});

const targetsOf = ({ services }: ReadResult): Record<string, readonly string[]> =>
  Object.fromEntries(
    services.map(({ id, backends }) => [
      id,
      Object.values(backends).flatMap(({ targets }) => targets.map(({ address }) => address)),
    ]),
  );

describe('objects one by one', () => {
  test('they come in any order, change and go', () => {
    const living = new LivingObjects<string>(options);
    living.put('slice', located(slice('web', '10.0.0.1')));
    assert.deepEqual(targetsOf(living.read(nowMs)), {});
    living.put('ingress', located(ingress('web', 'web')));
    living.put('service', located(service('web', 80)));
    const first = living.read(nowMs);
    assert.deepEqual(Object.values(targetsOf(first)), [['10.0.0.1'], ['10.0.0.1']]);
    assert.equal(living.read(nowMs), first, 'nothing changed: the same result');
    living.put('slice', located(slice('web', '10.0.0.2')));
    const second = living.read(nowMs);
    assert.deepEqual(Object.values(targetsOf(second)), [['10.0.0.2'], ['10.0.0.2']]);
    assert.equal(second.services[0]?.fronts, first.services[0]?.fronts);
    living.put('slice', located(slice('web', '10.0.0.2')));
    assert.equal(living.read(nowMs), second, 'the same content is the same result');
    living.delete('slice');
    assert.deepEqual(Object.values(targetsOf(living.read(nowMs))), [[], []]);
    living.delete('service');
    living.delete('ingress');
    living.delete('never there');
    assert.deepEqual(
      [living.read(nowMs).services, living.read(nowMs).problems, living.read(nowMs).skipped],
      [[], [], {}],
    );
  });

  test('a slice that goes over to another Service changes both', () => {
    const living = new LivingObjects<string>(options);
    for (const name of ['a', 'b']) living.put(name, located(service(name, 80)));
    living.put('slice', located(slice('x', '10.0.0.1', 'a')));
    assert.deepEqual(targetsOf(living.read(nowMs)), { 'shop/a': ['10.0.0.1'], 'shop/b': [] });
    living.put('slice', located(slice('x', '10.0.0.1', 'b')));
    assert.deepEqual(targetsOf(living.read(nowMs)), { 'shop/a': [], 'shop/b': ['10.0.0.1'] });
  });

  test('what does not ask for what changed is the same service', () => {
    const living = new LivingObjects<number>(options);
    for (let i = 0; i < 200; i++) living.put(i, located(service(`s${i}`, 80)));
    const before = living.read(nowMs);
    living.put(1000, located(slice('s7', '10.0.0.1')));
    const after = living.read(nowMs);
    const changed = after.services.filter((one, i) => one !== before.services[i]);
    assert.deepEqual(
      changed.map(({ id }) => id),
      ['shop/s7'],
    );
  });
});

/** All that may stand in the list, some under the same name. */
const pool = ['a', 'b', 'c'].flatMap((name, i) => [
  service(name, 80),
  service(name, 81),
  service(name, 82, `2026-01-0${i + 1}T00:00:00Z`),
  slice(name, '10.0.0.1'),
  slice(name, '10.0.0.2'),
  slice(name, '127.0.0.1'),
  slice(`${name}-other`, '10.0.0.3', name),
  ingress(name, name),
  ingress(name, 'gone'),
  { apiVersion: 'v1', kind: 'Service', metadata: { name: `${name}!` } },
  { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name } },
  { apiVersion: 'v1', kind: 'Node', metadata: { name } },
]);
const things: readonly LocatedObject[] = [...pool, ingressClass('other'), ingressClass('weir-lb.dev/ingress')].map(
  (object, i) => ({ ...located(object), document: i + 1 }),
);
const sorted = (result: ReadResult) => ({
  ...result,
  problems: result.problems.map((problem) => JSON.stringify(problem)).sort(),
});

test('whatever came and went before: the result is that of a fresh reading', () => {
  const lists = fc.array(fc.uniqueArray(fc.nat({ max: things.length - 1 }), { maxLength: 14 }), { maxLength: 8 });
  fc.assert(
    fc.property(lists, (steps) => {
      const reader = new ObjectReader(options);
      for (const step of steps) {
        const objects = step.flatMap((i) => things[i] ?? []);
        assert.deepEqual(sorted(reader.read(objects)), sorted(new ObjectReader(options).read(objects)));
      }
    }),
    { numRuns: 300 },
  );
});
