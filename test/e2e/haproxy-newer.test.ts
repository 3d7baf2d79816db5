/** Abilities of later versions of HAProxy, found by asking: used where they are, and nothing of them where they are not. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { Abilities } from '../../providers/haproxy/commit-abilities.ts';
import { cookieKey } from '../../providers/haproxy/names.ts';
import { RuntimeSocket } from '../../providers/haproxy/socket.ts';
import { cookieValue } from '../../providers/haproxy/spare-value.ts';
import type { Attrs, Resource, Session } from '../../src/model/index.ts';
import { type NewerSocket, speakNewer } from './haproxy-newer-socket.ts';
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
  startEcho,
  startRig,
  startTarget,
  type Target,
  until,
} from './haproxy-rig.ts';

let rig: Rig;
let newer: NewerSocket;
let session: Session;
let target: Target;
let port: number;
const spares = { spares: 8 };

beforeEach(async () => {
  rig = await startRig();
  target = await startTarget('one');
  port = await freePort();
  const first = await rig.open(spares);
  await first.commit?.([], [settings, frontend(port), ...service('first')], signal);
  await first.close('leave');
  newer = await speakNewer(rig.socket);
  session = await rig.open(spares);
});

afterEach(async () => {
  await session.close('leave');
  await newer.end();
  await rig.end();
  await target.close();
});

function service(id: string, attrs: Attrs = {}, to = target): readonly Resource[] {
  return [backend(id, { [to.port]: 1 }, attrs), route(port, `${id}.test`, '/', id)];
}
const commit = (...resources: readonly Resource[]) =>
  session.commit?.([], [settings, frontend(port), ...service('first'), ...resources], signal);
const counted = (name: string) =>
  [...rig.metrics].filter(([key]) => key.startsWith(name)).reduce((sum, [, n]) => sum + n, 0);
const reloads = () => counted('weir_haproxy_reloads_total');
const isProven = async () => find(await session.observe('all', signal), 'Settings', 'settings') !== undefined;
const config = () => readFile(`${rig.directory}/haproxy.cfg`, 'utf8');
/** Commands that change something, since a place in the lines. */
const changes = (from: number) =>
  newer.lines.slice(from).filter((line) => !/^(?:show|help|get|add server help)/.test(line));

test('2.6 itself says nothing of all this, and is asked once a worker', async () => {
  const runtime = new RuntimeSocket(`${rig.socket}.real`);
  try {
    const abilities = new Abilities(runtime, () => 1);
    assert.deepEqual(
      [await abilities.makesBackends(), await abilities.waits(), await abilities.takesCookies()],
      [false, false, false],
    );
  } finally {
    runtime.close();
  }
  await commit(...service('a'));
  await commit(...service('a'), ...service('b'));
  assert.equal(newer.lines.filter((line) => line === 'help').length, 1);
});

test('a new backend is made: servers before it is published, published before anything leads there; no reload, no spare', async () => {
  const from = newer.lines.length;
  await commit(...service('second'));
  const [[name = '', made] = []] = newer.made;
  assert.match(name, /^sp_http-roundrobin_x/);
  assert.deepEqual([made?.from, made?.mode, made?.published], ['sp_http-roundrobin', 'http', true]);
  const server = `${name}/v4-127.0.0.1_${target.port}`;
  assert.deepEqual(
    changes(from).map((line) => line.replace(/^add map \S*f_\S+$/, 'add map of the front')),
    [
      `add backend ${name} from sp_http-roundrobin mode http`,
      'add map maps/spares.map',
      `add server ${server} 127.0.0.1:${target.port} weight 1 pool-purge-delay 250ms`,
      `enable server ${server}`,
      `publish backend ${name}`,
      'add map of the front',
    ],
  );
  assert.equal(reloads(), 0);
  assert.match(await config(), new RegExp(`^backend ${name} from sp_http-roundrobin$`, 'm'));
  assert.ok(await isProven());
});

test('weir killed and started again: adopted with what was made, nothing is done', async () => {
  await commit(...service('second'));
  await session.close('leave');
  session = await rig.open(spares);
  assert.ok(await isProven());
  const from = newer.lines.length;
  await commit(...service('second'));
  assert.deepEqual(changes(from), []);
  assert.equal(reloads(), 0);
});

