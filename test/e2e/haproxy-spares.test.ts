/** New backends without a reload: taken out of spare ones under traffic, given back, taken by others, found again after a crash. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { afterEach, beforeEach, test } from 'node:test';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { isAlive } from '../../providers/haproxy/process-id.ts';
import { RuntimeSocket } from '../../providers/haproxy/socket.ts';
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
let session: Session;
let runtime: RuntimeSocket;
let targets: Target[];
let port: number;

beforeEach(async () => {
  rig = await startRig();
  session = await rig.open({ spares: 64 });
  runtime = new RuntimeSocket(rig.socket);
  targets = await Promise.all(['first', 'one', 'two', 'three'].map((name) => startTarget(name)));
  port = await freePort();
});

afterEach(async () => {
  runtime.close();
  for (const target of targets) await target.close();
  await rig.end();
});

const commit = (...resources: Resource[]) =>
  session.commit?.([], [settings, frontend(port), ...service('first', 0), ...resources], signal);
const processes = () => showProcesses(`${rig.directory}/master.sock`);
const reloads = () =>
  [...rig.metrics]
    .filter(([name]) => name.startsWith('weir_haproxy_reloads_total'))
    .reduce((sum, [, value]) => sum + value, 0);

/** Host `<id>.test` to one of the targets. */
function service(id: string, target: number, attrs: Parameters<typeof backend>[2] = {}): readonly Resource[] {
  return [route(port, `${id}.test`, '/', id), backend(id, { [targets[target]?.port ?? 0]: 1 }, attrs)];
}

/** Asks for a host without a pause; answers what it got when it is told to stop. */
function asking(host: string): () => Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>();
  let on = true;
  const worker = async () => {
    while (on) {
      const said = await get(port, host).then(
        ({ status, body }) => (status === 200 ? body : String(status)),
        (error: unknown) => String(error),
      );
      seen.set(said, (seen.get(said) ?? 0) + 1);
    }
  };
  const workers = [worker(), worker()];
  return async () => {
    on = false;
    await Promise.all(workers);
    return seen;
  };
}

const spares = async () => [...(await runtime.ask('show map maps/spares.map')).matchAll(/ (sp_\S+) b_([a-z0-9]+)_/g)];

test('50 new backends one after the other under traffic, all gone again: one worker, no reload, nothing lost', async () => {
  await commit();
  const before = (await processes())?.workers;
  const stop = asking('first.test');
  const more: Resource[] = [];
  for (let i = 0; i < 50; i++) {
    more.push(...service(`s${i}`, 1 + (i % 3)));
    await commit(...more);
    assert.equal((await get(port, `s${i}.test`)).body, targets[1 + (i % 3)]?.name);
  }
  assert.equal((await spares()).length, 50);
  const seen = await session.observe('all', signal);
  assert.deepEqual(find(seen, 'Backend', 's7')?.health?.servers?.size, 1);
  assert.deepEqual(find(seen, 'Backend', 's7')?.sets.servers?.size, 1);
  for (let i = 0; i < 50; i++) {
    more.splice(0, 2);
    await commit(...more);
    assert.equal((await get(port, `s${i}.test`)).status, 404);
  }
  assert.equal((await spares()).length, 0);
  const said = await stop();
  assert.deepEqual([...said.keys()], ['first']);
  assert.ok((said.get('first') ?? 0) > 50, 'there was traffic all the time');
  assert.deepEqual((await processes())?.workers, before);
  assert.equal(reloads(), 0);
});

test('a spare that changes hands never answers with the targets of the service before', async () => {
  await session.close('leave');
  session = await rig.open({ spares: 1 });
  await commit();
  const asked = [asking('a.test'), asking('b.test')];
  let taken = 0;
  for (let i = 0; i < 30; i++) {
    const [id, target] = i % 2 === 0 ? (['a', 1] as const) : (['b', 2] as const);
    await until('the spare is free', async () => {
      await commit();
      const left = await runtime.ask('show servers state sp_http-roundrobin_1');
      return !left.includes('v4-');
    });
    await commit(...service(id, target));
    taken += (await spares()).filter(([, , owner]) => owner === id).length;
    assert.equal((await get(port, `${id}.test`)).body, targets[target]?.name);
  }
  const [a, b] = await Promise.all(asked.map((stop) => stop()));
  assert.deepEqual(
    [...(a?.keys() ?? [])].filter((said) => said !== 'one' && said !== '404'),
    [],
  );
  assert.deepEqual(
    [...(b?.keys() ?? [])].filter((said) => said !== 'two' && said !== '404'),
    [],
  );
  assert.equal(taken, 30, 'every time it was the only spare');
  assert.equal(reloads(), 0);
});

