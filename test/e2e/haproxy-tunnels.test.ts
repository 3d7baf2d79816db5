/** Ways around the rules, asked of a real HAProxy: tunnels to a target, and bodies in HTTP/2 that no header announces. */
import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { listen } from '../fakes/listen.ts';
import { backend, http, prefix, route, service, target } from '../front/make-service.ts';
import { exchange, type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';

/** Says 200 to whatever it is asked on a connection, CONNECT too, as targets written in Go do. */
const careless = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.on('data', (text) => {
    for (const line of String(text).match(/^[A-Z]+ \S+ HTTP\/1\.1/gm) ?? [])
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${line.length}\r\n\r\n${line}`);
  });
});
const sockets = new Set<Socket>();
const counting = createHttpServer((request, response) => {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => response.end(`${bytes} bytes, upgrade ${request.headers.upgrade ?? 'none'}`));
});
// In force only where something listens to it.
counting.on('upgrade', (request, socket) => socket.end(`HTTP/1.1 400 ${request.headers.upgrade}\r\n\r\n`));

describe('past the rules', () => {
  let proxy: RunningProxy | undefined;
  before(async () => {
    const web = { targets: [target('127.0.0.1', await listen(careless))] };
    const bytes = { targets: [target('127.0.0.1', await listen(counting))] };
    const routes = [
      route(['web.example'], prefix('/')),
      route(['web.example'], prefix('/admin'), { filters: [{ type: 'sourceRanges', allow: ['10.0.0.0/8'] }] }),
    ];
    const limited = [route(['bytes.example'], prefix('/'), { filters: [{ type: 'bodyLimit', bytes: 10 }] })];
    proxy = await startProxy([
      service('a/web', [http(routes)], { backends: { web: backend(web) } }),
      service('a/bytes', [http(limited)], { backends: { web: backend(bytes) } }),
    ]);
  });
  after(async () => {
    await proxy?.stop();
    for (const socket of sockets) socket.destroy();
    careless.close();
    counting.close();
  });

  test('CONNECT makes no tunnel to a target that says yes to it', async () => {
    const lines = ['Host: web.example', '', 'GET /admin/users HTTP/1.1', 'Host: web.example'];
    const { head, body } = await exchange(proxy?.port ?? 0, ['CONNECT web.example:80 HTTP/1.1', ...lines]);
    assert.match(head, /^HTTP\/1.1 405 /);
    assert.doesNotMatch(body, /GET \/admin/);
  });

  test('a change to HTTP/2 is not offered to targets, whatever stands beside it; the request is served', async () => {
    for (const offer of ['h2c', 'H2C', 'chat, h2c']) {
      const lines = ['Host: bytes.example', `Upgrade: ${offer}`, 'Connection: Upgrade, HTTP2-Settings, close'];
      const { body } = await exchange(proxy?.port ?? 0, ['GET / HTTP/1.1', ...lines, 'HTTP2-Settings: AAMAAABk']);
      assert.equal(body, '0 bytes, upgrade none');
    }
  });

  test('other upgrades reach the target, also where bodies are limited', async () => {
    const lines = ['Host: bytes.example', 'Upgrade: chat', 'Connection: Upgrade'];
    assert.match((await exchange(proxy?.port ?? 0, ['GET / HTTP/1.1', ...lines])).head, /^HTTP\/1.1 400 /);
  });

  const ask = (method: string, body?: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const session = connectHttp2(`http://127.0.0.1:${proxy?.port}`);
      session.on('error', reject);
      const asked = { ':method': method, ':path': '/', ':authority': 'bytes.example' };
      const stream = session.request(asked, { endStream: body === undefined });
      stream.on('error', reject);
      stream.on('response', (headers) => {
        resolve(headers[':status'] ?? 0);
        session.destroy();
      });
      if (body !== undefined) stream.end(body);
    });
  for (const method of ['GET', 'OPTIONS', 'POST']) {
    test(`HTTP/2: ${method} with a body of unknown length is 411 where bodies are limited`, async () => {
      assert.equal(await ask(method, 'x'.repeat(100)), 411);
    });
  }
  test('HTTP/2: without a body, or with one of no bytes, it is served', async () => {
    assert.equal(await ask('GET'), 200);
    assert.equal(await ask('GET', ''), 200);
    assert.equal(await ask('HEAD'), 200);
  });
});
