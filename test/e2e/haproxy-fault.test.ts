/** Bad input and broken surroundings: what is hit is told, everything else serves on. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, test } from 'node:test';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { hasIpv6 } from '../../providers/haproxy/port-trial.ts';
import type { Resource, Session } from '../../src/model/index.ts';
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
const servers: Server[] = [];

beforeEach(async () => {
  rig = await startRig();
  one = await startTarget('one');
  two = await startTarget('two');
  port = await freePort();
});

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  await rig.end();
  await one.close();
  await two.close();
});

const commit = async (session: Session, ...resources: readonly Resource[]) =>
  session.commit?.([], [settings, ...resources], signal);
const web = (target: Target) => backend('web', { [target.port]: 1 });
const base = (target: Target) => [frontend(port), route(port, 'a.test', '/', 'web'), web(target)];
const config = () => readFile(`${rig.directory}/haproxy.cfg`, 'utf8');
const workers = async () => (await showProcesses(`${rig.directory}/master.sock`))?.workers;
const counted = (name: string) => rig.metrics.get(name) ?? 0;

/** Another process's listener, as far as HAProxy can tell. `shared`: it would let others listen too. */
async function occupy(where: number, shared = false): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: where, reusePort: shared }, resolve);
  });
  servers.push(server);
  return server;
}

test('a port taken by another process: that service is left out and told, comes back by itself when the port is free', async () => {
  const taken = await freePort();
  const blocker = await occupy(taken);
  const session = await rig.open();
  const all = [...base(one), frontend(taken), route(taken, 'b.test', '/', 'web')];
  await commit(session, ...all);
  assert.equal((await get(port, 'a.test')).body, 'one');
  const facts = find(await session.observe('all', signal), 'Frontend', `default|${taken}/tcp`)?.facts;
  assert.equal(facts?.state, 'not served');
  assert.match(facts?.reason ?? '', new RegExp(`127.0.0.1:${taken} is taken by .*\\(process ${process.pid}\\)`));
  // The plan has nothing to do about it, and endpoints of others change without a reload.
  assert.ok(find(await session.observe('all', signal), 'Settings', 'settings'));
  await commit(session, ...all.map((resource) => (resource.id === 'web' ? web(two) : resource)));
  assert.equal((await get(port, 'a.test')).body, 'two');
  assert.equal(counted('weir_haproxy_reloads_total{frontend}'), 0);

  rig.changes.length = 0;
  await new Promise((resolve) => blocker.close(resolve));
  await until('the session tells that the port is free', () =>
    rig.changes.some((cause) => cause.includes(`default|${taken}/tcp`)),
  );
  assert.equal(find(await session.observe('all', signal), 'Settings', 'settings'), undefined);
  await commit(session, ...all);
  assert.equal((await get(taken, 'b.test')).body, 'one');
  assert.equal(find(await session.observe('all', signal), 'Frontend', `default|${taken}/tcp`)?.facts.state, undefined);
});

test('a new port that is taken is found before the reload: nobody loses a connection', async () => {
  const session = await rig.open();
  await commit(session, ...base(one));
  const before = await workers();
  for (const shared of [false, true]) {
    const taken = await freePort();
    await occupy(taken, shared);
    await commit(session, ...base(one), frontend(taken), route(taken, 'b.test', '/', 'web'));
    assert.deepEqual(await workers(), before);
    assert.equal((await get(port, 'a.test')).body, 'one');
    const [report] = session.report(
      [
        {
          id: 'shop/web',
          origin: { source: 's', kind: 'k', namespace: 'shop', name: 'web', labels: {} },
          groups: [],
          fronts: [],
          backends: {},
          settings: {},
          settingsOrigin: {},
        },
      ],
      await session.observe('all', signal),
    );
    const programmed = report?.conditions.find(({ type }) => type === 'Programmed');
    assert.deepEqual([programmed?.status, programmed?.reason], [false, 'E_PORT_TAKEN']);
  }
});

test('an address of this machine besides a wildcard of ours on the same port is no conflict', async () => {
  const session = await rig.open({ addresses: ['0.0.0.0'] });
  await commit(session, ...base(one));
  await commit(
    session,
    { ...frontend(port), attrs: { ...frontend(port).attrs, addresses: ['0.0.0.0', '127.0.0.2'] } },
    route(port, 'a.test', '/', 'web'),
    web(one),
  );
  assert.equal((await get(port, 'a.test')).body, 'one');
  assert.equal(find(await session.observe('all', signal), 'Frontend', `default|${port}/tcp`)?.facts.state, undefined);
});

