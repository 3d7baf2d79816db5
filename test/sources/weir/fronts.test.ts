import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExportedService } from '../../../src/model/service.ts';
import { readYaml } from './read-yaml.ts';

function read(text: string): ExportedService {
  const { services, problems } = readYaml(text);
  assert.deepEqual(problems, []);
  assert.ok(services[0]);
  return services[0];
}

const cert = { sha256: 'ab'.repeat(32), origin: 'file shop.test.pem', names: ['shop.test'] };

test('http with tls: port 443 serves, port 80 of the same hosts leads there', () => {
  const { fronts } = read(`
name: web
http: [{ host: shop.test }, { hosts: [www.shop.test, shop.test], path: /api }]
tls: { certificate: shop.test.pem }
targets: ["10.0.0.1:80"]`);
  const [plain, secure] = fronts;
  assert.deepEqual(plain, {
    key: '80/http',
    port: 80,
    protocol: 'http',
    routes: [
      {
        hosts: ['shop.test', 'www.shop.test'],
        filters: [],
        action: { type: 'redirect', code: 308, scheme: 'https' },
        order: 0,
      },
    ],
  });
  assert.deepEqual([secure?.key, secure?.port, secure?.protocol], ['443/https', 443, 'https']);
  assert.deepEqual(secure?.tls, { mode: 'terminate', certs: [cert] });
  assert.equal(secure?.routes.length, 2);
});

test('http with tls on other ports names the port in the redirect; redirect: false serves on both; port: false leaves one', () => {
  const body = `\ntls: { certificate: shop.test.pem }\ntargets: ["10.0.0.1:80"]`;
  const other = read(`name: web\nhttp: { port: 8080, tlsPort: 8443, rules: [{ host: a.test }] }${body}`).fronts;
  assert.deepEqual(
    other.map((f) => f.key),
    ['8080/http', '8443/https'],
  );
  assert.deepEqual(other[0]?.routes[0]?.action, { type: 'redirect', code: 308, scheme: 'https', port: 8443 });
  const both = read(`name: web\nhttp: { redirect: false, rules: [{ host: a.test }] }${body}`).fronts;
  assert.deepEqual(both[0]?.routes, both[1]?.routes);
  assert.deepEqual(
    read(`name: web\nhttp: { port: false, rules: [{ host: a.test }] }${body}`).fronts.map((f) => f.key),
    ['443/https'],
  );
  const every = read(`name: web\nhttp: [{}]${body}`).fronts;
  assert.deepEqual(every[0]?.default, { type: 'redirect', code: 308, scheme: 'https' });
});

test('a certificate that is missing takes its port with it and leaves plain HTTP', () => {
  const { services } = readYaml(
    'name: web\nhttp: [{ host: a.test }]\ntls: { certificate: gone }\ntargets: ["10.0.0.1:80"]',
  );
  assert.deepEqual(
    services[0]?.fronts.map((f) => f.key),
    ['80/http'],
  );
});

test('ports: ranges, protocols, names, limits, TLS of three kinds', () => {
  const { fronts, backends } = read(`
name: net
ports:
  - { port: 53/udp, sourceRanges: 10.1.2.3/8, maxConnections: 10 }
  - { port: 8000-8010, name: range, proxyProtocol: true, timeouts: { connect: 1s, client: 2s, server: 3s, queue: 4s, request: 5s, keepAlive: 6s, tunnel: 1h } }
  - { port: 993, tls: { certificates: [{ certificate: shop.test.pem, hosts: shop.test }] } }
  - { port: 994, tls: { mode: passthrough } }
  - { port: 995, tls: { certificate: shop.test.pem, ca: ca.pem } }
  - { port: 444, protocol: quic, tls: { certificate: shop.test.pem }, http: [{ host: shop.test }] }
targets: ["10.0.0.1:53"]`);
  assert.deepEqual(
    fronts.map((f) => [f.key, f.port, f.endPort, f.protocol]),
    [
      ['53/udp', 53, undefined, 'udp'],
      ['range', 8000, 8010, 'tcp'],
      ['993/tls', 993, undefined, 'tls'],
      ['994/tls', 994, undefined, 'tls'],
      ['995/tls', 995, undefined, 'tls'],
      ['444/quic', 444, undefined, 'quic'],
    ],
  );
  assert.deepEqual(fronts[0]?.sourceRanges, ['10.0.0.0/8']);
  assert.equal(fronts[1]?.proxyProtocol, true);
  assert.deepEqual(fronts[1]?.timeouts, {
    connectMs: 1000,
    clientMs: 2000,
    serverMs: 3000,
    queueMs: 4000,
    requestMs: 5000,
    keepAliveMs: 6000,
    tunnelMs: 3_600_000,
  });
  assert.deepEqual(fronts[2]?.tls, { mode: 'terminate', certs: [{ ...cert, hosts: ['shop.test'] }] });
  assert.deepEqual(fronts[3]?.tls, { mode: 'passthrough', certs: [] });
  assert.equal(fronts[4]?.tls?.mode, 'mutual');
  assert.equal(fronts[4]?.tls?.ca?.origin, 'file ca.pem');
  assert.equal(backends.default?.protocol, 'http');
});

