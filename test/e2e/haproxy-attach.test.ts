/** HAProxy is run by somebody else: weir writes its files, changes and reloads it, and never starts or stops it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, unlink } from 'node:fs/promises';
import { afterEach, beforeEach, test } from 'node:test';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { isAlive } from '../../providers/haproxy/process-id.ts';
import type { Resource, Session } from '../../src/model/index.ts';
import { type Manager, manageHaproxy } from './haproxy-attached.ts';
import { orderedResources } from './haproxy-child.ts';
import {
  answers,
  find,
  freePort,
  frontend,
  get,
  type Rig,
  route,
  signal,
  startRig,
  startTarget,
  type Target,
  until,
} from './haproxy-rig.ts';

let rig: Rig;
let one: Target;
let two: Target;
let port: number;
let master: string;
let manager: Manager | undefined;

beforeEach(async () => {
  rig = await startRig();
  one = await startTarget('one');
  two = await startTarget('two');
  port = await freePort();
  master = `${rig.directory}/run.sock`;
});

afterEach(async () => {
  await manager?.end();
  manager = undefined;
  await rig.end();
  await one.close();
  await two.close();
});

const attach = (options: Readonly<Record<string, unknown>> = {}) =>
  rig.open({ mode: 'attached', masterSocket: master, ...options });
const state = (...targets: readonly Target[]) =>
  orderedResources({ port, servers: Object.fromEntries(targets.map((target) => [target.port, 1])) });
const commit = (session: Session, resources: readonly Resource[]) => session.commit?.([], resources, signal);
const processes = () => showProcesses(master);
const reloads = () => rig.logs.filter((line) => line.endsWith('HAProxy reloaded')).length;

/** A session whose first state is served. */
async function serving(options: Readonly<Record<string, unknown>> = {}): Promise<Session> {
  const session = await attach(options);
  await assert.rejects(async () => commit(session, state(one)), { code: 'E_HAPROXY_SOCKET' });
  manager = manageHaproxy(rig.directory, master);
  await until('the session finds it', () => rig.changes.includes('HAProxy answers'));
  await commit(session, state(one));
  return session;
}

test('while nobody runs it, that is told with what to do, and the files wait for it', async () => {
  const session = await attach();
  for (const wanted of [state(one), state(one, two)]) {
    await assert.rejects(async () => commit(session, wanted), {
      code: 'E_HAPROXY_SOCKET',
      message: /run\.sock: .*ENOENT.*start HAProxy .* -W -f \S+\/haproxy\.cfg -S \S+\/run\.sock$/,
    });
  }
  assert.match(await readFile(`${rig.directory}/haproxy.cfg`, 'utf8'), new RegExp(`:${two.port} `));
  assert.deepEqual(await session.observe('all', signal), []);

  manager = manageHaproxy(rig.directory, master);
  await until('the session finds it', () => rig.changes.includes('HAProxy answers'));
  const before = await processes();
  // What it started with is what was wanted last: adopted, nothing to reload.
  await commit(session, state(one, two));
  assert.deepEqual(await answers(port, 'a.test', 6), ['one', 'two']);
  assert.ok(find(await session.observe('all', signal), 'Settings', 'settings'));
  assert.deepEqual((await processes())?.workers, before?.workers);
  assert.equal(reloads(), 0);
  assert.equal(manager.starts, 1);
});

test('targets change by command, a new port by a reload of the same master', async () => {
  const session = await serving();
  const before = await processes();
  await commit(session, state(two));
  assert.deepEqual(await answers(port, 'a.test', 4), ['two']);
  assert.deepEqual(await processes(), before);
  const second = await freePort();
  await commit(session, [...state(two), frontend(second), route(second, 'b.test', '/', 'web')]);
  assert.equal((await get(second, 'b.test')).body, 'two');
  assert.equal((await processes())?.master, before?.master);
  assert.equal(reloads(), 1);
  assert.equal(manager?.starts, 1);
});

test('leaving and taking down: it runs on, and serves nothing after the second', async () => {
  const session = await serving();
  const before = await processes();
  await session.close('leave');
  assert.equal((await get(port, 'a.test')).body, 'one');
  const next = await attach();
  await commit(next, state(two));
  assert.deepEqual(await answers(port, 'a.test', 3), ['two']);
  assert.deepEqual(await processes(), before);
  await commit(next, []);
  await assert.rejects(get(port, 'a.test'), /ECONNREFUSED/);
  await next.close('withdraw');
  assert.equal((await processes())?.master, before?.master);
  const last = await attach();
  assert.deepEqual(await last.observe('all', signal), []);
  assert.equal(manager?.starts, 1);
});

test('it dies: told, started by its own manager, adopted again with everything it served', async () => {
  const session = await serving();
  await commit(session, state(one, two));
  const before = await processes();
  assert.ok(before);
  rig.changes.length = 0;
  process.kill(before.master, 'SIGKILL');
  await until('the session finds the next one', () => rig.changes.includes('HAProxy answers'));
  assert.ok(rig.changes.includes('HAProxy ended'));
  assert.ok(!isAlive(before.master));
  assert.equal(manager?.starts, 2);
  assert.deepEqual(await answers(port, 'a.test', 6), ['one', 'two']);
  await commit(session, state(two));
  assert.deepEqual(await answers(port, 'a.test', 4), ['two']);
  assert.ok(find(await session.observe('all', signal), 'Settings', 'settings'));
  assert.equal(reloads(), 0);
});

