import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explanationText } from '../../src/cli/text/explain-text.ts';
import { createPaint } from '../../src/cli/text/paint.ts';
import type { ServiceState } from '../../src/model/index.ts';
import { explainService } from '../../src/serve/index.ts';
import { state } from '../cli/fake-app.ts';
import { readYaml } from '../sources/weir/read-yaml.ts';

const text = `
name: shop/guarded
http:
  deniedRanges: [192.0.2.0/24]
  maxConnections: 100
  timeouts: { client: 30s }
  rules:
    - host: shop.test
      methods: [GET]
      headers: { X-A: { regex: "^a$" } }
      from: 10.0.0.0/8
      filters:
        - sourceRanges: { allow: 10.0.0.0/8, deny: 10.1.0.0/16 }
        - rateLimit: { requestsPerSecond: 5, burst: 10 }
        - bodyLimit: 1k
        - basicAuth: { users: users }
        - cors: { origins: https://a.test, credentials: true }
        - requestHeaders: { set: { Authorization: "Bearer s3cret" } }
        - rewritePrefix: { from: /a, to: /b }
        - host: inner.test
    - host: closed.test
      filters: [{ basicAuth: { users: lost } }]
backends:
  web:
    targets: [10.0.0.1:80]
    retries: 3
    sendProxy: v2
    reuse: never
    drain: 90s
    maxConnections: 7
    affinity: { type: cookie, cookie: SHOP }
    check: { http: /healthz, interval: 2s }
    tls: { serverName: inner.test }
`;

test('explain tells what guards, changes and bounds a service, never the value of a header', () => {
  const { services } = readYaml(text);
  const told = explainService('shop/guarded', services, { ...state, services: [], problems: [] });
  assert.ok(told);
  const [route, closed] = told.fronts[0]?.routes ?? [];
  assert.deepEqual(route?.details, [
    'only methods GET',
    'only with header X-A (regex)',
    'only from 10.0.0.0/8',
    'lets in 10.0.0.0/8',
    'keeps out 10.1.0.0/16',
    'at most 5 requests a second of one client, 10 at once',
    'bodies of at most 1024 bytes',
    'asks for a password (file users)',
    'CORS for https://a.test with credentials',
    'sets request header Authorization',
    'rewrites /a to /b',
    'host inner.test for the targets',
  ]);
  assert.deepEqual(closed?.details, ['asks for a password, and nobody gets in: the users cannot be read']);
  assert.deepEqual(told.fronts[0]?.details, [
    'keeps out 192.0.2.0/24',
    'at most 100 connections',
    'time-out client 30s',
  ]);
  assert.deepEqual(told.backends[0]?.details, [
    'verifies certificates of inner.test',
    'keeps clients by SHOP',
    'check http GET /healthz every 2s',
    'retries 3',
    'tells targets the client (PROXY v2)',
    'a connection of its own for each request',
    'at most 7 connections a target',
    'drains for 90s',
  ]);
  const printed = explanationText(told, false, 0, createPaint(false));
  for (const line of [...(route?.details ?? []), ...(told.backends[0]?.details ?? [])])
    assert.ok(printed.includes(line));
  assert.match(printed, /^ {2}all of 80: keeps out 192\.0\.2\.0\/24$/m);
  assert.doesNotMatch(printed + JSON.stringify(told), /s3cret/);
});

test('a service without guards says nothing of them', () => {
  const { services } = readYaml('{ name: shop/web, http: [{ host: a.test }], targets: [10.0.0.1:80] }');
  const told = explainService('shop/web', services, { ...state, services: [], problems: [] });
  assert.ok(told);
  assert.deepEqual(Object.keys(told.fronts[0]?.routes[0] ?? {}), ['match', 'does', 'backends']);
  assert.equal(told.fronts[0]?.details ?? told.backends[0]?.details, undefined);
});

test('explain tells who answers for an address on the network, who else would, and why others would not', () => {
  const { services } = readYaml(text);
  const announced = {
    ...{ address: '10.77.0.100', owner: 'b', own: false, sinceMs: 5000, interfaces: [], candidates: ['a', 'b', 'c'] },
    others: [{ node: 'd', reason: 'is about to be deleted' }],
  };
  const dark = { address: 'fd09::100', own: false, interfaces: [], candidates: ['a'], others: [] };
  const report = {
    ...{ balancer: 'vip', service: 'shop/guarded', conditions: [], targets: [] },
    addresses: [{ ip: '10.77.0.100', ports: [80] }],
  };
  const known: ServiceState = {
    ...{ id: 'shop/guarded', kind: 'Service', source: 'files', balancers: ['vip'], problems: [], pool: 'lan' },
    ...{ targets: { ready: 1, total: 1 }, health: 'ok', reason: '' },
    reports: [{ ...report, announced: [announced, dark] }],
  };
  const told = explainService('shop/guarded', services, { ...state, services: [known], problems: [] });
  assert.ok(told);
  const lines = explanationText(told, true, 65_000, createPaint(false)).split('\n');
  assert.deepEqual(lines.slice(1, 5), [
    '  balancer vip, address 10.77.0.100 of pool lan',
    '  10.77.0.100   answered by b for 60 s; standby a, c',
    '    not d: is about to be deleted',
    '  fd09::100   answered by nobody; standby a',
  ]);
});
