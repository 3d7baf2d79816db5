/** One service whose requests come back to the balancer, or hold all it has: the others are served, and it is told by its name. */
import assert from 'node:assert/strict';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { showProcesses } from '../../providers/haproxy/master.ts';
import {
  backend,
  freePort,
  frontend,
  get,
  type Rig,
  route,
  settings,
  signal,
  startRig,
  startTarget,
  type Target,
  until,
} from './haproxy-rig.ts';

let rig: Rig;
let good: Target;
let port: number;
let servers: Server[] = [];
let sockets: Socket[] = [];

beforeEach(async () => {
  rig = await startRig();
  good = await startTarget('good');
  port = await freePort();
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  [servers, sockets] = [[], []];
  await rig.end();
  await good.close();
});

/** Leads every connection to `to`, as a rule of the kernel or another proxy does; gives up after `most`. */
async function startDetour(to: number, most: number): Promise<{ readonly port: number; readonly count: () => number }> {
  let count = 0;
  const at = await freePort();
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    if (++count > most) return void socket.destroy();
    const onward = connect({ host: '127.0.0.1', port: to });
    sockets.push(onward);
    onward.on('error', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  return { port: at, count: () => count };
}

test('requests that come back by a detour end after a few rounds with 508', async () => {
  const detour = await startDetour(port, 200);
  const session = await rig.open();
  await session.commit?.(
    [],
    [
      settings,
      frontend(port),
      backend('loop', { [detour.port]: 1 }),
      backend('good', { [good.port]: 1 }),
      route(port, 'q.test', '/', 'loop'),
      route(port, 'g.test', '/', 'good'),
    ],
    signal,
  );
  assert.equal((await get(port, 'q.test')).status, 508);
  assert.ok(detour.count() <= 20, `${detour.count()} rounds`);
  assert.equal((await get(port, 'g.test')).body, 'good');
});

/** Takes every request and never answers. */
async function startSilent(): Promise<number> {
  const at = await freePort();
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.resume();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  return at;
}

function ask(host: string): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return socket;
}

test('what is left of a service that was removed is ended as late as an old worker would be', async () => {
  const silent = await startSilent();
  const session = await rig.open({ hardStopAfter: '2s' });
  const stays = [settings, frontend(port), backend('good', { [good.port]: 1 }), route(port, 'g.test', '/', 'good')];
  await session.commit?.([], [...stays, backend('loop', { [silent]: 1 }), route(port, 'q.test', '/', 'loop')], signal);
  let ended = false;
  // The connection may go on; the request is answered by HAProxy.
  ask('q.test').once('data', () => {
    ended = true;
  });
  await until('on its way', () => sockets.length > 1);
  const worker = (await showProcesses(`${rig.directory}/master.sock`))?.workers;
  await session.commit?.([], stays, signal);
  assert.equal((await get(port, 'g.test')).body, 'good');
  assert.equal(ended, false, 'it has its time');
  await until('ended', () => ended, 20_000);
  assert.deepEqual((await showProcesses(`${rig.directory}/master.sock`))?.workers, worker, 'nothing was reloaded');
});

test('who has most connections is named when there are no more', async () => {
  const silent = await startSilent();
  const session = await rig.open({ maxConnections: 30 });
  const of = (id: string, service: string, at: number) => ({ ...backend(id, { [at]: 1 }), serves: [service] });
  const backends = [of('loop', 'bad/loop', silent), of('other', 'shop/web', silent)];
  await session.commit?.(
    [],
    [settings, frontend(port), ...backends, route(port, 'q.test', '/', 'loop'), route(port, 'o.test', '/', 'other')],
    signal,
  );
  for (let i = 0; i < 5; i++) ask('o.test');
  for (let i = 0; i < 40; i++) ask('q.test');
  const trouble = await until('told', () => session.troubles?.().find(({ code }) => code === 'E_HAPROXY_FULL'));
  assert.match(trouble.message, /has 30 connections and may have 30 .*; bad\/loop has most of them: 2\d$/);
});
