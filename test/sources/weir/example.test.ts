import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readYaml } from './read-yaml.ts';

const example = readFileSync(new URL('../../../deploy/examples/services/shop.yaml', import.meta.url), 'utf8');

test('the example is read without a problem', () => {
  const { services, problems } = readYaml(example);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    services.map((s) => s.id),
    ['shop/status', 'shop/db', 'shop/web'],
  );
});

test('the smallest service: one HTTP front whose host leads to the only backend', () => {
  const [status] = readYaml(example).services;
  assert.deepEqual(status?.fronts, [
    {
      key: '80/http',
      port: 80,
      protocol: 'http',
      routes: [
        {
          hosts: ['status.shop.test'],
          filters: [],
          action: { type: 'forward', to: [{ backend: 'default', weight: 1 }] },
          order: 0,
        },
      ],
    },
  ]);
  assert.deepEqual(status?.backends, {
    default: {
      targets: [
        { address: '10.0.0.30', port: 8080, weight: 1, state: 'ready' },
        { address: '10.0.0.31', port: 8080, weight: 1, state: 'ready' },
      ],
      targetKind: 'ip',
      protocol: 'http',
      balance: 'roundrobin',
    },
  });
});

test('TCP: the port leads to the only backend, which speaks TCP', () => {
  const db = readYaml(example).services[1];
  assert.deepEqual(db?.fronts, [
    {
      key: '5432/tcp',
      port: 5432,
      protocol: 'tcp',
      routes: [],
      default: { type: 'forward', to: [{ backend: 'default', weight: 1 }] },
    },
  ]);
  assert.deepEqual(db?.backends.default?.health, { type: 'tcp' });
  assert.equal(db?.backends.default?.drainMs, 60_000);
  assert.equal(db?.backends.default?.protocol, 'tcp');
});

test('every part of the long example reaches the model', () => {
  const web = readYaml(example).services[2];
  assert.ok(web);
  assert.equal(web.origin.createdMs, Date.UTC(2026, 0, 31, 8));
  assert.deepEqual(web.origin.labels, { team: 'shop' });
  assert.deepEqual(web.groups, ['external']);
  const front = web.fronts[0];
  assert.deepEqual(front?.timeouts, { clientMs: 30_000, serverMs: 30_000 });
  const both = ['shop.test', 'www.shop.test'];
  const forward = (...to: [string, number][]) => ({
    type: 'forward',
    to: to.map(([backend, weight]) => ({ backend, weight })),
  });
  assert.deepEqual(front?.routes, [
    {
      hosts: both,
      filters: [],
      path: { type: 'prefix', value: '/' },
      action: forward(['web', 95], ['canary', 5]),
      order: 0,
    },
    { hosts: both, filters: [], path: { type: 'prefix', value: '/api' }, action: forward(['api', 1]), order: 1 },
    {
      hosts: both,
      filters: [],
      path: { type: 'exact', value: '/robots.txt' },
      action: { type: 'fixed', status: 200, body: 'User-agent: *' },
      order: 2,
    },
    { hosts: both, filters: [], path: { type: 'regex', value: '^/u/[0-9]+$' }, action: forward(['api', 1]), order: 3 },
    {
      hosts: ['shop.test'],
      headers: [{ name: 'X-Admin', type: 'regex', value: '^[a-z]+$' }],
      sourceIps: ['10.0.0.0/8', '2001:db8::/32'],
      filters: [
        { type: 'requestHeader', op: 'set', name: 'X-Area', value: 'admin' },
        { type: 'requestHeader', op: 'remove', name: 'X-Debug' },
        { type: 'rewritePrefix', from: '/admin', to: '/' },
      ],
      path: { type: 'prefix', value: '/admin' },
      action: forward(['api', 1]),
      order: 4,
    },
    {
      hosts: ['old.shop.test'],
      filters: [],
      action: { type: 'redirect', code: 301, scheme: 'https', host: 'shop.test' },
      order: 5,
    },
  ]);
  assert.deepEqual(web.backends.web, {
    targets: [
      { address: '10.0.0.1', port: 8080, weight: 1, state: 'ready' },
      { address: '10.0.0.2', port: 8080, weight: 2, state: 'ready' },
      { address: '10.0.0.3', port: 8080, weight: 1, state: 'draining' },
    ],
    targetKind: 'ip',
    protocol: 'http',
    balance: 'leastconn',
    health: { type: 'http', path: '/healthz', intervalMs: 2000, fall: 3 },
    affinity: { type: 'cookie', cookie: 'SHOP', timeoutMs: 3_600_000 },
    maxConnections: 500,
  });
  assert.deepEqual(
    web.backends.api?.targets.map((t) => `${t.address} ${t.port}`),
    ['10.0.0.5 9000', '2001:db8::5 9000'],
  );
  assert.equal(web.backends.api?.protocol, 'h2c');
});