test('a request that is still under way keeps its spare from the next service', async () => {
  await session.close('leave');
  session = await rig.open({ spares: 2 });
  await commit();
  let finish = () => {};
  const slow = createServer((_request, response) => {
    response.write('slow ');
    finish = () => response.end('end');
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  const address = slow.address();
  assert.ok(typeof address === 'object' && address !== null);
  const held = [route(port, 'slow.test', '/', 'slow'), backend('slow', { [address.port]: 1 })];
  await commit(...held);
  const [[, spare] = []] = await spares();
  const answer = get(port, 'slow.test');
  await until('the request is there', async () =>
    /^sp_http-roundrobin_\d,BACKEND,0,0,1,/m.test(await runtime.ask(`show stat ${spare} 2 -1`)),
  );
  await commit();
  await commit(...service('a', 1));
  const [[, next] = []] = await spares();
  assert.ok(next !== undefined && next !== spare);
  assert.equal((await get(port, 'a.test')).body, 'one');
  finish();
  assert.equal((await answer).body, 'slow end');
  await until('wiped', async () => !(await runtime.ask(`show servers state ${spare}`)).includes('v4-'));
  await commit(...service('a', 1), ...service('b', 2));
  assert.deepEqual((await spares()).map(([, name]) => name).sort(), [spare, next].sort());
  assert.equal((await get(port, 'b.test')).body, 'two');
  assert.equal(reloads(), 0);
  slow.close();
});

test('timeouts and HTTP checks of a spare are those of its service', async () => {
  await commit();
  const asked: string[] = [];
  const quiet = createServer((request, response) => {
    if (request.url === '/health') asked.push(request.headers.host ?? '');
    if (request.url === '/health') response.end();
  });
  await new Promise<void>((resolve) => quiet.listen(0, '127.0.0.1', resolve));
  const address = quiet.address();
  assert.ok(typeof address === 'object' && address !== null);
  const check = { type: 'http', intervalMs: 100, rise: 1, fall: 1, path: '/health', host: 'who.test' };
  await commit(
    route(port, 'quiet.test', '/', 'quiet'),
    backend('quiet', { [address.port]: 1 }, { check, serverMs: 150 }),
  );
  assert.equal((await get(port, 'quiet.test', '/x')).status, 504);
  await until('checked', () => asked.length > 1);
  assert.deepEqual([...new Set(asked)], ['who.test']);
  await until('ready', async () =>
    [...(find(await session.observe('all', signal), 'Backend', 'quiet')?.health?.servers?.values() ?? [])].includes(
      'ready',
    ),
  );
  assert.equal(reloads(), 0);
  quiet.closeAllConnections();
  quiet.close();
});

test('another algorithm and back, a section given up and taken again: no reload', async () => {
  await commit(...service('a', 1));
  for (const balance of ['leastconn', 'source', 'roundrobin']) {
    await commit(...service('a', 1, { balance }));
    assert.deepEqual(await answers(port, 'a.test', 3), ['one']);
  }
  await commit();
  assert.equal((await get(port, 'a.test')).status, 404);
  await commit(...service('a', 2));
  assert.deepEqual(await answers(port, 'a.test', 3), ['two']);
  assert.equal(reloads(), 0);
});

test('the first wildcard, the first route of every host, the first share, another default: no reload', async () => {
  await commit();
  const every = route(port, '', '/', 'e');
  const shared = route(port, 'shared.test', '/', 'a');
  const forward = new Map([
    ['a', { attrs: { weight: 1 } }],
    ['b', { attrs: { weight: 1 } }],
  ]);
  const share: Resource = { ...shared, refs: { frontend: shared.refs.frontend ?? '' }, sets: { forward } };
  await commit(...service('a', 1), ...service('b', 2), share, route(port, '*.wild.test', '/', 'b'));
  assert.equal((await get(port, 'x.wild.test')).body, 'two');
  assert.deepEqual(await answers(port, 'shared.test', 40), ['one', 'two']);
  assert.equal((await get(port, 'nobody.test')).status, 404);
  await commit(...service('a', 1), every, backend('e', { [targets[3]?.port ?? 0]: 1 }));
  assert.equal((await get(port, 'nobody.test')).body, 'three');
  assert.equal((await get(port, 'shared.test')).body, 'three');
  await session.commit?.(
    [],
    [settings, frontend(port, {}, { default: 'd' }), backend('d', { [targets[2]?.port ?? 0]: 1 })],
    signal,
  );
  assert.equal((await get(port, 'first.test')).body, 'two');
  assert.equal(reloads(), 0);
});

test('adopted by the next session, and loaded from the file by hand: what each spare is stays as it is', async () => {
  await commit(...service('a', 1));
  await commit(...service('a', 1), ...service('b', 2));
  const before = await processes();
  await session.close('leave');
  session = await rig.open({ spares: 64 });
  const seen = await session.observe('all', signal);
  assert.equal(find(seen, 'Settings', 'settings')?.owned, true, 'the process is proved to be as it was left');
  assert.equal(find(seen, 'Backend', 'b')?.sets.servers?.size, 1);
  await commit(...service('a', 3), ...service('b', 2), ...service('c', 3));
  assert.deepEqual(await answers(port, 'a.test', 3), ['three']);
  assert.deepEqual(await answers(port, 'c.test', 3), ['three']);
  assert.deepEqual((await processes())?.workers, before?.workers);
  assert.equal(reloads(), 0);
  const map = (await spares()).map(([, spare, owner]) => `${spare} ${owner}`).sort();
  await session.close('leave');

  assert.ok(before !== undefined);
  process.kill(before.master, 'SIGTERM');
  await until('HAProxy ended', () => !isAlive(before.master));
  runtime.close();
  const child = spawn('haproxy', ['-W', '-f', 'haproxy.cfg', '-S', `${rig.directory}/master.sock`], {
    cwd: rig.directory,
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await until('HAProxy by hand', () => get(port, 'b.test').catch(() => undefined));
  for (const [host, name] of [
    ['a.test', 'three'],
    ['b.test', 'two'],
    ['c.test', 'three'],
    ['first.test', 'first'],
  ] as const)
    assert.deepEqual(await answers(port, host, 2), [name]);
  assert.deepEqual((await spares()).map(([, spare, owner]) => `${spare} ${owner}`).sort(), map);
  child.kill('SIGTERM');
  await ended;
});

test('spares that run low are brought by a reload while nothing else goes on', async () => {
  await session.close('leave');
  session = await rig.open({ spares: 4 });
  await commit();
  const all = ['a', 'b', 'c', 'd'].flatMap((id, i) => service(id, i % 4));
  await commit(...all);
  assert.equal(reloads(), 0);
  await until('refilled', () => rig.metrics.get('weir_haproxy_reloads_total{spares}') === 1);
  assert.deepEqual(await answers(port, 'b.test', 3), ['one']);
  await commit(...all, ...service('e', 1));
  assert.deepEqual(await answers(port, 'e.test', 3), ['one']);
  assert.equal(reloads(), 1);
  const seen = await session.observe('all', signal);
  assert.equal(find(seen, 'Settings', 'settings')?.owned, true);
});

test('old workers are bounded by count: the oldest goes, with the streams that it still had', async () => {
  await session.close('leave');
  session = await rig.open({ spares: 0, maxOldWorkers: 2 });
  const open = createServer((_request, response) => void response.write('open'));
  await new Promise<void>((resolve) => open.listen(0, '127.0.0.1', resolve));
  const address = open.address();
  assert.ok(typeof address === 'object' && address !== null);
  const streams: Promise<boolean>[] = [];
  const served: Resource[] = [route(port, 'open.test', '/', 'open'), backend('open', { [address.port]: 1 })];
  const ends: boolean[] = [];
  for (let i = 0; i < 5; i++) {
    served.push(backend(`x${i}`, {}));
    await commit(...served);
    streams.push(
      new Promise((resolve) => {
        const sent = request({ host: '127.0.0.1', port, headers: { host: 'open.test' }, agent: false });
        sent.on('error', () => undefined);
        sent.on('response', (response) => {
          response.once('data', () => resolve(true));
          response.on('error', () => undefined);
          response.once('close', () => {
            ends[i] = true;
          });
        });
        sent.end();
      }),
    );
    await streams[i];
  }
  await until('the first two are cut', () => ends[0] === true && ends[1] === true);
  const now = await until('two old workers', async () => {
    const found = await processes();
    return found?.oldWorkers.length === 2 && found;
  });
  assert.equal(now.workers.length, 1);
  assert.deepEqual([ends[2], ends[3], ends[4]], [undefined, undefined, undefined]);
  open.closeAllConnections();
  open.close();
});
