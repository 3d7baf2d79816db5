/** A weir begins while HAProxy does not answer: in the middle of a reload, of its start, of its replacement. There is never a second one beside it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { rename, rm, unlink } from 'node:fs/promises';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { askMaster, showProcesses } from '../../providers/haproxy/master.ts';
import type { Resource, Session } from '../../src/model/index.ts';
import { orderedResources } from './haproxy-child.ts';
import {
  answers,
  backend,
  freePort,
  frontend,
  openStream,
  type Rig,
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
let port: number;
let started: ChildProcess | undefined;

beforeEach(async () => {
  [rig, one, two, port] = [await startRig(), await startTarget('one'), await startTarget('two'), await freePort()];
});

afterEach(async () => {
  started?.kill('SIGKILL');
  started = undefined;
  for (const pid of masters()) process.kill(pid, 'SIGCONT');
  await rig.end();
  const left = masters();
  for (const pid of left) process.kill(pid, 'SIGKILL');
  for (const target of [one, two]) await target.close();
  assert.deepEqual(left, [], 'taken down with everything');
});

/** Everything that runs with a socket in the directory and is no child of another such process. */
function masters(): readonly number[] {
  const parents = new Map<number, number>();
  for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    const read = (file: string): string => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'utf8');
      } catch {
        return '';
      }
    };
    if (!read('cmdline').includes(`\0-S\0${rig.directory}/`)) continue;
    parents.set(pid, Number(/^PPid:\s+(\d+)$/m.exec(read('status'))?.[1]));
  }
  return [...parents].filter(([, parent]) => !parents.has(parent)).map(([pid]) => pid);
}

const masterSocket = () => `${rig.directory}/master.sock`;
const state = (...targets: readonly Target[]) =>
  orderedResources({ port, servers: Object.fromEntries(targets.map((target) => [target.port, 1])) });
const commit = (session: Session, resources: readonly Resource[]) => session.commit?.([], resources, signal);
const loads = () => rig.logs.filter((line) => /HAProxy (?:reloaded|started)$/.test(line));

/** The master of a HAProxy that serves what a weir left. */
async function left(resources: readonly Resource[] = state(one)): Promise<number> {
  const session = await rig.open();
  await commit(session, resources);
  await session.close('leave');
  rig.logs.length = 0;
  const [master = 0, ...more] = masters();
  assert.deepEqual(more, []);
  return master;
}

test('its socket is away for a while: waited for and adopted', async () => {
  const master = await left();
  await rename(masterSocket(), `${masterSocket()}.away`);
  const back = sleep(900).then(() => rename(`${masterSocket()}.away`, masterSocket()));
  const session = await rig.open();
  await commit(session, state(two));
  await back;
  assert.deepEqual(await answers(port, 'a.test', 4), ['two']);
  assert.deepEqual([masters(), loads()], [[master], []]);
});

test('in the middle of a reload: adopted behind its end', async () => {
  const master = await left();
  for (let turn = 0; turn < 5; turn++) {
    await askMaster(masterSocket(), 'reload', 2_000).catch(() => '');
    await sleep(turn * 10);
    const session = await rig.open();
    await commit(session, state(turn % 2 === 0 ? two : one));
    await session.close('leave');
    assert.deepEqual(masters(), [master]);
  }
  assert.deepEqual(await answers(port, 'a.test', 4), ['two']);
});

test('it never answers: told with its number, serves on, and is adopted when it does', async () => {
  const master = await left();
  process.kill(master, 'SIGSTOP');
  const session = await rig.open();
  for (let turn = 0; turn < 2; turn++) {
    await assert.rejects(async () => commit(session, state(two)), {
      code: 'E_HAPROXY_SOCKET',
      message: new RegExp(`process ${master} .*master\\.sock`),
    });
    assert.deepEqual(masters(), [master]);
  }
  assert.deepEqual(await answers(port, 'a.test', 2), ['one']);
  process.kill(master, 'SIGCONT');
  await commit(session, state(two));
  assert.deepEqual(await answers(port, 'a.test', 4), ['two']);
  assert.deepEqual([masters(), loads()], [[master], []]);
});

