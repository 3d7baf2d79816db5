import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isBcsObject } from '../../../src/compat/bcs/index.ts';
import { backend, codes, pay, readAll, weightsOf } from './read-all.ts';

const example: unknown[] = JSON.parse(
  readFileSync(new URL('../../../deploy/examples/services/export-services.json', import.meta.url), 'utf8'),
);

test('the example: version 2 with two paths on one host and port', () => {
  const result = readAll(example);
  assert.deepEqual(result.problems, []);
  const [service] = result.services;
  assert.equal(service?.id, 'bank/pay');
  assert.deepEqual(service?.groups, ['external']);
  assert.equal(service?.origin.cluster, 'BCS-MESOS-10001');
  assert.equal(service?.origin.revision, '2026-01-31 08:00:00');
  const forward = (name: string) => ({ type: 'forward', to: [{ backend: name, weight: 1 }] });
  assert.deepEqual(service?.fronts, [
    {
      key: '80/http',
      port: 80,
      protocol: 'http',
      routes: [
        {
          hosts: ['pay.test'],
          path: { type: 'prefix', value: '/' },
          filters: [],
          action: forward('80/http/pay.test/'),
          order: 0,
        },
        {
          hosts: ['pay.test'],
          path: { type: 'prefix', value: '/api' },
          filters: [],
          action: forward('80/http/pay.test/api'),
          order: 1,
        },
      ],
    },
  ]);
  // 80 over two blue ones, 20 over one green one.
  assert.deepEqual(
    service?.backends['80/http/pay.test/']?.targets.map(({ address, weight }) => [address, weight]),
    [
      ['10.1.0.1', 40],
      ['10.1.0.2', 40],
      ['10.1.0.3', 20],
    ],
  );
});

test('the example: version 1 with addresses and one target port', () => {
  const ledger = readAll(example).services[1];
  assert.deepEqual(ledger?.groups, ['external', 'internal']);
  assert.deepEqual(
    ledger?.fronts.map(({ key, protocol }) => [key, protocol]),
    [['9000/tcp', 'tcp']],
  );
  assert.deepEqual(ledger?.backends['9000/tcp'], {
    targets: [
      { address: '10.1.0.7', port: 31_002, weight: 1, state: 'ready' },
      { address: '10.1.0.8', port: 31_002, weight: 1, state: 'ready' },
    ],
    targetKind: 'ip',
    protocol: 'tcp',
    balance: 'source',
  });
});

test('groups are compared exactly; without a filter everything is read', () => {
  const objects = [
    pay({ serviceName: 'a' }),
    pay({ serviceName: 'b', BCSGroup: ['External'] }),
    pay({ serviceName: 'c', BCSGroup: null }),
  ];
  assert.deepEqual(
    readAll(objects, ['external']).services.map((s) => s.origin.name),
    ['a'],
  );
  assert.deepEqual(
    readAll(objects).services.map((s) => s.origin.name),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(readAll(objects, ['none']), { services: [], problems: [] });
});

test('a service of another group says nothing of what is wrong with it', () => {
  assert.deepEqual(readAll([pay({ serviceName: '..' })], ['other']).problems, []);
});

test('weights: by label, divided and rounded up; unlabelled count one', () => {
  const backends = [
    backend('10.1.0.1', 'a'),
    backend('10.1.0.2', 'a'),
    backend('10.1.0.3', 'a'),
    backend('10.1.0.4', 'b'),
    backend('10.1.0.5'),
  ];
  const of = (serviceWeight: unknown) => weightsOf(readAll([pay({ serviceWeight }, { backends })]));
  assert.deepEqual(of({ a: 10, b: 5 }), [4, 4, 4, 5, 1]);
  assert.deepEqual(of({ a: 0, b: 5 }), [0, 0, 0, 5, 1], 'weight 0 is no traffic');
  assert.deepEqual(of({ a: 10 }), [1, 1, 1, 1, 1], 'one label alone compares with nothing');
  assert.deepEqual(of({ a: 0 }), [0, 0, 0, 1, 1], 'but 0 is no traffic there too');
  assert.deepEqual(of(null), [1, 1, 1, 1, 1]);
  assert.deepEqual(of({ a: 3000, b: 500 }), [256, 256, 256, 128, 1], 'scaled below 256');
  assert.deepEqual(of({ a: -1, b: 'x' }), [1, 1, 1, 1, 1], 'bad weights are told and count one');
});

test('protocol and balance in any case, words of nginx too; an unknown balance is told and replaced', () => {
  const balanceOf = (balance: unknown) =>
    Object.values(readAll([pay({ balance }, { protocol: 'HTTP' })]).services[0]?.backends ?? {})[0]?.balance;
  assert.deepEqual(['', null, 'RoundRobin', 'leastconn', 'ip_hash', 'source'].map(balanceOf), [
    'roundrobin',
    'roundrobin',
    'roundrobin',
    'leastconn',
    'source',
    'source',
  ]);
  assert.deepEqual(codes(readAll([pay({ balance: 'constructor' })])), [['W_FEATURE', 'balance']]);
});

test('recognised by shape, and Kubernetes objects are left alone', () => {
  assert.ok(isBcsObject(pay()));
  assert.ok(isBcsObject({ metadata: {}, spec: { ports: [{ servicePort: 80 }] } }));
  assert.ok(!isBcsObject({ apiVersion: 'v1', kind: 'Service', metadata: {}, spec: { ports: [{ port: 80 }] } }));
  assert.ok(!isBcsObject({ name: 'a', ports: [] }));
  assert.ok(!isBcsObject(null));
});

test('maxconn counts when somebody chose it; the number that BCS writes everywhere says nothing', () => {
  const limit = (maxconn: number) => readAll([pay({ maxconn })]).services[0]?.fronts[0]?.maxConnections;
  assert.equal(limit(100), 100);
  assert.equal(limit(50_000), undefined);
});
