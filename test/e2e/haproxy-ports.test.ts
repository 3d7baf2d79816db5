/** New TCP ports without a reload: a range that HAProxy listens on from the start. */
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { optionsSchema } from '../../providers/haproxy/options.ts';
import type { Resource, Session } from '../../src/model/index.ts';
import { service } from '../front/make-service.ts';
import {
  backend,
  freePort,
  frontend,
  get,
  openStream,
  type Rig,
  route,
  settings,
  signal,
  startEcho,
  startRig,
  startTarget,
  type Target,
} from './haproxy-rig.ts';

let rig: Rig;
let first: number;
const targets: Target[] = [];

beforeEach(async () => {
  rig = await startRig();
  first = await freeRange(10);
  for (const name of ['one', 'two']) targets.push(await startEcho(name));
});

afterEach(async () => {
  await rig.end();
  for (const target of targets.splice(0)) await target.close();
});

/** The first of some ports in a row that nobody has. */
async function freeRange(count: number): Promise<number> {
  for (;;) {
    const start = Math.min(await freePort(), 65_000);
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(start + i)));
    if (free.every(Boolean)) return start;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

const reloads = () =>
  [...rig.metrics].filter(([name]) => name.startsWith('weir_haproxy_reloads')).reduce((sum, [, n]) => sum + n, 0);

/** A TCP service: its port, and which target it has. */
function tcp(port: number, target: number): readonly Resource[] {
  const id = `t${port}`;
  return [
    frontend(port, { mode: 'tcp' }, { default: id }),
    backend(id, { [targets[target]?.port ?? 0]: 1 }, { mode: 'tcp' }),
  ];
}

const commit = (session: Session, ...resources: readonly Resource[]) =>
  session.commit?.([], [settings, ...resources], signal);

async function said(port: number): Promise<string> {
  const { first: line, socket } = await openStream(port);
  socket.destroy();
  return line;
}

/** `open` when somebody accepts and waits, else how it ends. */
function knock(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', (error) => resolve('code' in error ? String(error.code) : 'error'));
    socket.once('data', () => resolve('open'));
    socket.once('close', () => resolve('closed'));
  });
}

test('new ports of the range, other targets and none at all: no reload', async () => {
  const session = await rig.open({ portRange: `${first}-${first + 9}` });
  await commit(session, ...tcp(first, 0));
  assert.equal(await said(first), 'one');
  assert.equal(await knock(first + 1), 'closed');
  await commit(session, ...tcp(first, 0), ...tcp(first + 1, 1), ...tcp(first + 9, 0));
  assert.deepEqual([await said(first), await said(first + 1), await said(first + 9)], ['one', 'two', 'one']);
  const { socket } = await openStream(first + 1);
  await commit(session, ...tcp(first, 1), ...tcp(first + 9, 0));
  assert.deepEqual([await said(first), await knock(first + 1), await said(first + 9)], ['two', 'closed', 'one']);
  const answer = new Promise((resolve) => socket.once('data', resolve));
  socket.write('still here');
  assert.equal(await answer, 'still here', 'an open connection outlives its port');
  socket.destroy();
  assert.equal(reloads(), 0);
  const observed = await session.observe('all', signal);
  const [report] = session.report([service('shop/web', [])], observed);
  assert.deepEqual(report?.addresses, [{ ip: '127.0.0.1', ports: [first, first + 9] }]);
});

test('the next session finds the range as it was left', async () => {
  const options = { portRange: `${first}-${first + 9}` };
  let session = await rig.open(options);
  await commit(session, ...tcp(first, 0));
  await session.close('leave');
  session = await rig.open(options);
  const observed = await session.observe('all', signal);
  assert.ok(observed.some(({ kind }) => kind === 'Settings'));
  await commit(session, ...tcp(first, 0), ...tcp(first + 3, 1));
  assert.equal(await said(first + 3), 'two');
  assert.equal(reloads(), 0);
});

test('a port of the range that something else has, and one that a web service wants, are left out', async () => {
  const foreign = createServer((socket) => socket.end('foreign\n')).unref();
  await new Promise<void>((resolve) => foreign.listen(first + 4, '127.0.0.1', resolve));
  const web = await startTarget('web');
  const session = await rig.open({ portRange: `${first}-${first + 9}` });
  const site = [frontend(first + 6), route(first + 6, 'a.test', '/', 'a'), backend('a', { [web.port]: 1 })];
  await commit(session, ...site, ...tcp(first + 3, 0), ...tcp(first + 4, 0));
  assert.deepEqual([await said(first + 3), await said(first + 4)], ['one', 'foreign']);
  assert.equal((await get(first + 6, 'a.test')).body, 'web');
  const observed = await session.observe('all', signal);
  const states = observed.flatMap(({ id, facts }) => (facts.state === undefined ? [] : [`${id} ${facts.state}`]));
  assert.deepEqual(states, ['settings served in part', `default|${first + 4}/tcp not served`]);
  await commit(session, ...site, ...tcp(first + 3, 0), ...tcp(first + 4, 0), ...tcp(first + 5, 1));
  assert.equal(await said(first + 5), 'two');
  assert.equal(reloads(), 0);
  foreign.close();
  await web.close();
});

test('a range that is none, or too large, is refused', () => {
  for (const portRange of ['20', '30-20', '0-5', '1-65535', '70000-70001', 'a-b'])
    assert.equal(optionsSchema.safeParse({ portRange }).success, false, portRange);
  assert.equal(optionsSchema.safeParse({ portRange: '20000-20099', portSet: 20_000, ipv6: 'off' }).success, false);
});