test('killed as soon as it has started one', async () => {
  const child = new URL('./haproxy-child.ts', import.meta.url).pathname;
  const directory = rig.directory.replace(/\/haproxy$/, '');
  started = spawn(process.execPath, [child, directory], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(started, 'message');
  started.send({ port, servers: { [one.port]: 1 } });
  const [master] = await until('HAProxy starts', () => masters().length > 0 && masters());
  const ended = once(started, 'exit');
  started.kill('SIGKILL');
  await ended;
  await commit(await rig.open(), state(two));
  assert.deepEqual(await answers(port, 'a.test', 4), ['two']);
  assert.deepEqual(masters(), [master]);
});

test('killed between a second one and the end of the first: one stays, the other ends behind its last stream', async () => {
  const echo = await startEcho('echo');
  try {
    const tcp = [
      settings,
      frontend(port, { mode: 'tcp' }, { default: 'echo' }),
      backend('echo', { [echo.port]: 1 }, { mode: 'tcp' }),
    ];
    const first = await left(tcp);
    const stream = await openStream(port);
    const args = ['-W', '-f', 'haproxy.cfg', '-S', `${masterSocket()},mode,600`, '-x', rig.socket];
    const beside = spawn('haproxy', args, { cwd: rig.directory, detached: true, stdio: 'ignore' });
    beside.unref();
    await until('it has taken over', async () => (await showProcesses(masterSocket()))?.master === beside.pid);
    assert.deepEqual(new Set(masters()), new Set([first, beside.pid]));
    const session = await rig.open();
    await commit(session, tcp);
    assert.equal((await showProcesses(masterSocket()))?.master, beside.pid);
    assert.match(rig.logs.join('\n'), new RegExp(`warn HAProxy ran twice in .*: process ${first} takes no new`));
    stream.socket.write('still here\n');
    assert.match(String(await once(stream.socket, 'data')), /still here/);
    stream.socket.destroy();
    await until('the first is gone', () => masters().length === 1 && masters()[0] === beside.pid);
  } finally {
    await echo.close();
  }
});

test('its directory was deleted: another one takes over without a lost request', async () => {
  const pid = await left();
  await rm(rig.directory, { recursive: true });
  const failures: unknown[] = [];
  let done = false;
  const client = (async () => {
    while (!done) await answers(port, 'a.test', 1).catch((error) => failures.push(error));
  })();
  try {
    await commit(await rig.open(), state(two));
  } finally {
    done = true;
    await client;
  }
  assert.deepEqual([failures, await answers(port, 'a.test', 8)], [[], ['two']]);
  assert.match(rig.logs.join('\n'), new RegExp(`warn HAProxy ran twice in .*: process ${pid} takes no new`));
  await until('the first is gone', () => masters().length === 1 && masters()[0] !== pid);
});

test('started in a namespace of mounts of its own: found, and taken down', async () => {
  const first = await left();
  process.kill(first, 'SIGKILL');
  await until('it is gone', () => masters().length === 0);
  const args = ['-m', 'haproxy', '-W', '-f', 'haproxy.cfg', '-S', `${masterSocket()},mode,600`];
  const apart = spawn('unshare', args, { cwd: rig.directory, detached: true, stdio: 'ignore' });
  apart.unref();
  await until('it serves', async () => (await showProcesses(masterSocket()))?.master === apart.pid);
  await rm(rig.directory, { recursive: true });
  const session = await rig.open();
  await session.close('withdraw');
  assert.deepEqual(masters(), []);
});

test('nobody can ask it any more: taken down all the same', async () => {
  await left();
  await unlink(masterSocket());
  const session = await rig.open();
  await session.close('withdraw');
  assert.deepEqual(masters(), []);
});