test('everything else of the model can be said', () => {
  const service = read(`
kind: ExportedService
name: web
namespace: shop
class: internal
groups: [a, b]
balancers: edge
bundle: { key: shop, order: 3 }
address: { pool: public, families: [IPv6, ipv4], list: [192.0.2.7, "2001:db8::7"], shareKey: k, backendKey: b, held: [192.0.2.7] }
settings: { haproxy: { a: 1, nested: { b: [x] } } }
http:
  rules:
    - methods: [get, POST]
      headers: { X-A: "1", X-B: { present: true } }
      query: { q: { regex: "^a" } }
      path: { stringPrefix: /x }
      filters: [{ responseHeaders: { add: { X: y } } }, { rewriteRegex: { pattern: "^/x(.*)$", to: '/y\\1' } }, { host: in.test }]
      to: main
  default: { fixed: { status: 404, contentType: text/plain, body: none } }
backends:
  main:
    kind: instance
    targets: [{ address: i-0abc, port: 30080, node: n1, zone: z1, pod: p1, weight: 0, state: gone }]
    nodePort: 30080
    localOnly: true
    protocol: https
    tls: { verify: false, ca: ca.pem, serverName: in.test }
    affinity: source
    check: { http: "/h?x=1", port: 81, host: h.test, method: head, expect: [200, "300-399"], interval: 1s, timeout: 500ms, rise: 2, fall: 3 }
`);
  assert.equal(service.id, 'shop/web');
  assert.deepEqual(service.bundle, { key: 'shop', order: 3 });
  assert.deepEqual(service.balancers, ['edge']);
  assert.deepEqual(service.address, {
    pool: 'public',
    list: ['192.0.2.7', '2001:db8::7'],
    families: ['ipv6', 'ipv4'],
    shareKey: 'k',
    backendKey: 'b',
    held: ['192.0.2.7'],
  });
  assert.deepEqual(service.settings, { haproxy: { a: 1, nested: { b: ['x'] } } });
  assert.equal(service.settingsOrigin['haproxy.nested.b'], 'settings.haproxy.nested.b');
  const front = service.fronts[0];
  assert.deepEqual(front?.default, { type: 'fixed', status: 404, contentType: 'text/plain', body: 'none' });
  assert.deepEqual(front?.routes[0], {
    hosts: [],
    methods: ['GET', 'POST'],
    headers: [
      { name: 'X-A', type: 'exact', value: '1' },
      { name: 'X-B', type: 'present' },
    ],
    query: [{ name: 'q', type: 'regex', value: '^a' }],
    path: { type: 'stringPrefix', value: '/x' },
    filters: [
      { type: 'responseHeader', op: 'add', name: 'X', value: 'y' },
      { type: 'rewriteRegex', pattern: '^/x(.*)$', to: '/y$1' },
      { type: 'host', value: 'in.test' },
    ],
    action: { type: 'forward', to: [{ backend: 'main', weight: 1 }] },
    order: 0,
  });
  const ca = { sha256: 'ab'.repeat(32), origin: 'file ca.pem', names: ['ca'] };
  assert.deepEqual(service.backends.main, {
    targets: [{ address: 'i-0abc', port: 30_080, weight: 0, state: 'gone', node: 'n1', zone: 'z1', pod: 'p1' }],
    targetKind: 'instance',
    protocol: 'https',
    balance: 'roundrobin',
    nodePort: 30_080,
    localOnly: true,
    tls: { verify: false, ca, serverName: 'in.test' },
    affinity: { type: 'source' },
    health: {
      type: 'http',
      path: '/h?x=1',
      port: 81,
      host: 'h.test',
      method: 'HEAD',
      expect: [
        { from: 200, to: 200 },
        { from: 300, to: 399 },
      ],
      intervalMs: 1000,
      timeoutMs: 500,
      rise: 2,
      fall: 3,
    },
  });
});
