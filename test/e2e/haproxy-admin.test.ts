/** What the administrator has of a real HAProxy: logs, the page of statistics, settings by name. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { optionsSchema } from '../../providers/haproxy/options.ts';
import { listen } from '../fakes/listen.ts';
import { backend, http, prefix, route, service, target, tcp } from '../front/make-service.ts';
import { build } from '../providers/haproxy/build.ts';
import { exchange, runLayout, startProxy } from '../providers/haproxy/proxy.ts';
import { freePort } from './haproxy-rig.ts';

const hash = '$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1';

async function withProxy(options: Record<string, unknown>, body: (port: number) => Promise<void>): Promise<void> {
  const server = createServer({ maxHeaderSize: 65_536 }, (_, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('x'.repeat(4_000));
  });
  const web = backend({ targets: [target('127.0.0.1', await listen(server))] });
  const routes = [
    route(['x.example'], prefix('/')),
    route(['gone.example'], prefix('/'), { action: { type: 'fixed', status: 410 } }),
  ];
  const proxy = await startProxy([service('shop/web', [http(routes)], { backends: { web } })], options);
  try {
    await body(proxy.port);
  } finally {
    await proxy.stop();
    server.close();
  }
}

describe('the log', () => {
  test('in JSON: one object a line, with the service, whatever clients write', async () => {
    const daemon = createSocket('udp4');
    daemon.bind(0, '127.0.0.1');
    await once(daemon, 'listening');
    try {
      await withProxy({ log: `127.0.0.1:${daemon.address().port}`, logFormat: 'json' }, async (port) => {
        const arrived = once(daemon, 'message');
        await exchange(port, ['GET /a"b\\c?q={}%s HTTP/1.1', 'Host: x.example']);
        const [message] = await arrived;
        const text = String(message);
        const entry = JSON.parse(text.slice(text.indexOf('{')));
        assert.equal(entry.service, 'shop/web');
        assert.equal(entry.uri, '/a"b\\c?q={}%s');
        assert.deepEqual(
          [entry.status, entry.method, entry.host, entry.client],
          [200, 'GET', 'x.example', '127.0.0.1'],
        );
        assert.ok(Math.abs(entry.time - Date.now()) < 60_000);
      });
    } finally {
      daemon.close();
    }
  });
});

test('the log in JSON: what never became a request is an object, too', async () => {
  const daemon = createSocket('udp4');
  daemon.bind(0, '127.0.0.1');
  await once(daemon, 'listening');
  const front = http([route(['x.example'])], { proxyProtocol: true });
  const proxy = await startProxy([service('shop/web', [front])], {
    log: `127.0.0.1:${daemon.address().port}`,
    logFormat: 'json',
  });
  try {
    const arrived = once(daemon, 'message');
    await exchange(proxy.port, ['GET / HTTP/1.1', 'Host: x.example']).catch(() => undefined);
    const text = String((await arrived)[0]);
    const entry = JSON.parse(text.slice(text.indexOf('{')));
    assert.match(entry.error, /PROXY/);
    assert.deepEqual([entry.client, entry.tls], ['127.0.0.1', '-']);
  } finally {
    await proxy.stop();
    daemon.close();
  }
});

describe('the page of statistics', () => {
  test('is read by who has the password, and by nobody else', async () => {
    const port = await freePort();
    await withProxy({ stats: { port, users: { ops: hash } } }, async () => {
      const ask = (...more: readonly string[]) => exchange(port, ['GET / HTTP/1.1', 'Host: x', ...more]);
      const basic = (text: string) => `Authorization: Basic ${Buffer.from(text).toString('base64')}`;
      assert.match((await ask()).head, /^HTTP\/1.1 401/);
      assert.match((await ask(basic('ops:wrong'))).head, /^HTTP\/1.1 401/);
      const { head, body } = await ask(basic('ops:secret'));
      assert.match(head, /^HTTP\/1.1 200/);
      assert.match(body, /Statistics Report/);
    });
  });
  test('outside of loopback it needs somebody who may read it', () => {
    const read = (stats: object) => optionsSchema.safeParse({ stats }).success;
    assert.equal(read({ port: 9000 }), true);
    assert.equal(read({ port: 9000, address: '0.0.0.0' }), false);
    assert.equal(read({ port: 9000, address: '0.0.0.0', users: { ops: hash } }), true);
    assert.equal(read({ port: 9000, users: { ops: 'plain' } }), false);
  });
  test('keeps its port: a service that asks for it is refused by name and gets nothing there', async () => {
    const port = await freePort();
    const server = createServer((_, response) => response.end('of the service')).unref();
    const backends = { web: backend({ targets: [target('127.0.0.1', await listen(server))] }) };
    for (const front of [{ ...http([route([])]), port }, tcp(port)]) {
      const options = { addresses: ['127.0.0.1'], maxConnections: 100, stats: { port } };
      const { problems, layout } = build([service('a/thief', [front], { backends })], { options });
      assert.deepEqual(
        problems.map(({ code, service: id, field, value }) => `${code} ${id} ${field} ${value}`),
        [`E_PORT_CONFLICT a/thief fronts[0].port ${port}`],
      );
      const proxy = await runLayout(layout, port);
      try {
        assert.match((await exchange(port, ['GET / HTTP/1.1', 'Host: x'])).body, /Statistics Report/);
      } finally {
        await proxy.stop();
      }
    }
  });
  test('at another address the port is free', () => {
    const address = { list: ['127.0.0.9'], families: [], held: [] } as const;
    const ports = (stats: object) =>
      build([service('a/a', [http([route([])])], { address })], { options: { stats } }).problems.length;
    assert.equal(ports({ port: 80 }), 0);
    assert.equal(ports({ port: 80, address: '127.0.0.9' }), 1);
    assert.equal(ports({ port: 80, address: '0.0.0.0', users: { ops: hash } }), 1);
    assert.equal(optionsSchema.safeParse({ stats: { port: 8379 }, portRange: '8000-9000' }).success, false);
    assert.equal(optionsSchema.safeParse({ stats: { port: 8379 }, monitor: { port: 8379 } }).success, false);
  });
  test('no hash of a password is in what is planned', () => {
    const { resources } = build([], { options: { stats: { port: 9000, users: { ops: hash } } } });
    assert.doesNotMatch(JSON.stringify(resources), /saltsalt/);
  });
});

describe('the answer to probes', () => {
  test('is HAProxy itself, and nothing passes through it', async () => {
    const port = await freePort();
    await withProxy({ monitor: { port } }, async () => {
      assert.match((await exchange(port, ['GET / HTTP/1.1', 'Host: x.example'])).head, /^HTTP\/1.. 200/);
      assert.match((await exchange(port, ['GET /other HTTP/1.1', 'Host: x.example'])).head, /^HTTP\/1.1 503/);
    });
  });
  test('keeps its port: a service that asks for it is told, and others are served', () => {
    const services = [service('a/a', [http([route([])])]), service('a/b', [{ ...http([route([])]), port: 8379 }])];
    const { problems, resources } = build(services, { options: { monitor: { port: 8379 } } });
    assert.deepEqual(
      problems.map(({ code, service: id, value }) => `${code} ${id} ${value}`),
      ['E_PORT_CONFLICT a/b 8379'],
    );
    const ports = resources.filter(({ kind }) => kind === 'Frontend').map(({ attrs }) => attrs.port);
    assert.deepEqual(ports, [80, 8379]);
    assert.equal(optionsSchema.safeParse({ monitor: { port: 8379 }, portRange: '8000-9000' }).success, false);
  });
});

describe('settings by name', () => {
  test('are obeyed', async () => {
    const tuning = {
      'tune.bufsize': 32_768,
      'tune.http.maxhdr': 64,
      'http-reuse': 'always',
      compression: ['text/html'],
    };
    await withProxy({ tuning }, async (port) => {
      const ask = (...more: readonly string[]) => exchange(port, ['GET / HTTP/1.1', 'Host: x.example', ...more]);
      assert.match((await ask('Accept-Encoding: gzip')).head, /content-encoding: gzip/i);
      assert.match((await ask(`X-Long: ${'x'.repeat(20_000)}`)).head, /^HTTP\/1.1 200/);
      assert.match((await ask(...Array.from({ length: 70 }, (_, i) => `X-${i}: 1`))).head, /^HTTP\/1.1 400/);
    });
  });
  test('others are refused', () => {
    assert.equal(optionsSchema.safeParse({ tuning: { 'tune.lua.maxmem': 1 } }).success, false);
    assert.equal(optionsSchema.safeParse({ tuning: { 'tune.bufsize': 1 } }).success, false);
    assert.equal(optionsSchema.safeParse({ tuning: { compression: ['text/html\n  user root'] } }).success, false);
  });
});