test('an address that is not on this machine is left out and told', async () => {
  const session = await rig.open();
  await commit(
    session,
    { ...frontend(port), attrs: { ...frontend(port).attrs, addresses: ['127.0.0.1', '192.0.2.1'] } },
    route(port, 'a.test', '/', 'web'),
    web(one),
  );
  assert.equal((await get(port, 'a.test')).body, 'one');
  const facts = find(await session.observe('all', signal), 'Frontend', `default|${port}/tcp`)?.facts;
  assert.deepEqual(
    [facts?.state, facts?.reason],
    ['served in part', `192.0.2.1:${port}: the address is not on this machine`],
  );
});

test('both families by default, IPv6 where the kernel has it', async () => {
  const session = await rig.open({ addresses: ['0.0.0.0', '::'] });
  await commit(session, ...base(one));
  assert.equal(find(await session.observe('all', signal), 'Frontend', `default|${port}/tcp`)?.facts.state, undefined);
  const response = hasIpv6().then((has) => (has ? fetch(`http://[::1]:${port}/`) : fetch(`http://127.0.0.1:${port}/`)));
  assert.equal((await response).status, 404);
});

test('a file that HAProxy refuses is never applied: the file and the process stay, and the next good change goes through', async () => {
  const good = await rig.open();
  await commit(good, ...base(one));
  await good.close('leave');
  const [before, file] = [await workers(), await config()];
  // A fault in the rendering: an account that does not exist.
  const faulty = await rig.open({ group: 'weir-no-such-group' });
  await assert.rejects(commit(faulty, ...base(two)), { code: 'E_HAPROXY_CONFIG', message: /weir-no-such-group/ });
  assert.deepEqual([await workers(), await config()], [before, file]);
  assert.equal((await get(port, 'a.test')).body, 'one');
  await faulty.close('leave');
  const next = await rig.open();
  await commit(next, ...base(two));
  assert.equal((await get(port, 'a.test')).body, 'two');
});

test('where HAProxy itself refuses a service that got through every check, that one is left out and told', async () => {
  const session = await rig.open();
  const regex = (id: string, value: string): Resource => ({
    ...route(port, 'r.test', `/${id}`, 'web'),
    id,
    attrs: { key: id, host: 'r.test', path: { type: 'regex', value } },
  });
  const all = [
    ...base(one),
    regex('good', '^/good'),
    regex('bad', '^/bad('),
    backend('broken', { [two.port]: 1 }, { serverMs: 99_999_999_999 }),
    route(port, 'c.test', '/', 'broken'),
  ];
  await commit(session, ...all);
  assert.equal((await get(port, 'a.test')).body, 'one');
  assert.equal((await get(port, 'r.test', '/good')).body, 'one');
  assert.equal((await get(port, 'c.test')).status, 503);
  const observed = await session.observe('all', signal);
  assert.match(find(observed, 'Route', 'bad')?.facts.reason ?? '', /HAProxy refuses it.*missing closing parenthesis/);
  assert.match(find(observed, 'Backend', 'broken')?.facts.reason ?? '', /HAProxy refuses it.*timer overflow/);
  // They cost the others nothing from now on, and are tried again once they change.
  const before = await workers();
  await commit(session, ...all.map((resource) => (resource.id === 'web' ? web(two) : resource)));
  assert.equal((await get(port, 'a.test')).body, 'two');
  assert.deepEqual(await workers(), before);
  await commit(
    session,
    ...base(one),
    backend('broken', { [two.port]: 1 }, { serverMs: 1_000 }),
    route(port, 'c.test', '/', 'broken'),
  );
  assert.equal((await get(port, 'c.test')).body, 'two');
});

