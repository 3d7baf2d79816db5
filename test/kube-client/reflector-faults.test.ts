import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { clusterTo, type Followed, follow, startApi, until } from './cluster-to.ts';
import { type FakeApi, line, respond, send } from './fake-api.ts';
import { FaultProxy } from './fault-proxy.ts';

async function watching({ reflector }: Followed): Promise<void> {
  await until(
    () => reflector.state.phase === 'watching',
    'watching',
    () => reflector.state,
  );
}

async function sees(followed: Followed, api: FakeApi, name: string): Promise<void> {
  api.put(name, { v: '1' });
  const wanted = `add default/${name} 1`;
  await until(
    () => followed.told.includes(wanted),
    wanted,
    () => [followed.told, followed.reflector.state],
  );
}

async function started(t: TestContext, options: Parameters<typeof follow>[1] = {}) {
  const api = await startApi(t);
  api.put('a', { v: '1' });
  const { cluster, logged, tokenFile } = await clusterTo(t, api.port);
  const followed = follow(cluster, options);
  followed.reflector.start();
  await watching(followed);
  return { api, cluster, logged, tokenFile, followed };
}

describe('connections', () => {
  it('that are reset are made anew, without a list', async (t) => {
    const { api, cluster, followed } = await started(t);
    for (let i = 0; i < 3; i++) {
      const before = cluster.connection.sessions;
      api.reset();
      await sees(followed, api, `n${i}`);
      await until(() => cluster.connection.sessions > before, 'a new session');
    }
    assert.equal(followed.reflector.state.lists, 1);
  });

  it('that say goodbye keep their watches, and carry no new request', async (t) => {
    const { api, cluster, followed } = await started(t);
    api.goaway();
    await sees(followed, api, 'b');
    assert.equal(followed.reflector.state.watches, 1);
    await cluster.list('/api/v1/configmaps');
    assert.equal(cluster.connection.sessions, 2);
    api.endWatches();
    await until(() => followed.reflector.state.watches === 2, 'second watch');
    await until(() => api.sessions.size === 1, 'the first session ends with its last stream');
    await sees(followed, api, 'c');
  });

  it('that carry nothing any more are noticed by their pings', async (t) => {
    const api = await startApi(t);
    const proxy = await FaultProxy.start(api.port);
    t.after(() => proxy.stop());
    const { cluster } = await clusterTo(t, proxy.port);
    const followed = follow(cluster);
    followed.reflector.start();
    await watching(followed);
    proxy.swallow();
    await sees(followed, api, 'b');
    assert.equal(cluster.connection.sessions, 2);
    assert.equal(followed.reflector.state.lists, 1);
  });

  it('are tried until the server is back, and one success wakes all', async (t) => {
    const api = await startApi(t);
    const proxy = await FaultProxy.start(api.port);
    t.after(() => proxy.stop());
    const { cluster } = await clusterTo(t, proxy.port);
    const all = [follow(cluster), follow(cluster), follow(cluster)];
    for (const one of all) one.reflector.start();
    for (const one of all) await watching(one);
    await proxy.down();
    for (const one of all) await until(() => one.reflector.state.phase === 'failing', 'failing');
    assert.equal(cluster.connection.connected, false);
    const refused = /127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/;
    await until(
      () => refused.test(cluster.connection.error?.message ?? ''),
      'refused',
      () => cluster.connection.error,
    );
    assert.ok(all[0]?.reflector.state.staleSinceMs !== undefined);
    await proxy.up();
    api.put('b', { v: '1' });
    for (const one of all)
      await until(
        () => one.told.includes('add default/b 1'),
        'b',
        () => one.told,
      );
    for (const one of all) assert.equal(one.reflector.state.lists, 1);
    assert.equal(all[0]?.reflector.state.staleSinceMs, undefined);
  });

  it('to a server that is back and has not read its roles yet are no missing right, until that lasts', async (t) => {
    const api = await startApi(t);
    const proxy = await FaultProxy.start(api.port);
    t.after(() => proxy.stop());
    const startingMs = 1_500;
    const { cluster } = await clusterTo(t, proxy.port, { limits: { startingMs } });
    const phases: string[] = [];
    const followed = follow(cluster, { onState: ({ phase }) => phases.push(phase) });
    followed.reflector.start();
    await watching(followed);
    const comeBack = async () => {
      await proxy.down();
      await until(() => /ECONNREFUSED/.test(cluster.connection.error?.message ?? ''), 'away');
      await proxy.up();
    };
    const message = 'configmaps is forbidden: User "u" cannot list resource "configmaps" in API group ""';
    let refusals = 3;
    api.intercept = ({ stream }) => {
      if (refusals-- <= 0) return false;
      respond(stream, 403, { code: 403, reason: 'Forbidden', message });
      return true;
    };
    await comeBack();
    await sees(followed, api, 'b');
    await watching(followed);
    assert.ok(!phases.includes('forbidden'), phases.join());
    refusals = Number.POSITIVE_INFINITY;
    await comeBack();
    await until(() => phases.includes('forbidden'), 'forbidden');
    assert.equal(followed.reflector.state.error?.message, `GET /api/v1/configmaps of test: ${message}`);
  });

  it('carry no more streams than the server allows; the rest goes over another', async (t) => {
    const api = await startApi(t, { maxStreams: 4 });
    api.put('a', { v: '1' });
    const { cluster } = await clusterTo(t, api.port);
    const all = Array.from({ length: 9 }, () => follow(cluster));
    for (const one of all) one.reflector.start();
    for (const one of all) await watching(one);
    assert.equal((await cluster.list('/api/v1/configmaps')).items.length, 1);
    assert.ok(cluster.connection.sessions >= 3, `${cluster.connection.sessions} sessions`);
    assert.equal(api.count('watch'), 9);
  });
});

