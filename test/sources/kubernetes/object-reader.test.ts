import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LocatedObject } from '../../../src/model/index.ts';
import { ObjectReader } from '../../../src/sources/kubernetes/index.ts';
import { backing, ingress, locate, nowMs, options } from './read-yaml.ts';
import { certificateFor, tlsSecret } from './tls-secret.ts';

const front = ingress(
  '  rules: [{ host: a.test, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }]',
);
const exported = (name: string): string => backing(name).replace('spec: { ports', 'spec: { type: LoadBalancer, ports');

describe('structural sharing', () => {
  test('the same objects: the same services', () => {
    const reader = new ObjectReader(options);
    const objects = locate(exported('web') + exported('api') + front);
    const [first, second] = [reader.read(objects), reader.read(objects)];
    assert.equal(first.services.length, 3);
    for (const [i, service] of second.services.entries()) assert.equal(service, first.services[i]);
  });

  test('objects read anew with the same content: the same services, nodes too', () => {
    const reader = new ObjectReader(options);
    const text = `${exported('web')}${front}\napiVersion: v1\nkind: Node\nmetadata: { name: n1 }`;
    const [first, second] = [reader.read(locate(text)), reader.read(locate(text))];
    for (const [i, service] of second.services.entries()) assert.equal(service, first.services[i]);
    assert.equal(second.nodes, first.nodes);
  });

  test('one changed slice changes the services that use it, and of those only the backend', () => {
    const reader = new ObjectReader(options);
    const objects = locate(exported('web') + exported('api') + front);
    const before = reader.read(objects);
    const at = objects.findIndex(({ object }) => JSON.stringify(object).includes('web-1'));
    const [, changed] = locate(exported('web').replace('10.0.0.1', '10.0.0.2'));
    assert.ok(changed !== undefined);
    const after = reader.read(objects.with(at, changed));
    const [web, api, shop] = after.services;
    assert.equal(api, before.services[1]);
    assert.notEqual(web, before.services[0]);
    assert.equal(web?.fronts, before.services[0]?.fronts);
    assert.equal(web?.origin, before.services[0]?.origin);
    assert.deepEqual(
      web?.backends.http?.targets.map(({ address }) => address),
      ['10.0.0.2'],
    );
    assert.equal(
      shop?.backends['web:80']?.targets,
      web?.backends.http?.targets,
      'Service and Ingress share the targets',
    );
  });

  test('a changed annotation keeps the targets', () => {
    const reader = new ObjectReader(options);
    const [before] = reader.read(locate(exported('web'))).services;
    const annotated = exported('web').replace('name: web,', 'name: web, annotations: { weir-lb.dev/balance: random },');
    const [after] = reader.read(locate(annotated)).services;
    assert.equal(after?.backends.http?.balance, 'random');
    assert.equal(after?.backends.http?.targets, before?.backends.http?.targets);
  });

  test('an Ingress that comes later shares the targets that were known before', () => {
    const reader = new ObjectReader(options);
    const [before] = reader.read(locate(exported('web'))).services;
    const [, shop] = reader.read(locate(exported('web') + front)).services;
    assert.equal(shop?.backends['web:80']?.targets, before?.backends.http?.targets);
  });

  test('what was absent is seen when it comes', () => {
    const reader = new ObjectReader(options);
    const rest = locate(front);
    assert.deepEqual(reader.read(rest).services[0]?.backends['web:80']?.targets, []);
    assert.equal(reader.read([...rest, ...locate(backing('web'))]).services[0]?.backends['web:80']?.targets.length, 1);
    const gone = reader.read(rest);
    assert.deepEqual(
      [gone.services[0]?.backends['web:80']?.targets, gone.problems[0]?.code],
      [[], 'E_BACKEND_MISSING'],
    );
  });

  test('an IngressClass that comes later decides anew', () => {
    const reader = new ObjectReader(options);
    const objects = locate(backing('web') + front);
    assert.equal(reader.read(objects).services.length, 1);
    const other = locate(
      'apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: { name: nginx }\nspec: { controller: other }',
    );
    assert.equal(reader.read([...objects, ...other]).services.length, 0);
  });

  test('a certificate that expires while nothing else changes', () => {
    const cert = certificateFor(['a.test']);
    const reader = new ObjectReader(options);
    const tls = front.replace('spec:\n', 'spec:\n  tls: [{ secretName: cert }]\n');
    const objects = locate(tlsSecret('cert', cert.certPem, cert.keyPem) + backing('web') + tls);
    assert.equal(reader.read(objects, nowMs).services[0]?.fronts.length, 2);
    const later = reader.read(objects, nowMs + 2 * 86_400_000);
    assert.deepEqual(
      [later.services[0]?.fronts.length, later.problems.map(({ code }) => code)],
      [1, ['E_CERT_EXPIRED']],
    );
  });
});

/** Counts how often anything of an object is looked at. */
function counted(object: object, count: { reads: number }): object {
  return new Proxy(object, {
    get(target, key, receiver) {
      count.reads++;
      const value: unknown = Reflect.get(target, key, receiver);
      return typeof value === 'object' && value !== null ? counted(value, count) : value;
    },
    getOwnPropertyDescriptor(target, key) {
      count.reads++;
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
}

function fleet(size: number): object[] {
  return Array.from({ length: size }, (_, i) => [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: `s${i}`, namespace: 'shop' },
      spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: 80 }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `s${i}-1`, namespace: 'shop', labels: { 'kubernetes.io/service-name': `s${i}` } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080 }],
      endpoints: Array.from({ length: 10 }, (_, k) => ({
        addresses: [`10.${i >> 8}.${i & 255}.${k + 1}`],
        nodeName: `n${k}`,
      })),
    },
  ]).flat();
}

describe('size', () => {
  const located = (objects: readonly object[]): LocatedObject[] =>
    objects.map((object, i) => ({ object, file: 'a.yaml', document: i + 1, line: 1 }));

  test('5,000 Services with slices of 10; a change costs no new reading of the rest', (t) => {
    const reader = new ObjectReader(options);
    const count = { reads: 0 };
    const objects = located(fleet(5000).map((object) => counted(object, count)));
    const started = performance.now();
    const first = reader.read(objects);
    const readMs = performance.now() - started;
    assert.equal(first.services.length, 5000);
    assert.ok(first.services.every(({ backends }) => backends.http?.targets.length === 10));
    const cold = count.reads;
    const [service, slice] = located(fleet(1));
    assert.ok(service !== undefined && slice !== undefined);
    const changed = performance.now();
    const second = reader.read(objects.with(1, slice));
    t.diagnostic(
      `first read ${readMs.toFixed(0)} ms (counted, slow), one slice changed ${(performance.now() - changed).toFixed(1)} ms`,
    );
    assert.equal(count.reads, cold);
    assert.equal(second.services[4999], first.services[4999]);
  });

  test('reading is linear: each object is looked at as often in a large set as in a small one', () => {
    const readsOf = (size: number): number => {
      const count = { reads: 0 };
      new ObjectReader(options).read(located(fleet(size).map((object) => counted(object, count))));
      return count.reads / size;
    };
    assert.equal(readsOf(1000), readsOf(50));
  });
});