test('killed between the file and the command: the backend is made then', async () => {
  await commit(...service('second'));
  await session.close('leave');
  const [name = ''] = newer.made.keys();
  const made = newer.made.get(name);
  assert.ok(made !== undefined && newer.made instanceof Map);
  newer.made.delete(name);
  session = await rig.open(spares);
  assert.equal(await isProven(), false);
  await commit(...service('second'));
  assert.deepEqual([...newer.made.keys()], [name]);
  assert.equal(newer.made.get(name)?.published, true);
  assert.equal(reloads(), 0);
});

test('what was made goes when nobody needs it: out of the routes, its servers, out of sight, deleted', async () => {
  await commit(...service('second'));
  const [name = ''] = newer.made.keys();
  await commit();
  await until('it is deleted', () => newer.made.size === 0);
  const gone = newer.lines.filter((line) => line.endsWith(` ${name}`) && /backend|be-removable/.test(line));
  assert.deepEqual(gone, [
    `publish backend ${name}`,
    `unpublish backend ${name}`,
    `wait 100ms be-removable ${name}`,
    `del backend ${name}`,
  ]);
  assert.doesNotMatch(await config(), new RegExp(name));
  assert.ok(await isProven());
  assert.equal(reloads(), 0);
  await commit(...service('second'));
  assert.deepEqual([...newer.made.keys()], [name]);
});

test('one that could not be deleted is taken again', async () => {
  await commit(...service('second'));
  const [name = ''] = newer.made.keys();
  newer.refusals.set('del backend', 'Backend is still referenced.');
  await commit();
  await until('it is tried', () => newer.lines.includes(`del backend ${name}`));
  assert.ok(newer.made.has(name));
  await commit(...service('second'));
  assert.equal(newer.made.get(name)?.published, true);
  assert.equal(reloads(), 0);
});

test('a refusal is told once: that backend comes by a reload, the next ones take spares', async () => {
  newer.refusals.set('add backend', "Defaults 'sp_http-roundrobin' cannot be used for a dynamic backend.");
  await commit(...service('second'));
  assert.equal(reloads(), 1);
  assert.equal((await get(port, 'second.test')).body, 'one');
  await commit(...service('second'), ...service('third'));
  assert.equal(reloads(), 1);
  assert.equal((await get(port, 'third.test')).body, 'one');
  assert.equal(newer.lines.filter((line) => line.startsWith('add backend')).length, 1);
  assert.equal(rig.logs.filter((line) => line.includes('does not take "add backend"')).length, 1);
});

test('a server that is added gets its cookie with it', async () => {
  const web = (...targets: readonly Target[]) => [
    backend('web', Object.fromEntries(targets.map((one) => [one.port, 1])), { cookie: { name: 'lb' }, retries: 1 }),
    route(port, 'web.test', '/', 'web'),
  ];
  const two = await startTarget('two');
  try {
    await commit(...web(target));
    const before = reloads();
    const from = newer.lines.length;
    await commit(...web(target, two));
    const line = changes(from).find((text) => text.startsWith('add server')) ?? '';
    assert.ok(line.endsWith(` cookie ${cookieValue('127.0.0.1', two.port, cookieKey)}`), line);
    assert.ok(!newer.lines.some((text) => text.startsWith('set dynamic-cookie-key')));
    assert.equal(reloads(), before);
  } finally {
    await two.close();
  }
});

test('a server is deleted when HAProxy says that its last connection is gone, and changes do not wait for that', async () => {
  const echo = await startEcho('echo');
  const tcp = await freePort();
  const front = frontend(tcp, { mode: 'tcp' }, { default: 'echo' });
  const stream = backend('echo', { [echo.port]: 1 }, { mode: 'tcp' });
  await commit(front, stream);
  const client = connect(tcp, '127.0.0.1');
  try {
    await new Promise((resolve) => client.once('data', resolve));
    await commit(front, backend('echo', {}, { mode: 'tcp' }));
    const sent = (start: RegExp) => newer.lines.filter((line) => start.test(line)).length;
    await until('it waits', () => sent(/^wait \d+ms srv-removable b_echo/) > 1);
    // One wait may last two seconds.
    await commit(front, backend('echo', {}, { mode: 'tcp' }), ...service('second'));
    assert.equal(newer.made.size, 1);
    client.destroy();
    const runtime = new RuntimeSocket(`${rig.socket}.real`);
    await until('it is deleted', async () => !(await runtime.ask('show servers state')).includes(' b_echo'));
    runtime.close();
    assert.equal(
      newer.lines.filter((line) => line.startsWith('del server b_echo')).length,
      sent(/^wait \d+ms srv-removable b_echo/),
    );
  } finally {
    client.destroy();
    await echo.close();
  }
});
