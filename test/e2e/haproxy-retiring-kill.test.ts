/** weir is killed while a target that left still has a connection, and the target returns before that ends: by command, as what it was. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, afterEach, before, test } from 'node:test';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { listen } from '../fakes/listen.ts';
import { orderedResources } from './haproxy-child.ts';
import { answers, freePort, type Rig, signal, startRig, startTarget, type Target, until } from './haproxy-rig.ts';

let rig: Rig;
let other: Target;
let port = 0;
let slowPort = 0;
let child: ChildProcess | undefined;
const waiting: ServerResponse[] = [];
const slow = createServer((asked, response) => {
  if (asked.url === '/wait') waiting.push(response);
  else response.end('slow');
});

before(async () => {
  [rig, other, port, slowPort] = [await startRig(), await startTarget('other'), await freePort(), await listen(slow)];
});
afterEach(() => child?.kill('SIGKILL'));
after(async () => {
  await rig.end();
  await other.close();
  slow.closeAllConnections();
  slow.close();
});

/** A request that takes as long as the machine needs. */
function askSlowly(): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/wait', headers: { host: 'a.test' }, agent: false });
    asked.on('response', (response) => text(response).then(resolve, reject));
    asked.on('error', reject);
    asked.end();
  });
}

/** A weir that has committed these servers one after the other, and was killed then. */
async function killedAfter(orders: readonly Readonly<Record<string, number>>[], between: () => Promise<unknown>) {
  const file = new URL('./haproxy-child.ts', import.meta.url).pathname;
  const started = spawn(process.execPath, [file, rig.directory.replace(/\/haproxy$/, '')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child = started;
  await once(started, 'message');
  for (const [i, servers] of orders.entries()) {
    if (i > 0) await between();
    started.send({ port, servers });
    await once(started, 'message');
  }
  const ended = once(started, 'exit');
  started.kill('SIGKILL');
  await ended;
}

test('it comes back with its connection, and nothing reloads', async () => {
  let answer: Promise<string> | undefined;
  const both = { [slowPort]: 1, [other.port]: 1 };
  await killedAfter([{ [slowPort]: 1 }, both, { [other.port]: 1 }], async () => {
    answer ??= askSlowly();
    await until('a request waits at the target', () => waiting.length > 0);
  });
  const workers = async () => (await showProcesses(`${rig.directory}/master.sock`))?.workers;
  const before = await workers();
  assert.deepEqual(await answers(port, 'a.test', 4), ['other']);
  const session = await rig.open();
  await session.commit?.([], orderedResources({ port, servers: both }), signal);
  assert.deepEqual(await answers(port, 'a.test', 8), ['other', 'slow']);
  assert.deepEqual(await workers(), before);
  waiting[0]?.end('at last');
  assert.equal(await answer, 'at last');
  assert.deepEqual(
    rig.logs.filter((line) => line.startsWith('warn') || line.includes('reloaded')),
    [],
  );
});
