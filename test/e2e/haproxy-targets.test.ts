/** How a real HAProxy deals with its targets: how many connections, what is tried again, and connections that targets close while they are idle. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from '../fakes/listen.ts';
import { backend, http, route, service, target } from '../front/make-service.ts';
import { exchange, freePort, type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';

/** How long the targets keep an idle connection: the shortest of common servers (gunicorn; Node has 5 s). */
const idleMs = 2_000;
const idlers = Array.from({ length: 20 }, (_, i) => `idle-${i}`);

let [most, current, closings, resets] = [0, 0, 0, 0];
const served = new Map<string, number>();
const slow = createServer((request, response) => {
  most = Math.max(most, ++current);
  request.resume();
  setTimeout(() => {
    current--;
    response.end();
  }, 60);
});
const counting = createServer((request, response) => {
  const id = request.url ?? '';
  served.set(id, (served.get(id) ?? 0) + 1);
  request.resume();
  request.on('end', () => response.end());
});
const resetting = createTcpServer((socket) => {
  resets++;
  socket.on('error', () => undefined);
  socket.resetAndDestroy();
});
/** Answers, and closes what was idle for a while. */
const impatient = createTcpServer((socket) => {
  let timer: NodeJS.Timeout | undefined;
  socket.on('error', () => undefined);
  socket.on('data', () => {
    clearTimeout(timer);
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    timer = setTimeout(() => {
      closings++;
      socket.destroy();
    }, idleMs);
  });
  socket.on('close', () => clearTimeout(timer));
});
const servers: readonly Server[] = [slow, counting, resetting, impatient];

const status = async (...args: Parameters<typeof exchange>): Promise<string> =>
  (await exchange(...args)).head.split(' ')[1] ?? 'none';

describe('targets', () => {
  let proxy: RunningProxy | undefined;
  before(async () => {
    const [slowPort, port, resetPort, idlePort] = await Promise.all(servers.map((server) => listen(server)));
    const closed = await freePort();
    const at = (...ports: readonly (number | undefined)[]) => ports.map((one) => target('127.0.0.1', one));
    const few = { targets: at(slowPort), maxConnections: 2 };
    const one = (id: string, web: Parameters<typeof backend>[0], more: Parameters<typeof http>[1] = {}) =>
      service(`a/${id}`, [http([route([`${id}.test`])], more)], { backends: { web: backend(web) } });
    proxy = await startProxy([
      one('few', few),
      one('short', few, { timeouts: { queueMs: 30 } }),
      one('refusing', { targets: at(closed, port) }),
      one('resetting', { targets: at(resetPort, port) }),
      // A backend for each: connections of one client are no help to another.
      ...idlers.map((id) => one(id, { targets: at(idlePort) })),
    ]);
  });
  after(async () => {
    await proxy?.stop();
    for (const server of servers) server.close();
  });
  const post = (host: string, path = '/') =>
    status(proxy?.port ?? 0, [`POST ${path} HTTP/1.1`, `Host: ${host}.test`, 'Content-Length: 0']);
  const get = (host: string) => status(proxy?.port ?? 0, ['GET / HTTP/1.1', `Host: ${host}.test`]);

  test('maxConnections: a target gets no more, the others wait; who waits too long gets 503', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => get('few')));
    assert.deepEqual([...new Set(all)], ['200']);
    assert.equal(most, 2);
    const short = await Promise.all(Array.from({ length: 10 }, () => get('short')));
    assert.deepEqual([...new Set(short)].sort(), ['200', '503']);
    assert.equal(most, 2);
  });

  test('a target that refuses: every method goes on to another, once', async () => {
    served.clear();
    for (let i = 0; i < 40; i++) assert.equal(await post('refusing', `/r${i}`), '200');
    assert.equal(served.size, 40);
    assert.deepEqual([...new Set(served.values())], [1]);
  });

  test('a target that resets what it accepted: GET goes on to another, POST is never made twice and never lost in silence', async () => {
    for (let i = 0; i < 20; i++) assert.equal(await get('resetting'), '200');
    served.clear();
    const answers: string[] = [];
    for (let i = 0; i < 40; i++) answers.push(await post('resetting', `/p${i}`));
    assert.ok(resets > 20);
    assert.ok(answers.every((answer) => answer === '200' || answer === '502'));
    assert.deepEqual([...new Set(served.values())], [1]);
    assert.equal(served.size, answers.filter((answer) => answer === '200').length);
  });

  test('an idle connection is closed before its target does it: no request meets one that is closing', async () => {
    const open: Socket[] = [];
    const ask = (socket: Socket, host: string) =>
      new Promise<string>((resolve, reject) => {
        socket.once('data', (chunk) => resolve(String(chunk).split(' ')[1] ?? ''));
        socket.once('close', () => reject(new Error('closed without an answer')));
        socket.write(`POST / HTTP/1.1\r\nHost: ${host}.test\r\nContent-Length: 1\r\n\r\nx`);
      });
    const kept = idlers.map(async (host, i) => {
      const socket = connect(proxy?.port ?? 0, '127.0.0.1');
      open.push(socket);
      assert.equal(await ask(socket, host), '200');
      assert.equal(await ask(socket, host), '200');
      // Around the moment at which the target would close.
      await sleep(idleMs - 10 + i);
      assert.equal(await ask(socket, host), '200');
    });
    await Promise.all(kept);
    for (const socket of open) socket.destroy();
    assert.equal(closings, 0);
  });
});
