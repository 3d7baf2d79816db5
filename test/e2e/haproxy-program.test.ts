/** The HAProxy program is replaced while it serves: handed over to under load, and never to one that is no good. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, test } from 'node:test';
import { findProgramFile, runningFile } from '../../providers/haproxy/binary-file.ts';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { isAlive } from '../../providers/haproxy/process-id.ts';
import type { Resource, Session } from '../../src/model/index.ts';
import { type Load, startLoad } from '../bench/client.ts';
import {
  answers,
  backend,
  freePort,
  frontend,
  openStream,
  type Rig,
  route,
  settings,
  signal,
  startEcho,
  startRig,
  startTarget,
  type Target,
  until,
} from './haproxy-rig.ts';

let rig: Rig;
let one: Target;
let two: Target;
let echo: Target;
let port: number;
let tcp: number;
let folder: string;

beforeEach(async () => {
  rig = await startRig();
  folder = await mkdtemp(`${tmpdir()}/weir-`);
  one = await startTarget('one');
  two = await startTarget('two');
  echo = await startEcho('echo');
  port = await freePort();
  tcp = await freePort();
});

afterEach(async () => {
  await rig.end();
  for (const target of [one, two, echo]) await target.close();
  await rm(folder, { recursive: true });
});

const commit = (session: Session, resources: readonly Resource[]) => session.commit?.([], resources, signal);
const processes = () => showProcesses(`${rig.directory}/master.sock`);
const state = (target: Target): readonly Resource[] => [
  settings,
  frontend(port),
  route(port, 'a.test', '/', 'web'),
  backend('web', { [target.port]: 1 }),
  frontend(tcp, { mode: 'tcp' }, { default: 'echo' }),
  backend('echo', { [echo.port]: 1 }, { mode: 'tcp' }),
];

/** A copy of the installed HAProxy; `version` takes the place of the last character of its own. */
async function copyProgram(name: string, version?: string): Promise<string> {
  const installed = execFileSync('sh', ['-c', 'command -v haproxy'], { encoding: 'utf8' }).trim();
  let bytes = await readFile(installed);
  if (version !== undefined) {
    const [, own = ''] = /^HA-?Proxy version (\S+)/m.exec(execFileSync(installed, ['-v'], { encoding: 'utf8' })) ?? [];
    const text = bytes.toString('latin1').replaceAll(own, own.slice(0, -version.length) + version);
    bytes = Buffer.from(text, 'latin1');
  }
  await writeFile(`${folder}/${name}`, bytes, { mode: 0o755 });
  return `${folder}/${name}`;
}

/** Points the link elsewhere in one step. */
async function point(link: string, to: string): Promise<void> {
  await symlink(to, `${link}.new`);
  await rename(`${link}.new`, link);
}

/** Everything that must not notice: new connections, kept ones with POSTs, streams. */
async function underLoad(work: () => Promise<void>): Promise<void> {
  const load = { host: '127.0.0.1', port, authority: 'a.test', perSecond: 300 } as const;
  const loads: readonly Load[] = await Promise.all([
    startLoad({ ...load, mode: 'new' }),
    startLoad({ ...load, mode: 'keepalive', method: 'POST', body: 'twenty-one bytes here', workers: 50 }),
  ]);
  const streams = await Promise.all(Array.from({ length: 10 }, () => openStream(tcp)));
  let cut = 0;
  for (const { socket } of streams) socket.on('close', () => cut++);
  const ended = work().finally(() => Promise.all(loads.map((load) => load.stop())));
  await ended.finally(() => {
    if (cut > 0) for (const { socket } of streams) socket.destroy();
  });
  for (const load of loads) {
    const { sent, failed, errors } = load.counts();
    assert.ok(sent > 300, `${sent} requests were sent`);
    assert.equal(failed, 0, JSON.stringify(errors));
  }
  const echoed = streams.map(({ socket }) => new Promise((resolve) => socket.once('data', resolve)));
  for (const { socket } of streams) socket.write('still there\n');
  await Promise.all(echoed);
  assert.equal(cut, 0);
  for (const { socket } of streams) socket.destroy();
}

test('a new file under the same name: the master executes it, nobody loses anything', async () => {
  const link = `${folder}/haproxy`;
  await symlink(await copyProgram('a'), link);
  const session = await rig.open({ binary: link });
  await commit(session, state(one));
  const before = await processes();
  assert.ok(before);
  await underLoad(async () => {
    const next = await copyProgram('b');
    await point(link, next);
    await until('the new file runs', () => rig.logs.some((line) => line.includes('HAProxy was replaced')), 30_000);
    assert.equal(await runningFile(before.master), (await findProgramFile(next))?.file);
  });
  assert.equal((await processes())?.master, before.master);
  // It goes on by commands as before.
  const renewed = await processes();
  await commit(session, state(two));
  assert.deepEqual(await answers(port, 'a.test', 4), ['two']);
  assert.deepEqual((await processes())?.workers, renewed?.workers);
});

test('another version at another path, found by the next weir: a second master takes over', async () => {
  const session = await rig.open({ binary: await copyProgram('a') });
  await commit(session, state(one));
  const before = await processes();
  assert.ok(before);
  await session.close('leave');
  const next = await rig.open({ binary: await copyProgram('b', 'X') });
  await underLoad(async () => {
    await commit(next, state(one));
    await until(
      'the other version serves',
      () => rig.logs.some((line) => /HAProxy was replaced.*X$/.test(line)),
      30_000,
    );
  });
  const now = await processes();
  assert.notEqual(now?.master, before.master);
  await until('the first master ended with its last stream', () => !isAlive(before.master));
  await commit(next, [...state(two), backend('more', {})]);
  assert.deepEqual(await answers(port, 'a.test', 4), ['two']);
  assert.equal((await processes())?.master, now?.master);
});

test('a program that is no good is told and not taken; a better one is', async () => {
  const link = `${folder}/haproxy`;
  const good = await copyProgram('a');
  await symlink(good, link);
  const session = await rig.open({ binary: link });
  await commit(session, state(one));
  const before = await processes();
  await writeFile(`${folder}/bad`, '#!/bin/sh\necho "HA-Proxy version 2.4.1"\n', { mode: 0o755 });
  await point(link, `${folder}/bad`);
  await until(
    'that is told',
    () => rig.logs.some((line) => /cannot be used, so the old one goes on: .*2\.4\.1/.test(line)),
    30_000,
  );
  assert.deepEqual(await processes(), before);
  await commit(session, state(two));
  assert.deepEqual(await answers(port, 'a.test', 4), ['two']);
});
