/** Paths that climb out of their route, and headers that are for one hop: asked of a real HAProxy. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { listen } from '../fakes/listen.ts';
import { backend, http, prefix, route, service, target } from '../front/make-service.ts';
import { exchange, type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';

const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const accepted = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const server = createServer((request, response) =>
  response.end(JSON.stringify({ url: request.url, headers: request.headers })),
);
server.on('upgrade', (request, socket) => {
  socket.end(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: ${accepted}\r\nX-Had: ${request.headers.connection}\r\n\r\n`,
  );
});

const forward = (name: string) => ({ action: { type: 'forward', to: [{ backend: name, weight: 1 }] } }) as const;
const spread = {
  action: {
    type: 'forward',
    to: [
      { backend: 'web', weight: 1 },
      { backend: 'other', weight: 1 },
    ],
  },
} as const;

const origin = listen(server);

async function start(options: Record<string, unknown>): Promise<RunningProxy> {
  const targets = [target('127.0.0.1', await origin)];
  const backends = { web: backend({ targets }), other: backend({ targets }) };
  const routes = [
    route(['one.test'], prefix('/api')),
    route(['*.wild.test'], prefix('/api')),
    route(['shared.test'], prefix('/api'), spread),
    route(['two.test'], prefix('/api')),
    route(['two.test'], prefix('/'), forward('other')),
    route(['whole.test'], prefix('/')),
    route(['moved.test'], prefix('/pub'), { filters: [{ type: 'rewritePrefix', from: '/pub', to: '/internal' }] }),
    route([], prefix('/every')),
    route(['pattern.test'], { type: 'regex', value: '^/api/' }),
    route(['method.test'], prefix('/api'), { methods: ['GET'] }),
    route(['both.test'], prefix('/')),
    route(['both.test'], prefix('/api'), { methods: ['GET'] }),
  ];
  return startProxy([service('a/web', [http(routes)], { backends })], options);
}

const ask = async (port: number, host: string, path: string): Promise<string> => {
  const { head, body } = await exchange(port, [`GET ${path} HTTP/1.1`, `Host: ${host}`]);
  const status = head.split(' ')[1] ?? '';
  return status === '200' ? String(JSON.parse(body).url) : status;
};

const climbing = [
  '/api/../admin',
  '/api/%2e%2e/admin',
  '/api/..;/admin',
  '/api/..%2fadmin',
  '/api/..%5cadmin',
  '/api/..\\admin',
  '/api/%252e%252e/admin',
  '/api/..%252fadmin',
  '/api/x/../../admin',
  '/api/./../admin',
  '/api//../../admin',
  '/api/..',
  '/api/../../..',
  '/api/a%2fb/../../x',
  '/api/%00/../admin',
  '/api/%2500/%252e%252e/admin',
  `/api/%${'25'.repeat(3_000)}00/../admin`,
  '/api/%25%30%30/%252e%252e/admin',
  '/api/%%32e%%32e/admin',
  `/api/${'%'.repeat(6_000)}/%2e%2e/admin`,
  `/api${'/a'.repeat(2_000)}${'/..'.repeat(2_001)}/admin`,
];

describe('paths that climb', () => {
  let proxy: RunningProxy | undefined;
  before(async () => {
    proxy = await start({});
  });
  after(async () => {
    await proxy?.stop();
    server.close();
  });
  const at = (host: string, path: string) => ask(proxy?.port ?? 0, host, path);

  for (const host of ['one.test', 'two.test', 'shared.test', 'a.wild.test'])
    test(`out of a route are refused: ${host}`, async () => {
      for (const path of climbing) assert.equal(await at(host, path), '400', path.slice(0, 60));
    });
  test('also where every host has the route, and where it rewrites', async () => {
    assert.equal(await at('else.test', '/every/../admin'), '400');
    assert.equal(await at('else.test', '/every/%2e%2e/admin'), '400');
    assert.equal(await at('moved.test', '/pub/../admin'), '400');
    assert.equal(await at('moved.test', '/pub/a/../b'), '/internal/a/../b');
  });
  test('of an expression or a condition are refused, unless the rest of the host leads there too', async () => {
    for (const host of ['pattern.test', 'method.test']) {
      assert.equal(await at(host, '/api/x'), '/api/x');
      for (const path of climbing) assert.equal(await at(host, path), '400', `${host} ${path.slice(0, 60)}`);
      assert.equal(await at(host, '/api/a/../b'), '400');
    }
    assert.equal(await at('both.test', '/api/a/../b'), '/api/a/../b');
    assert.equal(await at('both.test', '/api/../b'), '/api/../b');
  });
  test('and stay within it reach the target as they came', async () => {
    const paths = [
      '/api/a/../b',
      '/api/../api/x',
      '/api/a/b/../../c/.',
      '/api/x%20y/../z',
      '/api/..a',
      '/api/a..',
      '/api/...',
      '/api/%2e',
      '/api/100%25',
      '/api/%E4%B8%AD',
      '/api/a%2Fb',
    ];
    for (const host of ['one.test', 'two.test', 'shared.test', 'a.wild.test'])
      for (const path of paths) assert.equal(await at(host, path), path, host);
    assert.equal(await at('else.test', '/every/a/../b'), '/every/a/../b');
  });
  test('where the whole host is one route there is nothing to climb out of', async () => {
    for (const path of climbing.slice(0, -2)) assert.equal(await at('whole.test', path), path);
    assert.equal(await at('two.test', '/x/../y'), '/x/../y');
    assert.equal(await at('two.test', '/x/../api/y'), '400');
  });
  test('the option lets them pass', async () => {
    const lax = await start({ climbingPaths: 'pass' });
    try {
      for (const path of climbing.slice(0, 8)) assert.equal(await ask(lax.port, 'one.test', path), path);
    } finally {
      await lax.stop();
    }
  });
  test('headers for one hop: what names others is not passed on, nor is Proxy', async () => {
    const told = async (...lines: readonly string[]) => {
      const { body } = await exchange(proxy?.port ?? 0, ['GET / HTTP/1.1', 'Host: whole.test', ...lines]);
      return JSON.parse(body).headers;
    };
    for (const value of ['X-Forwarded-For, X-Real-IP, Host', 'Host', 'close, X-Forwarded-Proto', 'keep-alive,host']) {
      const headers = await told(`Connection: ${value}`, 'Proxy: http://evil.test');
      assert.doesNotMatch(headers.connection ?? '', /x-|host/i, value);
      assert.equal(headers.proxy, undefined);
      assert.equal(headers['x-real-ip'], '127.0.0.1');
    }
  });
  test('a change to WebSocket is passed on without what stands beside it', async () => {
    for (const value of ['Upgrade', 'keep-alive, Upgrade', 'Upgrade, X-Real-IP']) {
      const lines = [
        'GET / HTTP/1.1',
        'Host: whole.test',
        'Upgrade: websocket',
        `Sec-WebSocket-Key: ${key}`,
        'Sec-WebSocket-Version: 13',
        `Connection: ${value}`,
      ];
      const { head } = await exchange(proxy?.port ?? 0, lines);
      assert.match(head, /^HTTP\/1.1 101/, value);
      assert.match(head, /x-had: (keep-alive, )?upgrade\r?$/im, value);
    }
  });
  test('a folded line is joined', async () => {
    const { body } = await exchange(proxy?.port ?? 0, ['GET / HTTP/1.1', 'Host: whole.test', 'X-Own: a', '  b']);
    assert.match(JSON.parse(body).headers['x-own'], /^a +b$/);
  });
  test('equal Host lines count as one, different ones are refused', async () => {
    const asked = async (...hosts: readonly string[]) =>
      (await exchange(proxy?.port ?? 0, ['GET / HTTP/1.1', ...hosts.map((host) => `Host: ${host}`)])).head;
    assert.match(await asked('whole.test', 'whole.test'), /^HTTP\/1.1 200/);
    assert.match(await asked('whole.test', 'one.test'), /^HTTP\/1.1 400/);
  });
});