test('a change while it is down is what it starts with', async () => {
  const session = await serving();
  await manager?.end();
  manager = undefined;
  await until('the session notices', () => rig.changes.includes('HAProxy ended'));
  await assert.rejects(async () => commit(session, state(two)), { code: 'E_HAPROXY_SOCKET' });
  rig.changes.length = 0;
  manager = manageHaproxy(rig.directory, master);
  await until('the session finds it', () => rig.changes.includes('HAProxy answers'));
  assert.deepEqual(await answers(port, 'a.test', 4), ['two']);
  await commit(session, state(two));
  assert.ok(find(await session.observe('all', signal), 'Settings', 'settings'));
  assert.equal(reloads(), 0);
});

test('an address that is not on this machine costs what listens there, and does not keep it from starting', async () => {
  const session = await attach();
  const second = await freePort();
  const wanted = [
    ...state(one),
    frontend(second, { addresses: ['198.51.100.7'] }),
    route(second, 'b.test', '/', 'web'),
  ];
  await assert.rejects(async () => commit(session, wanted), { code: 'E_HAPROXY_SOCKET' });
  manager = manageHaproxy(rig.directory, master);
  await until('the session finds it', () => rig.changes.includes('HAProxy answers'));
  await commit(session, wanted);
  assert.equal((await get(port, 'a.test')).body, 'one');
  assert.deepEqual([manager.starts, reloads()], [1, 0]);
  const service = {
    ...{ id: 'shop/web', groups: [], fronts: [], backends: {}, settings: {}, settingsOrigin: {} },
    origin: { source: 's', kind: 'k', namespace: 'shop', name: 'web', labels: {} },
  };
  const [report] = session.report([service], await session.observe('all', signal));
  const programmed = report?.conditions.find(({ type }) => type === 'Programmed');
  assert.deepEqual([programmed?.status, programmed?.reason], [false, 'E_LISTEN_ADDRESS']);
});

test('no program here: the running one checks what it loads, and keeps what it has when that is bad', async () => {
  const session = await serving({ binary: `${rig.directory}/none` });
  const second = await freePort();
  await commit(session, [...state(two), frontend(second), route(second, 'b.test', '/', 'web')]);
  assert.equal((await get(second, 'b.test')).body, 'two');
  const [before, file] = [await processes(), await readFile(`${rig.directory}/haproxy.cfg`, 'utf8')];
  await session.close('leave');
  const faulty = await attach({ binary: `${rig.directory}/none`, group: 'weir-no-such-group' });
  await assert.rejects(async () => commit(faulty, state(one)), {
    code: 'E_HAPROXY_RELOAD',
    message: /journalctl of its service, or the log of its container/,
  });
  assert.deepEqual((await processes())?.workers, before?.workers);
  assert.equal(await readFile(`${rig.directory}/haproxy.cfg`, 'utf8'), file);
  assert.equal((await get(port, 'a.test')).body, 'two');
  assert.ok(existsSync(rig.socket));
});

test('the path of its runtime socket is taken away: told, changed by reloads, no alarm of an end; well when it was started again', async () => {
  await (await serving()).close('leave');
  const before = await processes();
  await unlink(rig.socket);
  rig.logs.length = 0;
  const session = await attach();
  const ill = {
    code: 'E_HAPROXY_SOCKET',
    message: new RegExp(`^${rig.socket}: connect ENOENT after 0 of \\d answers; HAProxy serves on .* restart HAProxy`),
  };
  // Nothing is known of what it runs; whoever reads next finds the socket ill.
  await commit(session, state(two));
  for (const [count, target] of [two, one].entries()) {
    for (let turn = 0; turn < 2; turn++) {
      await session.observe('all', signal);
      await assert.rejects(async () => commit(session, state(target)), ill);
      assert.equal(reloads(), count + 1, 'one for a change, none for the same again');
    }
    assert.deepEqual(await answers(port, 'a.test', 4), [target.name]);
  }
  assert.equal((await processes())?.master, before?.master);
  assert.deepEqual(
    [manager?.starts, rig.logs.filter((line) => line.includes('ended')), session.troubles?.()],
    [1, [], []],
  );
  process.kill(before?.master ?? 0, 'SIGKILL');
  await until('it is commanded again', async () => {
    await session.observe('all', signal);
    return Promise.resolve(commit(session, state(one))).then(
      () => true,
      () => false,
    );
  });
  await commit(session, state(two));
  assert.deepEqual(await answers(port, 'a.test', 4), ['two']);
  // Nobody answered for a moment: what runs was unknown once more.
  assert.ok(reloads() <= 3);
});

test('a second weir with a directory of its own on the same HAProxy is refused, and traffic goes on', async () => {
  await serving();
  const before = await processes();
  const second = await attach({ dir: `${rig.directory}-second`, socket: rig.socket });
  for (let i = 0; i < 2; i++)
    await assert.rejects(async () => commit(second, state(two)), {
      code: 'E_LOCKED',
      message: /driven by a weir with another directory.*sockets of its own/,
    });
  assert.deepEqual(await processes(), before);
  assert.deepEqual(await answers(port, 'a.test', 4), ['one']);
});
