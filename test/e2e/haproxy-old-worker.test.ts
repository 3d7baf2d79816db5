/** What HAProxy leaves behind: workers of earlier configurations, and what it writes. */
import assert from 'node:assert/strict';
import { stat, truncate } from 'node:fs/promises';
import { afterEach, beforeEach, test } from 'node:test';
import { showProcesses } from '../../providers/haproxy/master.ts';
import {
  backend,
  freePort,
  frontend,
  get,
  type Rig,
  settings,
  signal,
  startRig,
  startTarget,
  type Target,
  until,
} from './haproxy-rig.ts';

let rig: Rig;
let target: Target;

beforeEach(async () => {
  rig = await startRig();
  target = await startTarget('one');
});

afterEach(async () => {
  await rig.end();
  await target.close();
});

const processes = () => showProcesses(`${rig.directory}/master.sock`);

test('an old worker without connections ends, reload by reload, and nothing of ours keeps it', async () => {
  const session = await rig.open();
  const ports = [await freePort(), await freePort(), await freePort()];
  const resources = [settings, backend('web', { [target.port]: 1 })];
  for (const [i] of ports.entries())
    await session.commit?.(
      [],
      [...resources, ...ports.slice(0, i + 1).map((port) => frontend(port, {}, { default: 'web' }))],
      signal,
    );
  const before = await until('processes', processes);
  await until('no old worker', async () => ((await processes())?.oldWorkers.length === 0 ? true : undefined), 30_000);
  assert.deepEqual((await processes())?.workers, before.workers, 'the one that serves is the same');
  // Its end is still seen at once.
  process.kill(before.workers[0] ?? 0, 'SIGKILL');
  await until('served again', async () => (await get(ports[0] ?? 0, 'a.test').catch(() => undefined))?.status === 200);
  assert.ok(rig.logs.some((line) => line.includes('HAProxy ended')));
});

test('what HAProxy writes has a bound while weir runs: one file and the one before it', async () => {
  const session = await rig.open({ log: 'stdout' });
  const port = await freePort();
  const web = backend('web', { [target.port]: 1 });
  await session.commit?.([], [settings, web, frontend(port, {}, { default: 'web' })], signal);
  await get(port, 'a.test', '/first');
  const path = `${rig.directory}/haproxy.log`;
  // A hole: HAProxy goes on behind it.
  await truncate(path, 20 * 1024 * 1024);
  await until('a file that began anew', async () => (await stat(path)).size < 1024 * 1024);
  assert.ok((await stat(`${path}.1`)).size >= 20 * 1024 * 1024);
  await get(port, 'a.test', '/second');
  await until('a request in it', async () => (await stat(path)).size > 0);
});
