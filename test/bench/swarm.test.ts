import assert from 'node:assert/strict';
import { createSecureServer } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { listen } from '../fakes/listen.ts';
import type { LoadSpec } from './client/swarm-words.ts';
import { makeCertificate } from './haproxy/certificate.ts';
import { startOrigin } from './haproxy/edge.ts';
import { startSwarm } from './haproxy/swarm.ts';

const asks = [{ authority: 'main.test' }];

async function swarmOf(t: TestContext, ...loads: readonly LoadSpec[]) {
  const swarm = await startSwarm({ loads });
  t.after(() => swarm.stop());
  return swarm;
}

describe('startSwarm', () => {
  for (const kind of ['new', 'pool'] as const) {
    it(`counts the answers of a ${kind} load by target, and one by the wrong target as failed`, async (t) => {
      const origin = await startOrigin({ http: 1 });
      t.after(() => origin.end());
      const [port = 0] = origin.http;
      const spec = { kind, port, connections: 4, perSecond: 500 };
      const swarm = await swarmOf(
        t,
        { ...spec, name: 'right', asks: [{ authority: 'main.test', by: ['t0'] }] },
        { ...spec, name: 'wrong', asks: [{ authority: 'main.test', by: ['t1'] }] },
      );
      await swarm.until('answers', () => swarm.load('right').ok >= 100 && swarm.load('wrong').failed >= 100);
      await swarm.stop();
      assert.equal(swarm.load('right').failed, 0);
      assert.equal(swarm.load('right').targets.t0?.[0], swarm.load('right').ok);
      assert.equal(swarm.load('wrong').ok, 0);
      assert.deepEqual(Object.keys(swarm.errors()), ['wrong: answered by t0']);
    });
  }

  it('fails when its target dies', async (t) => {
    const origin = await startOrigin({ http: 1 });
    t.after(() => origin.end());
    const [port = 0] = origin.http;
    const swarm = await swarmOf(t, { name: 'new', kind: 'new', port, connections: 4, perSecond: 500, asks });
    await swarm.until('answers', () => swarm.load('new').ok >= 50);
    await origin.order({ index: 0, to: 'close' });
    await swarm.until('failures', () => swarm.load('new').failed >= 50);
    assert.ok((swarm.errors()['new: ECONNREFUSED'] ?? 0) > 0);
  });

  it('fails on connections that the server closed, when it does not look', async (t) => {
    // Keeps the connection by its word, and closes it a moment later.
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        setImmediate(() => socket.end());
      });
    });
    t.after(() => server.close());
    const spec = { kind: 'pool', port: await listen(server), connections: 4, perSecond: 200, asks } as const;
    const swarm = await swarmOf(t, { ...spec, name: 'blind', blind: true }, { ...spec, name: 'looking' });
    await swarm.until('failures', () => swarm.load('blind').failed >= 20 && swarm.load('looking').ok >= 100);
    assert.ok(swarm.load('looking').failed < swarm.load('blind').failed);
  });

  it('counts streams that stand, and those that are cut', async (t) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.pipe(socket);
    });
    t.after(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    const port = await listen(server);
    const swarm = await swarmOf(t, { name: 'pings', kind: 'ping', port, connections: 5, perSecond: 100 });
    await swarm.until('streams', () => swarm.load('pings').open === 5);
    assert.equal(swarm.total().cut, 0);
    for (const socket of [...sockets].slice(0, 2)) socket.destroy();
    await swarm.until('cuts', () => swarm.total().cut === 2);
    await swarm.until('streams again', () => swarm.load('pings').open === 5);
  });

  it('speaks HTTP/2, and moves to a new session after a goodbye', async (t) => {
    const { bundle, certificate } = makeCertificate('main.test');
    const server = createSecureServer({ key: bundle, cert: certificate });
    let sessions = 0;
    server.on('session', (session) => {
      sessions++;
      let served = 0;
      session.on('stream', (stream) => {
        stream.respond({ ':status': 200, 'x-target': 't7' });
        if (++served !== 20) {
          stream.end('t7');
          return;
        }
        // Graceful, as servers begin it: what is on its way is served too. Without an open stream nghttp2 would read no further.
        session.goaway(0, 2 ** 31 - 1);
        setTimeout(() => stream.end('t7'), 500);
      });
    });
    const port = await listen(server);
    const swarm = await swarmOf(t, {
      name: 'h2',
      kind: 'h2',
      port,
      connections: 2,
      perSecond: 300,
      asks,
      ca: certificate,
    });
    await swarm.until('answers', () => swarm.load('h2').ok >= 150);
    await swarm.stop();
    server.close();
    assert.ok(sessions >= 4, `${sessions} sessions`);
    assert.deepEqual(swarm.errors(), {});
  });
});