describe('watches', () => {
  it('that the server ends are opened again at once, from where they were', async (t) => {
    const { api, followed } = await started(t);
    for (let i = 0; i < 4; i++) {
      api.put(`n${i}`, { v: '1' });
      await until(() => followed.told.includes(`add default/n${i} 1`), `n${i}`);
      const { watches } = followed.reflector.state;
      api.endWatches();
      await until(() => followed.reflector.state.watches === watches + 1, 'the next watch');
      assert.equal(followed.reflector.state.phase, 'watching');
    }
    assert.equal(followed.reflector.state.lists, 1);
    assert.deepEqual(followed.told.length, 5);
  });

  it('that end as soon as they begin are not opened in a hot loop', async (t) => {
    const { api, followed } = await started(t);
    api.intercept = ({ kind, stream }) => {
      if (kind !== 'watch') return false;
      send(stream, 200, '');
      return true;
    };
    api.endWatches();
    const before = api.count('watch');
    await new Promise((done) => setTimeout(done, 1_000));
    const opened = api.count('watch') - before;
    assert.ok(opened >= 2 && opened <= 20, `${opened} in a second`);
    api.intercept = undefined;
    await sees(followed, api, 'b');
  });

  it('go on from bookmarks', async (t) => {
    const { api, followed } = await started(t);
    api.bookmark();
    api.compact();
    api.bookmark();
    const bookmarked = followed.reflector.state.lastEventMs;
    await until(() => followed.reflector.state.lastEventMs !== bookmarked, 'the bookmark is read');
    api.endWatches();
    await sees(followed, api, 'b');
    assert.equal(followed.reflector.state.lists, 1);
  });

  it('from a place too old (410 in the stream) list anew and tell what has changed meanwhile', async (t) => {
    const { api, followed } = await started(t);
    api.put('b', { v: '1' });
    await until(() => followed.told.length === 2, 'b');
    api.remove('a', { silently: true });
    api.compact();
    api.endWatches();
    await until(
      () => followed.told.includes('delete default/a 1'),
      'a is gone',
      () => followed.told,
    );
    assert.equal(followed.reflector.state.lists, 2);
    assert.deepEqual(followed.told, ['add default/a 1', 'add default/b 1', 'delete default/a 1']);
    await sees(followed, api, 'c');
  });

  for (const [name, answer] of [
    ['410 as a status', (stream) => respond(stream, 410, { code: 410, reason: 'Expired', message: 'too old' })],
    [
      '429 with Retry-After',
      (stream) => respond(stream, 429, { code: 429, reason: 'TooManyRequests' }, { 'retry-after': '1' }),
    ],
    ['500', (stream) => respond(stream, 500, { code: 500, reason: 'InternalError', message: 'etcd' })],
    ['a page of a proxy', (stream) => send(stream, 502, '<html>', { 'content-type': 'text/html' })],
    ['ERROR 500 in the stream', (stream) => send(stream, 200, line('ERROR', { kind: 'Status', code: 500 }))],
    ['no JSON in the stream', (stream) => send(stream, 200, '{"type":"ADDED","object":\n')],
    ['an object without metadata', (stream) => send(stream, 200, line('ADDED', { kind: 'ConfigMap' }))],
    ['RST', (stream) => stream.close(2)],
    ['REFUSED_STREAM', (stream) => stream.close(7)],
  ] satisfies readonly (readonly [string, (stream: Parameters<typeof send>[0]) => void])[]) {
    it(`answered by ${name} go on as soon as the server does`, async (t) => {
      const { api, followed } = await started(t);
      let faults = 2;
      api.intercept = ({ kind, stream }) => {
        if (kind !== 'watch' || faults-- <= 0) return false;
        answer(stream);
        return true;
      };
      api.endWatches();
      await sees(followed, api, 'b');
      await watching(followed);
      assert.equal(followed.reflector.state.error, undefined);
      assert.ok(followed.reflector.state.lists <= 3);
    });
  }

  it('in which one event is broken for good are given up for a list', async (t) => {
    const { api, followed } = await started(t);
    api.intercept = ({ kind, query, stream }) => {
      if (kind !== 'watch' || Number(query.get('resourceVersion')) > 101) return false;
      send(stream, 200, 'broken\n');
      return true;
    };
    api.endWatches();
    api.put('b', { v: '1' });
    await until(
      () => followed.told.includes('add default/b 1'),
      'b',
      () => followed.reflector.state,
    );
    assert.equal(followed.reflector.state.lists, 2);
  });
});

