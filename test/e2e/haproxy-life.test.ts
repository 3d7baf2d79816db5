/** Ends and beginnings: HAProxy dies, weir ends or is killed, another weir comes, someone meddles. */
import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { isAlive } from '../../providers/haproxy/process-id.ts';
import { RuntimeSocket } from '../../providers/haproxy/socket.ts';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import type { Resource, Session } from '../../src/model/index.ts';
import { orderedResources } from './haproxy-child.ts';
import {
  answers,
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
let two: Target;
let port: number;
let runtime: RuntimeSocket;

beforeEach(async () => {
  rig = await startRig();
  one = await startTarget('one');
  two = await startTarget('two');
  port = await freePort();
  runtime = new RuntimeSocket(rig.socket);
});

afterEach(async () => {
  runtime.close();
  await rig.end();
  await one.close();
  await two.close();
});

const both = () => orderedResources({ port, servers: { [one.port]: 1, [two.port]: 2 } });
const only = (target: Target) => orderedResources({ port, servers: { [target.port]: 1 } });
const commit = (session: Session, resources: readonly Resource[]) => session.commit?.([], resources, signal);
const processes = () => showProcesses(`${rig.directory}/master.sock`);
const reloads = () => [...rig.metrics].filter(([name]) => name.startsWith('weir_haproxy_reloads_total')).length;

/** What the next session must know is written soon after a commit, not with it. */
const kept = () => until('the state is kept', () => existsSync(`${rig.directory}/state.json`));

/** All that a worker says of servers, maps and certificates, but not when. */
async function serving(): Promise<string> {
  const servers = (await runtime.ask('show servers state'))
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields.length > 20);
  const maps = [...(await runtime.ask('show map')).matchAll(/\((maps\/\S+)\)/g)].map(([, path = '']) => path).sort();
  const lists = (await runtime.ask('show ssl crt-list')).split('\n').filter((path) => path.startsWith('crt/'));
  const parts = [
    servers
      .map((f) => [f[1], f[3], f[4], f[6], f[7]].join(' '))
      .sort()
      .join('\n'),
  ];
  for (const path of maps)
    parts.push(
      (await runtime.ask(`show map ${path}`))
        .replace(/^0x\S+ /gm, '')
        .split('\n')
        .sort()
        .join('\n'),
    );
  for (const path of lists) {
    const text = (await runtime.ask(`show ssl crt-list ${path}`)).replaceAll('\0', '');
    parts.push(text.split('\n').sort().join('\n'));
    for (const cert of [...text.matchAll(/certs\/\S+/g)].map(([path]) => path).sort())
      parts.push(`${cert} ${/^SHA1 .*$/m.exec(await runtime.ask(`show ssl cert ${cert}`))?.[0]}`);
  }
  return parts.join('\n--\n');
}

