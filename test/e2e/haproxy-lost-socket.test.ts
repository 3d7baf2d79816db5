/** Somebody removes the path of the runtime socket where the process also listens for itself: it is there again behind the next change. */
import assert from 'node:assert/strict';
import { unlink } from 'node:fs/promises';
import { afterEach, beforeEach, test } from 'node:test';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { RuntimeSocket } from '../../providers/haproxy/socket.ts';
import type { Attrs } from '../../src/model/index.ts';
import {
  backend,
  find,
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
let one: Target;
let port: number;

beforeEach(async () => {
  rig = await startRig();
  one = await startTarget('one');
  port = await freePort();
});

afterEach(async () => {
  await rig.end();
  await one.close();
});

test('counters that go over from worker to worker: served all the time, and by command again', async () => {
  const limit: Attrs = { filters: [{ type: 'rateLimit', scope: 'a', burst: 2, windowMs: 600_000 }] };
  const limited = { ...route(port, 'a.test', '/limited', 'web') };
  const resources = (...weights: readonly number[]) => [
    settings,
    frontend(port),
    route(port, 'a.test', '/', 'web'),
    { ...limited, attrs: { ...limited.attrs, ...limit } },
    backend('web', Object.fromEntries(weights.map((weight) => [one.port, weight]))),
  ];
  let session = await rig.open();
  await session.commit?.([], resources(1), signal);
  const asked = [];
  for (let i = 0; i < 3; i++) asked.push((await get(port, 'a.test', '/limited')).status);
  assert.deepEqual(asked, [200, 200, 429]);
  const masterOf = async () => (await showProcesses(`${rig.directory}/master.sock`))?.master;
  const workersOf = async () => (await showProcesses(`${rig.directory}/master.sock`))?.workers;
  const before = await masterOf();
  let done = false;
  const failures: unknown[] = [];
  const clients = Promise.all(
    [1, 2, 3, 4].map(async () => {
      while (!done)
        await get(port, 'a.test').then(
          ({ status }) => status === 200 || failures.push(status),
          (error) => failures.push(error),
        );
    }),
  );
  try {
    await unlink(rig.socket);
    // The connection that is still open serves on; a new one finds nothing.
    await session.close('leave');
    session = await rig.open();
    await session.commit?.([], resources(2), signal);
    assert.equal(await masterOf(), before);
    const runtime = new RuntimeSocket(rig.socket);
    assert.match(await runtime.ask('show info'), /^Name: HAProxy/);
    runtime.close();
    await until('it is told what runs', async () => find(await session.observe('all', signal), 'Settings', 'settings'));
    const again = await workersOf();
    await session.commit?.([], resources(3), signal);
    assert.deepEqual(await workersOf(), again, 'by command');
    assert.equal((await get(port, 'a.test', '/limited')).status, 200);
  } finally {
    done = true;
    await clients;
  }
  assert.deepEqual(failures, []);
});