test('a file that passes the check and does not load is taken back', async () => {
  const directory = await mkdtemp(`${tmpdir()}/weir-`);
  try {
    // A program that lies: the check passes, whatever is loaded breaks.
    const binary = `${directory}/haproxy`;
    await writeFile(binary, '#!/bin/sh\ncase "$*" in *-c*) exit 0;; esac\nexec haproxy "$@"\n');
    await chmod(binary, 0o755);
    const session = await rig.open({ binary });
    await commit(session, ...base(one));
    await session.close('leave');
    const [before, file] = [await workers(), await config()];
    const faulty = await rig.open({ binary, group: 'weir-no-such-group' });
    await assert.rejects(commit(faulty, ...base(two)), { code: 'E_HAPROXY_RELOAD', message: /weir-no-such-group/ });
    assert.deepEqual([await workers(), await config()], [before, file]);
    assert.equal((await get(port, 'a.test')).body, 'one');
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a full disk: the file stays, targets follow, and all is over when there is room', {
  skip: process.getuid?.() === 0 ? false : 'mounting a small file system needs root',
}, async () => {
  await mkdir(rig.directory, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'tmpfs', rig.directory]);
  try {
    const session = await rig.open();
    await commit(session, ...base(one));
    await until('the session keeps what it did', () => existsSync(`${rig.directory}/state.json`));
    const file = await config();
    await writeFile(`${rig.directory}/ballast`, Buffer.alloc(1024 * 1024)).catch(() => undefined);
    const before = await workers();
    const changes = [
      [two, base(two)],
      // Whatever else is wanted waits.
      [one, [...base(one), route(port, 'b.test', '/', 'web')]],
      [two, [...base(two), frontend(await freePort())]],
    ] as const;
    for (const [target, wanted] of changes) {
      // Told on: what leads to the next commit is not lost.
      const seen = await until(`${target.name} serves`, async () => {
        await assert.rejects(commit(session, ...wanted), { code: 'E_DISK', message: /ENOSPC/ });
        const seen = await session.observe('all', signal);
        return (await answers(port, 'a.test', 3)).join() === target.name && seen;
      });
      assert.equal(await config(), file);
      const members = find(seen, 'Backend', 'web')?.sets.servers;
      assert.deepEqual([...(members?.keys() ?? [])], [`127.0.0.1:${target.port}`]);
      assert.equal(find(seen, 'Settings', 'settings'), undefined);
    }
    // The next session knows that the file is behind, and where targets go.
    await session.close('leave');
    const next = await rig.open();
    assert.equal(find(await next.observe('all', signal), 'Settings', 'settings'), undefined);
    assert.deepEqual(await answers(port, 'a.test', 3), ['two']);
    assert.deepEqual(await workers(), before);
    await unlink(`${rig.directory}/ballast`);
    await commit(next, ...base(two));
    assert.deepEqual(await answers(port, 'a.test', 3), ['two']);
    assert.match(await config(), new RegExp(`:${two.port} `));
    assert.ok(find(await next.observe('all', signal), 'Settings', 'settings'));
    await next.close('withdraw');
  } finally {
    execFileSync('umount', ['-l', rig.directory]);
  }
});

test('HAProxy missing, too old, or something else', async () => {
  const directory = await mkdtemp(`${tmpdir()}/weir-`);
  const program = async (name: string, text: string) => {
    await writeFile(`${directory}/${name}`, `#!/bin/sh\necho '${text}'\n`);
    await chmod(`${directory}/${name}`, 0o755);
    return `${directory}/${name}`;
  };
  try {
    const cases = [
      [`${directory}/none`, 'E_HAPROXY_MISSING'],
      [await program('old', 'HA-Proxy version 2.4.22-1 2023/01/01 - https://haproxy.org/'), 'E_HAPROXY_VERSION'],
      [await program('other', 'nginx version: nginx/1.22.1'), 'E_HAPROXY_MISSING'],
    ] as const;
    for (const [binary, code] of cases) {
      const session = await rig.open({ binary });
      assert.deepEqual(await session.observe('all', signal), []);
      await assert.rejects(commit(session, ...base(one)), { code });
      await session.close('leave');
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('more open files than allowed: refused before anything is touched', async () => {
  const session = await rig.open({ maxConnections: 10_000_000 });
  await assert.rejects(commit(session, ...base(one)), { code: 'E_FD_LIMIT', message: /needs 20\d{6} open files/ });
  assert.equal(await workers(), undefined);
});

test('a socket that is gone: the change goes through by a reload, which makes it anew', async () => {
  const session = await rig.open();
  await commit(session, ...base(one));
  await unlink(rig.socket);
  // The connection that is still open serves on; a new one finds nothing.
  await session.close('leave');
  const next = await rig.open();
  await commit(next, ...base(two));
  assert.equal((await get(port, 'a.test')).body, 'two');
  assert.deepEqual(await answers(port, 'a.test', 3), ['two']);
  await commit(next, ...base(one));
  assert.equal((await get(port, 'a.test')).body, 'one');
});

test('a directory with a file that is not ours is left alone', async () => {
  await mkdir(rig.directory, { recursive: true });
  await writeFile(`${rig.directory}/haproxy.cfg`, 'global\n  maxconn 10\n');
  await assert.rejects(rig.open(), { code: 'E_LOCKED', message: /did not write.*options\.dir/ });
  assert.equal(await config(), 'global\n  maxconn 10\n');
  await rm(`${rig.directory}/haproxy.cfg`);
});

test('the path of a socket that is too long is refused with what to do', async () => {
  await assert.rejects(rig.open({ dir: `/tmp/${'d'.repeat(100)}` }), { code: 'E_STATE_DIR', message: /options\.dir/ });
});
