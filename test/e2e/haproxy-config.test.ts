/** What is rendered is read by a real HAProxy without an error and without a warning. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import type { ExportedService, Front, Route } from '../../src/model/index.ts';
import { backend, cert, exact, http, https, prefix, route, service, target, tcp } from '../front/make-service.ts';
import { type BuildOptions, build, checkConfig, writeLayout } from '../providers/haproxy/build.ts';
import { hostileText, knownAttacks, textFields } from '../providers/haproxy/hostile.ts';

const pem = makeCertificate({ names: ['x.example', '*.x.example'] }).bundlePem;
const dirs: string[] = [];
after(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

async function accepted(services: readonly ExportedService[], options: BuildOptions = {}): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'weir-config-'));
  dirs.push(dir);
  await checkConfig(writeLayout(build(services, options).layout, dir, () => pem));
}

const forward = (...to: readonly { readonly backend: string; readonly weight: number }[]) =>
  ({ type: 'forward', to }) as const;
const both = forward({ backend: 'web', weight: 1 }, { backend: 'two', weight: 3 });
const secret = cert('aa', ['x.example', '*.x.example']);
const web = (more: Parameters<typeof backend>[0]): Partial<ExportedService> => ({ backends: { web: backend(more) } });
const one = (front: Front, more: Partial<ExportedService> = {}) => service('a/a', [front], more);
const path = (more: Partial<Route>, match: NonNullable<Route['path']> = prefix('/')) =>
  http([route(['x.example'], match, more)]);

const matrix: readonly (readonly [string, ExportedService, BuildOptions?])[] = [
  ['nothing but a default', one(http([], { default: forward({ backend: 'web', weight: 1 }) }))],
  ['exact hosts', one(path({}))],
  ['wildcard hosts', one(http([route(['*.x.example'])]))],
  ['every host', one(http([route([], exact('/a'))]))],
  ['expressions', one(path({}, { type: 'regex', value: '^/a b(?:c|d)[^e]{2}\\.$' }))],
  ['string prefixes', one(path({}, { type: 'stringPrefix', value: '/a/' }))],
  [
    'conditions',
    one(
      path({
        methods: ['GET', 'PUT'],
        headers: [
          { name: 'A', type: 'exact', value: '}' },
          { name: 'B', type: 'regex', value: '\\}' },
          { name: 'C', type: 'present' },
          { name: 'D', type: 'exact', value: '' },
        ],
        query: [{ name: 'q', type: 'exact', value: "'" }],
        sourceIps: ['10.0.0.0/8', '2001:db8::/32'],
      }),
    ),
  ],
  ['weights', one(path({ action: both }), { backends: { web: backend(), two: backend() } })],
  ['weighted default', one(http([], { default: both }), { backends: { web: backend(), two: backend() } })],
  ['weighted TCP', one(tcp(9000, { default: both }), { backends: { web: backend(), two: backend() } })],
  ['a backend that does not exist', one(path({ action: forward({ backend: 'none', weight: 1 }) }))],
  ['nothing with weight', one(path({ action: forward({ backend: 'web', weight: 0 }) }))],
  ['redirect', one(path({ action: { type: 'redirect', code: 308, scheme: 'https', port: 8443 } }))],
  ['redirect with path', one(path({ action: { type: 'redirect', code: 303, host: 'y.example', path: '/a%20b?c=d' } }))],
  ['fixed', one(path({ action: { type: 'fixed', status: 418, contentType: "a/b; c='d'", body: '"\'$\n\\%[src]ä' } }))],
  ['fixed without a body', one(path({ action: { type: 'fixed', status: 204 } }))],
  ['ranges', one(http([route(['x.example'])], { sourceRanges: ['10.0.0.0/8', '::/0'] }))],
  ['ranges in TCP', one(tcp(9000, { sourceRanges: ['10.0.0.0/8'] }))],
  ['ranges in TCP behind PROXY', one(tcp(9000, { sourceRanges: ['10.0.0.0/8'], proxyProtocol: true }))],
  [
    'filters',
    one(
      path({
        filters: [
          { type: 'requestHeader', op: 'set', name: 'X-A', value: "%[src] 'a' \\" },
          { type: 'requestHeader', op: 'add', name: 'X-B', value: '' },
          { type: 'requestHeader', op: 'remove', name: 'X-C' },
          { type: 'responseHeader', op: 'set', name: "X-'D", value: '$a "b"' },
          { type: 'rewritePrefix', from: '/a', to: '/b' },
          { type: 'rewriteRegex', pattern: '^/a (.*)$', to: '/$1\\1' },
          { type: 'host', value: 'in.example' },
        ],
      }),
    ),
  ],
  ['HTTPS', one(https([route(['x.example'])], [secret, cert('bb', ['y.example'])]))],
  ['TLS ended for TCP', one({ ...tcp(9000), protocol: 'tls', tls: { mode: 'terminate', certs: [secret] } })],
  ['TLS passed through', one({ ...tcp(9000), protocol: 'tls', tls: { mode: 'passthrough', certs: [] } })],
  [
    'limits',
    one({
      ...path({}),
      maxConnections: 5,
      timeouts: { connectMs: 1, clientMs: 2, serverMs: 3, queueMs: 4, requestMs: 5, keepAliveMs: 6, tunnelMs: 7 },
    }),
  ],
  ...(['roundrobin', 'leastconn', 'source', 'uri', 'random'] as const).flatMap((balance) => [
    [`balance ${balance}`, one(path({}), web({ balance }))] as const,
    [`balance ${balance} in TCP`, one(tcp(9000), web({ balance }))] as const,
  ]),
  ['affinity by source', one(path({}), web({ affinity: { type: 'source' } }))],
  [
    'check by TCP',
    one(tcp(9000), web({ health: { type: 'tcp', port: 99, intervalMs: 500, timeoutMs: 100, rise: 1, fall: 1 } })),
  ],
  [
    'check by HTTP',
    one(
      path({}),
      web({
        health: {
          type: 'http',
          path: '/a?b=c',
          host: 'h.example',
          method: 'HEAD',
          expect: [
            { from: 200, to: 204 },
            { from: 401, to: 401 },
          ],
        },
      }),
    ),
  ],
  ['check by HTTPS in TCP', one(tcp(9000), web({ protocol: 'https', health: { type: 'http' } }))],
  ['TLS to targets', one(path({}), web({ protocol: 'https', tls: { verify: true, serverName: 'in.example' } }))],
  ['TLS to targets by an authority', one(path({}), web({ protocol: 'grpcs', tls: { verify: true, ca: secret } }))],
  ['HTTP/2 to targets', one(path({}), web({ protocol: 'h2c', health: { type: 'http' } }))],
  [
    'targets',
    one(
      path({}),
      web({
        targets: [
          target('10.0.0.1', 80, { weight: 0 }),
          target('2001:db8::1', 1, { state: 'draining' }),
          target('10.0.0.2', 2, { weight: 256 }),
          target('10.0.0.3', 80, { state: 'gone' }),
        ],
        maxConnections: 7,
      }),
    ),
  ],
  ['addresses', one(tcp(9000), { address: { list: ['127.0.0.1', '::1'], families: [], held: [] } })],
  [
    'PROXY to targets',
    one(path({}), web({ health: { type: 'tcp' } })),
    { settings: new Map([['a/a', { proxyProtocolOut: 'v2', retries: 1, slowStart: '10s' }]]) },
  ],
  [
    'options',
    one(path({})),
    {
      options: {
        threads: 2,
        log: '127.0.0.1:514',
        tlsMin: '1.3',
        alpn: ['h2'],
        balance: 'leastconn',
        ipv6: 'off',
        forwardedHeaders: 'keep',
      },
    },
  ],
];

describe('haproxy -c', () => {
  test('no service at all', async () => {
    await accepted([]);
  });
  for (const [name, given, options] of matrix) {
    test(name, async () => {
      assert.deepEqual(
        build([given], options).problems.filter(({ severity }) => severity === 'error'),
        [],
      );
      await accepted([given], options);
    });
  }

  test('everything at once, each at an address of its own', async () => {
    const all = matrix.map(([, given], i) => ({
      ...given,
      id: `all/${i}`,
      address: { list: [`127.1.0.${i + 1}`], families: [], held: [] },
    }));
    await accepted(all);
  });
});

describe('haproxy -c with hostile text', () => {
  const batch = (texts: readonly string[]) =>
    textFields.flatMap((field, i) => texts.map((text, j) => field.put(`h/${i}-${j}`, text)));

  test('known attacks in every field', async () => {
    await accepted(batch(knownAttacks));
  });

  for (const seed of [1, 2, 3]) {
    test(`random text in every field, seed ${seed}`, async () => {
      await accepted(batch(fc.sample(hostileText, { numRuns: 50, seed })));
    });
  }
});