describe('lists', () => {
  it('whose continuation is forgotten (410) are read anew in one piece, and no page counts twice', async (t) => {
    const api = await startApi(t);
    for (const name of ['a', 'b', 'c', 'd', 'e']) api.put(name, { v: '1' });
    let expired = false;
    api.intercept = ({ kind, query, stream }) => {
      if (kind !== 'list' || !query.has('continue') || expired) return false;
      expired = true;
      api.remove('a');
      respond(stream, 410, { code: 410, reason: 'Expired', metadata: { continue: 'inconsistent' } });
      return true;
    };
    const { cluster } = await clusterTo(t, api.port);
    const followed = follow(cluster, { limit: 2 });
    followed.reflector.start();
    await watching(followed);
    assert.deepEqual(
      followed.told,
      ['b', 'c', 'd', 'e'].map((name) => `add default/${name} 1`),
    );
    const last = api.asked.filter(({ kind }) => kind === 'list').at(-1);
    assert.equal(last?.query.has('limit') || last?.query.has('continue'), false);
  });

  it('refused (403) and absent (404) are told, tried again, and taken up when they are there', async (t) => {
    for (const [status, phase] of [
      [403, 'forbidden'],
      [404, 'absent'],
    ] as const) {
      const api = await startApi(t);
      api.put('a', { v: '1' });
      api.intercept = ({ stream }) => {
        respond(stream, status, { code: status, message: 'no' });
        return true;
      };
      const { cluster } = await clusterTo(t, api.port);
      const phases: string[] = [];
      const followed = follow(cluster, { onState: (state) => phases.push(state.phase) });
      followed.reflector.start();
      await until(() => followed.reflector.state.phase === phase, phase);
      assert.equal(followed.reflector.synced, false);
      assert.equal(followed.reflector.state.error?.code, status);
      api.intercept = undefined;
      await watching(followed);
      assert.deepEqual(phases, ['listing', phase, 'watching']);
      assert.deepEqual(followed.told, ['add default/a 1']);
    }
  });

  it('that are cut off are tried again', async (t) => {
    const api = await startApi(t);
    api.put('a', { v: '1' });
    let faults = 2;
    api.intercept = ({ kind, stream }) => {
      if (kind !== 'list' || faults-- <= 0) return false;
      if (faults === 0) send(stream, 200, '{"kind":"ConfigMapList","apiVersion":"v1","items":[{"meta');
      else {
        stream.respond({ ':status': 200 });
        stream.write('{"kind":"Config');
        setTimeout(() => stream.close(2), 10);
      }
      return true;
    };
    const { cluster, logged } = await clusterTo(t, api.port);
    const followed = follow(cluster);
    followed.reflector.start();
    await watching(followed);
    assert.deepEqual(followed.told, ['add default/a 1']);
    assert.equal(logged.filter(({ level }) => level === 'error').length, 0);
  });

  it('with credentials refused (401) are tried with those that the file holds now', async (t) => {
    const { api, followed, tokenFile } = await started(t);
    api.token = 'two';
    api.endWatches();
    await until(
      () => followed.reflector.state.error?.code === 401,
      '401',
      () => followed.reflector.state,
    );
    writeFileSync(tokenFile, 'two\n');
    await sees(followed, api, 'b');
  });
});
