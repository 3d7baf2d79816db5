/** Traffic through a session's HAProxy, and which changes reload it. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import type { Resource, Session } from '../../src/model/index.ts';
import {
  answers,
  backend,
  find,
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
  until,
} from './haproxy-rig.ts';

let rig: Rig;
let session: Session;
let targets: Target[];

beforeEach(async () => {
  rig = await startRig();
  session = await rig.open();
  targets = [];
});

afterEach(async () => {
  for (const target of targets) await target.close();
  await rig.end();
});

async function target(name: string): Promise<Target> {
  const started = await startTarget(name);
  targets.push(started);
  return started;
}

const commit = (...resources: Resource[]) => session.commit?.([], [settings, ...resources], signal);
const observe = () => session.observe('all', signal);
const workers = async () => (await showProcesses(`${rig.directory}/master.sock`))?.workers;
const reloads = () =>
  [...rig.metrics]
    .filter(([name]) => name.startsWith('weir_haproxy_reloads_total'))
    .reduce((sum, [, value]) => sum + value, 0);

test('HTTP by host and path; endpoints come, change weight, drain and go without a reload', async () => {
  const [one, two, three] = [await target('one'), await target('two'), await target('three')];
  const port = await freePort();
  const front = [frontend(port), route(port, 'shop.test', '/', 'web'), route(port, 'shop.test', '/api', 'api')];
  const api = backend('api', { [three.port]: 1 });
  await commit(...front, backend('web', { [one.port]: 1 }), api);
  const before = await workers();
  assert.equal((await get(port, 'shop.test')).body, 'one');
  assert.equal((await get(port, 'shop.test', '/api/x')).body, 'three');
  assert.equal((await get(port, 'other.test')).status, 404);

  await commit(...front, backend('web', { [one.port]: 1, [two.port]: 1 }), api);
  assert.deepEqual(await answers(port, 'shop.test', 6), ['one', 'two']);
  await commit(...front, backend('web', { [one.port]: 0, [two.port]: 1 }), api);
  assert.deepEqual(await answers(port, 'shop.test', 6), ['two']);
  await commit(...front, backend('web', { [one.port]: 3, [two.port]: 0 }), api);
  assert.deepEqual(await answers(port, 'shop.test', 6), ['one']);
  await commit(...front, backend('web', { [two.port]: 1 }), api);
  assert.deepEqual(await answers(port, 'shop.test', 6), ['two']);
  // The same address comes back while it may still be waiting for its deletion.
  await commit(...front, backend('web', { [one.port]: 1 }), api);
  assert.deepEqual(await answers(port, 'shop.test', 6), ['one']);

  assert.deepEqual(await workers(), before);
  assert.equal(reloads(), 0);
});

test('a new host and path need no reload; a new backend needs one where no spares are kept', async () => {
  await session.close('leave');
  session = await rig.open({ spares: 0 });
  const [one, two] = [await target('one'), await target('two')];
  const port = await freePort();
  const web = backend('web', { [one.port]: 1 });
  await commit(frontend(port), route(port, 'a.test', '/', 'web'), web);
  const before = await workers();
  await commit(frontend(port), route(port, 'a.test', '/', 'web'), route(port, 'b.test', '/x', 'web'), web);
  assert.equal((await get(port, 'b.test', '/x/y')).body, 'one');
  assert.equal((await get(port, 'b.test', '/')).status, 404);
  await commit(frontend(port), route(port, 'b.test', '/x', 'web'), web);
  assert.equal((await get(port, 'a.test')).status, 404);
  assert.deepEqual(await workers(), before);
  assert.equal(reloads(), 0);

  await commit(frontend(port), route(port, 'b.test', '/x', 'new'), web, backend('new', { [two.port]: 1 }));
  assert.equal((await get(port, 'b.test', '/x')).body, 'two');
  assert.notDeepEqual(await workers(), before);
  assert.equal(reloads(), 1);
});

test('TCP, with a stream that outlives a reload and the removal of its server', async () => {
  const [one, two] = [await startEcho('one'), await startEcho('two')];
  targets.push(one, two);
  const port = await freePort();
  const tcp = { mode: 'tcp' };
  const db = (servers: Record<string, number>) => [
    frontend(port, tcp, { default: 'db' }),
    backend('db', servers, { ...tcp, balance: 'leastconn' }),
  ];
  await commit(...db({ [one.port]: 1 }));
  const { first, socket } = await openStream(port);
  assert.equal(first, 'one');
  await commit(...db({ [two.port]: 1 }));
  const second = await openStream(port);
  assert.equal(second.first, 'two');
  second.socket.destroy();
  const other = await freePort();
  await commit(...db({ [two.port]: 1 }), frontend(other, tcp, { default: 'db' }));
  assert.equal(reloads(), 1);
  const echo = new Promise((resolve) => socket.once('data', resolve));
  socket.write('still there');
  assert.equal(await echo, 'still there');
  socket.destroy();
});

test('HTTPS: SNI, wildcard, default; certificates come, change and go without a reload', async () => {
  const one = await target('one');
  const port = await freePort();
  const cert = (name: string) => rig.secret(makeCertificate({ names: [name] }).bundlePem);
  const [standard, a, wild, b, a2] = [
    cert('default.test'),
    cert('a.test'),
    cert('*.w.test'),
    cert('b.test'),
    cert('a.test'),
  ];
  const serve = (certs: Record<string, readonly string[]>) =>
    commit(
      frontend(
        port,
        {},
        {
          certs: Object.fromEntries(
            Object.entries(certs).map(([sha256, hosts]) => [
              sha256,
              { hosts, isDefault: sha256 === Object.keys(certs)[0] },
            ]),
          ),
        },
      ),
      ...['default.test', 'a.test', 'x.w.test', 'b.test'].map((host) => route(port, host, '/', 'web')),
      backend('web', { [one.port]: 1 }),
    );
  const shown = async (host: string) => (await get(port, host, '/', true)).names;
  await serve({ [standard]: ['default.test'], [a]: ['a.test'], [wild]: ['*.w.test'] });
  const before = await workers();
  assert.equal(await shown('a.test'), 'DNS:a.test');
  assert.equal(await shown('x.w.test'), 'DNS:*.w.test');
  assert.equal(await shown('b.test'), 'DNS:default.test');
  assert.equal((await get(port, 'a.test', '/', true)).body, 'one');

  await serve({ [standard]: ['default.test'], [a]: ['a.test'], [wild]: ['*.w.test'], [b]: ['b.test'] });
  assert.equal(await shown('b.test'), 'DNS:b.test');
  await serve({ [standard]: ['default.test'], [a2]: ['a.test'], [wild]: ['*.w.test'], [b]: ['b.test'] });
  assert.equal(await shown('a.test'), 'DNS:a.test');
  await serve({ [standard]: ['default.test'], [a2]: ['a.test'], [wild]: ['*.w.test'] });
  assert.equal(await shown('b.test'), 'DNS:default.test');
  // Another default: the file keeps its name, its content changes.
  await serve({ [b]: ['b.test'], [a2]: ['a.test'], [wild]: ['*.w.test'] });
  assert.equal(await shown('default.test'), 'DNS:b.test');
  assert.deepEqual(await workers(), before);
  assert.equal(reloads(), 0);
});

test('a missing or broken certificate of one host leaves the others alone, and comes into force when it is there', async () => {
  const one = await target('one');
  const port = await freePort();
  const [good, late] = [makeCertificate({ names: ['good.test'] }), makeCertificate({ names: ['late.test'] })];
  const goodName = rig.secret(good.bundlePem);
  const lateName = rig.secret(late.bundlePem);
  rig.secrets.delete(lateName);
  const broken = rig.secret(good.certPem + late.keyPem);
  const resources = [
    settings,
    frontend(
      port,
      {},
      {
        certs: {
          [goodName]: { hosts: ['good.test'], isDefault: true },
          [lateName]: { hosts: ['late.test'], isDefault: false },
          [broken]: { hosts: ['broken.test'], isDefault: false },
        },
      },
    ),
    ...['good.test', 'late.test', 'broken.test'].map((host) => route(port, host, '/', 'web')),
    backend('web', { [one.port]: 1 }),
  ];
  await commit(...resources.slice(1));
  assert.equal((await get(port, 'good.test', '/', true)).names, 'DNS:good.test');
  assert.equal((await get(port, 'late.test', '/', true)).names, 'DNS:good.test');
  const facts = find(await observe(), 'Frontend', `default|${port}/tcp`)?.facts;
  assert.equal(facts?.state, 'served in part');
  assert.match(
    facts?.reason ?? '',
    /late\.test: it is missing.*broken\.test: the private key belongs to another certificate/,
  );

  rig.changes.length = 0;
  rig.secrets.set(lateName, late.bundlePem);
  await until('the session tells that the certificate came', () =>
    rig.changes.some((cause) => cause.includes('late.test')),
  );
  assert.equal(find(await observe(), 'Settings', 'settings'), undefined);
  await commit(...resources.slice(1));
  assert.equal((await get(port, 'late.test', '/', true)).names, 'DNS:late.test');
  assert.equal(reloads(), 0);
});

test('a broken successor leaves the certificate before in force', async () => {
  const one = await target('one');
  const port = await freePort();
  const old = makeCertificate({ names: ['a.test'] });
  const serve = (sha256: string) =>
    commit(
      frontend(port, {}, { certs: { [sha256]: { hosts: ['a.test'], isDefault: true } } }),
      route(port, 'a.test', '/', 'web'),
      backend('web', { [one.port]: 1 }),
    );
  await serve(rig.secret(old.bundlePem));
  await serve(rig.secret(old.certPem + makeCertificate({ names: ['a.test'] }).keyPem));
  assert.equal((await get(port, 'a.test', '/', true)).names, 'DNS:a.test');
  assert.match(
    find(await observe(), 'Frontend', `default|${port}/tcp`)?.facts.reason ?? '',
    /the one before stays in force/,
  );
});

test('reloads are coalesced: the first at once, the next not within a second, endpoints in between', async () => {
  await session.close('leave');
  session = await rig.open({ spares: 0 });
  const [one, two] = [await target('one'), await target('two')];
  const port = await freePort();
  const base = (servers: Record<string, number>) => [
    frontend(port),
    route(port, 'a.test', '/', 'web'),
    backend('web', servers),
  ];
  await commit(...base({ [one.port]: 1 }));
  const startMs = performance.now();
  await commit(...base({ [one.port]: 1 }), backend('x1', {}));
  assert.equal(reloads(), 1);
  const second = commit(...base({ [two.port]: 1 }), backend('x2', {}));
  await until('the endpoint serves before the reload', async () => (await get(port, 'a.test')).body === 'two');
  assert.equal(reloads(), 1);
  await second;
  // Never sooner, however slow the machine is.
  assert.ok(performance.now() - startMs >= 1_000);
  assert.equal(reloads(), 2);
});

test('the last service goes: the process stays, nothing listens; destroy takes it down with its files', async () => {
  const one = await target('one');
  const port = await freePort();
  await commit(frontend(port), route(port, 'a.test', '/', 'web'), backend('web', { [one.port]: 1 }));
  await commit();
  await assert.rejects(get(port, 'a.test'), { code: 'ECONNREFUSED' });
  assert.equal((await workers())?.length, 1);
  await session.commit?.([], [], signal);
  assert.equal(await workers(), undefined);
  assert.deepEqual(await observe(), []);
});