/** Takes HAProxy down behind everyone's back and starts it by hand with what the directory holds; answers what serves then. */
async function servingByHand(): Promise<string> {
  const found = await processes();
  assert.ok(found);
  process.kill(found.master, 'SIGTERM');
  await until('HAProxy ended', () => !isAlive(found.master));
  runtime.close();
  const child = spawn('haproxy', ['-W', '-f', 'haproxy.cfg', '-S', `${rig.directory}/master.sock`], {
    cwd: rig.directory,
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await until(
    'HAProxy by hand',
    async () => ((await processes())?.workers.length ?? 0) > 0 && runtime.ask('show info').catch(() => undefined),
  );
  const text = await serving();
  child.kill('SIGTERM');
  await ended;
  runtime.close();
  return text;
}

test('after every kind of change the file says what the process serves', async () => {
  const tls = await freePort();
  const made = new Map<string, string>();
  const cert = (name: string, version = 1) => {
    const key = `${name} ${version}`;
    const known = made.get(key) ?? rig.secret(makeCertificate({ names: [name] }).bundlePem);
    made.set(key, known);
    return known;
  };
  const secure = (...names: readonly (readonly [string, number])[]) =>
    frontend(
      tls,
      {},
      {
        certs: Object.fromEntries(
          names.map(([name, version], i) => [cert(name, version), { hosts: [name], isDefault: i === 0 }]),
        ),
      },
    );
  const states: readonly (readonly Resource[])[] = [
    [...only(one), secure(['d.test', 1], ['a.test', 1]), route(tls, 'a.test', '/', 'web')],
    [...both(), secure(['d.test', 1], ['a.test', 1]), route(tls, 'a.test', '/', 'web')],
    [
      ...only(two),
      secure(['d.test', 1], ['a.test', 2], ['b.test', 1]),
      route(tls, 'a.test', '/', 'web'),
      route(tls, 'b.test', '/x', 'web'),
    ],
    [
      ...only(two),
      secure(['d.test', 2], ['b.test', 1]),
      route(tls, 'b.test', '/x', 'web'),
      route(port, 'c.test', '/y', 'web'),
    ],
    [...only(one), secure(['b.test', 1]), route(tls, 'b.test', '/z', 'web')],
  ];
  for (const [i, next] of states.entries()) {
    const session = await rig.open();
    // Begun with the state before, so that the change itself goes over the socket.
    await commit(session, states[i - 1] ?? next);
    const before = await processes();
    await commit(session, next);
    assert.deepEqual((await processes())?.workers, before?.workers);
    await until('servers that left are deleted', async () => !/ 1 \d+$/m.test((await serving()).split('--')[0] ?? ''));
    const live = await serving();
    await session.close('leave');
    assert.equal(await servingByHand(), live, `state ${i}`);
  }
});

test('HAProxy is started again when its worker or its master is killed, with everything it served', async () => {
  const session = await rig.open();
  await commit(session, only(one));
  await commit(session, both());
  for (const victim of ['worker', 'master'] as const) {
    const before = await processes();
    assert.ok(before);
    process.kill(victim === 'master' ? before.master : (before.workers[0] ?? 0), 'SIGKILL');
    await until(`it serves after the death of the ${victim}`, async () => {
      const now = await processes();
      return (
        now !== undefined &&
        now.master !== before.master &&
        (await get(port, 'a.test').catch(() => undefined))?.status === 200
      );
    });
    assert.deepEqual(await answers(port, 'a.test', 9), ['one', 'two']);
  }
  await until('the session tells it', () => rig.changes.includes('HAProxy ended'));
  // It is in sync as before, and goes on by commands.
  assert.ok(find(await session.observe('all', signal), 'Settings', 'settings'));
  await commit(session, only(two));
  assert.deepEqual(await answers(port, 'a.test', 4), ['two']);
  assert.equal(reloads(), 0);
});

test('left serving, adopted by the next session: same worker, same state seen, a change goes by command', async () => {
  const first = await rig.open();
  await commit(first, both());
  const seen = await first.observe('all', signal);
  const before = await processes();
  await first.close('leave');
  assert.equal((await get(port, 'a.test')).status, 200);
  const second = await rig.open();
  assert.deepEqual(await second.observe('all', signal), seen);
  await commit(second, only(one));
  assert.deepEqual(await answers(port, 'a.test', 4), ['one']);
  assert.deepEqual((await processes())?.workers, before?.workers);
  assert.equal(reloads(), 0);
  await second.close('withdraw');
  assert.equal(await processes(), undefined);
  assert.ok(before !== undefined && !isAlive(before.master));
});

test('weir killed right after a change: the next one adopts the same worker and reloads nothing', async () => {
  const child = fork(`${import.meta.dirname}/haproxy-child.ts`, [dirname(rig.directory)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  for (const servers of [{ [one.port]: 1 }, { [one.port]: 1, [two.port]: 2 }]) {
    child.send({ port, servers });
    await once(child, 'message');
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  const before = await processes();
  const session = await rig.open();
  await session.observe('all', signal);
  await commit(session, only(two));
  assert.deepEqual(await answers(port, 'a.test', 4), ['two']);
  assert.deepEqual((await processes())?.workers, before?.workers);
  assert.equal(reloads(), 0);
});

test('a second weir on the same directory is refused at its first change, and another one from the start', async () => {
  const first = await rig.open();
  await commit(first, only(one));
  await kept();
  const second = await rig.open();
  assert.equal(find(await second.observe('all', signal), 'Backend', 'web')?.owned, true);
  await assert.rejects(async () => commit(second, only(two)), {
    code: 'E_LOCKED',
    message: new RegExp(`process ${process.pid}`),
  });
  assert.deepEqual(await answers(port, 'a.test', 3), ['one']);
  await assert.rejects(rig.open({}, { balancer: 'other' }), {
    code: 'E_LOCKED',
    message: /another instance or balancer/,
  });
});

test('what someone changed in the process is found and put right without a reload', async () => {
  const session = await rig.open();
  await commit(session, both());
  await session.observe('all', signal);
  const [name = '', other = ''] = (await runtime.ask('show servers state'))
    .split('\n')
    .filter((line) => line.includes(' v4-'))
    .map((line) => line.split(' '))
    .map((fields) => `${fields[1]}/${fields[3]}`);
  const map = /maps\/f_\S+(?=\))/.exec(await runtime.ask('show map'))?.[0];
  const keys = (await runtime.ask(`show map ${map}`)).split('\n').map((line) => line.split(' ')[1]);
  await kept();
  await runtime.run([{ line: `set server ${name} weight 77` }, { line: `set server ${other} state maint` }]);

  const fresh = await rig.open();
  const members = find(await fresh.observe('all', signal), 'Backend', 'web')?.sets.servers;
  assert.deepEqual([...(members?.values() ?? [])], [{ attrs: { weight: 77 } }]);
  await runtime.run(keys.map((key) => ({ line: `del map ${map} ${key}` })));
  const blind = await rig.open();
  assert.equal(find(await blind.observe('all', signal), 'Settings', 'settings'), undefined);
  await session.close('leave');
  await commit(blind, both());
  // A round of the weight that was changed back may still be under way.
  assert.deepEqual(await answers(port, 'a.test', 200), ['one', 'two']);
  assert.ok(find(await blind.observe('all', signal), 'Settings', 'settings'));
  assert.equal(reloads(), 0);
});

test('after a reload by someone else with another file, weir loads its own again', async () => {
  const session = await rig.open();
  await commit(session, [...both(), backend('more', {})]);
  await session.close('leave');
  const path = `${rig.directory}/haproxy.cfg`;
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('maxconn 2000', 'maxconn 1000'));
  const next = await rig.open();
  assert.equal(find(await next.observe('all', signal), 'Settings', 'settings'), undefined);
  await commit(next, [...both(), backend('more', {})]);
  assert.equal(await readFile(path, 'utf8'), text);
  assert.ok(find(await next.observe('all', signal), 'Settings', 'settings'));
});

test('a stopped HAProxy is seen as one step away, and serves everything after it', async () => {
  const first = await rig.open();
  await commit(first, both());
  await first.close('withdraw');
  const next = await rig.open();
  const observed = await next.observe('all', signal);
  assert.deepEqual(observed.map(({ kind }) => kind).sort(), ['Backend', 'Frontend', 'Route']);
  await commit(next, [settings, ...both().slice(1)]);
  assert.deepEqual(await answers(port, 'a.test', 9), ['one', 'two']);
});

test('while it drains answers close their connections, also after a reload; the next session ends that', async () => {
  const session = await rig.open();
  await commit(session, only(one));
  const closes = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { host: 'a.test' } });
    await answer.text();
    return answer.headers.get('connection');
  };
  assert.notEqual(await closes(), 'close');
  await session.drain?.(true);
  assert.equal(await closes(), 'close');
  const more = await freePort();
  await commit(session, [...only(one), frontend(more), route(more, 'b.test', '/', 'web')]);
  assert.equal(await closes(), 'close');
  await session.close('leave');
  const next = await rig.open();
  await next.drain?.(false);
  assert.notEqual(await closes(), 'close');
});
