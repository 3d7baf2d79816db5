import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterTo, follow, startApi, until } from './cluster-to.ts';
import { line } from './fake-api.ts';

describe('a reflector', () => {
  it('lists in pages, then follows: added, changed, deleted', async (t) => {
    const api = await startApi(t);
    for (const name of ['a', 'b', 'c']) api.put(name, { v: '1' });
    const { cluster } = await clusterTo(t, api.port);
    const { reflector, told } = follow(cluster, { limit: 2 });
    reflector.start();
    await until(
      () => reflector.state.phase === 'watching',
      'watching',
      () => reflector.state,
    );
    assert.deepEqual(told, ['add default/a 1', 'add default/b 1', 'add default/c 1']);
    assert.equal(api.count('list'), 2);
    assert.equal(reflector.synced, true);
    told.length = 0;
    api.put('d', { v: '4' });
    api.put('a', { v: '2' });
    api.remove('b');
    await until(
      () => told.length === 3,
      'three changes',
      () => told,
    );
    assert.deepEqual(told, ['add default/d 4', 'update default/a 2', 'delete default/b 1']);
    assert.deepEqual([...reflector.items.keys()].sort(), ['default/a', 'default/c', 'default/d']);
    assert.deepEqual(api.complaints, []);
  });

  it('is synced when the whole list has been told, and not before', async (t) => {
    const api = await startApi(t);
    for (let i = 0; i < 5; i++) api.put(`n${i}`, { v: '1' });
    const { cluster } = await clusterTo(t, api.port);
    const seen: [number, boolean][] = [];
    const { reflector, told } = follow(cluster, {
      limit: 2,
      onListed: () => seen.push([told.length, reflector.synced]),
      onState: () => seen.push([told.length, reflector.synced]),
    });
    reflector.start();
    await until(() => reflector.state.phase === 'watching', 'watching');
    assert.deepEqual(seen, [
      [0, false],
      [5, true],
      [5, true],
    ]);
  });

  it('keeps the same object for the same version, whatever lists come, and projects each version once', async (t) => {
    const api = await startApi(t);
    api.put('a', { v: '1' });
    api.put('b', { v: '1' });
    const { cluster } = await clusterTo(t, api.port);
    let projected = 0;
    const reflector = cluster.reflect({
      path: '/api/v1/configmaps',
      project: (object) => {
        projected++;
        return object;
      },
    });
    reflector.start();
    await until(() => reflector.state.phase === 'watching', 'watching');
    const first = reflector.items.get('default/a');
    assert.equal(first?.metadata.managedFields, undefined);
    assert.equal(first?.kind, 'ConfigMap');
    assert.equal(first?.apiVersion, 'v1');
    api.put('b', { v: '2' });
    await until(() => projected === 3, 'b projected');
    api.compact();
    api.endWatches();
    await until(() => reflector.state.lists === 2, 'second list');
    assert.equal(reflector.items.get('default/a'), first);
    assert.equal(projected, 3);
  });

  it('tells nothing when the projection is the old one, and takes undefined for absent', async (t) => {
    const api = await startApi(t);
    api.put('a', { v: '1' });
    const { cluster } = await clusterTo(t, api.port);
    const { reflector, told } = follow(cluster, {
      project: ({ data }, old) => {
        const value = typeof data === 'object' && data !== null && 'v' in data ? String(data.v) : '';
        return value === 'none' ? undefined : value === old ? old : value;
      },
    });
    reflector.start();
    await until(() => reflector.state.phase === 'watching', 'watching');
    api.put('a', { v: '1', other: 'x' });
    api.put('a', { v: 'none' });
    api.put('a', { v: '2' });
    await until(
      () => told.includes('add default/a 2'),
      'a is back',
      () => told,
    );
    assert.deepEqual(told, ['add default/a 1', 'delete default/a 1', 'add default/a 2']);
  });

  it('tells another object of the same name as deleted and added', async (t) => {
    const api = await startApi(t);
    api.put('a', { v: '1' });
    const { cluster } = await clusterTo(t, api.port);
    const { reflector, told } = follow(cluster);
    reflector.start();
    await until(() => reflector.state.phase === 'watching', 'watching');
    api.put('a', { v: '1' }, { recreate: true });
    api.compact();
    api.endWatches();
    await until(
      () => told.length === 3,
      'deleted and added',
      () => told,
    );
    assert.deepEqual(told, ['add default/a 1', 'delete default/a 1', 'add default/a 1']);
  });

  it('survives handlers that throw, or answer promises that do', async (t) => {
    const api = await startApi(t);
    api.put('a', { v: '1' });
    const { cluster, logged } = await clusterTo(t, api.port);
    const told: string[] = [];
    const reflector = cluster.reflect<string>({
      path: '/api/v1/configmaps',
      project: ({ metadata }) => {
        if (metadata.name === 'unprojectable') throw new Error('project');
        return metadata.name;
      },
      onChange: (change) => {
        told.push(change.key);
        if (told.length === 1) throw new Error('change');
        return Promise.reject(new Error('later'));
      },
      onListed: () => {
        throw new Error('listed');
      },
      onState: () => {
        throw new Error('state');
      },
    });
    reflector.start();
    await until(() => reflector.state.phase === 'watching', 'watching');
    api.put('unprojectable');
    api.put('b');
    await until(
      () => told.includes('default/b'),
      'b',
      () => told,
    );
    assert.deepEqual(told, ['default/a', 'default/b']);
    const messages = logged.filter(({ level }) => level === 'error').map(({ fields }) => Object(fields).err.message);
    for (const message of ['project', 'change', 'later', 'listed', 'state'])
      assert.ok(messages.includes(message), message);
  });

  for (const afterMs of [0, 1, 5, 20, 50]) {
    it(`stopped ${afterMs} ms after its start tells nothing more and leaves no watch; started again it goes on`, async (t) => {
      const api = await startApi(t);
      for (let i = 0; i < 20; i++) api.put(`n${i}`, { v: '1' });
      const { cluster } = await clusterTo(t, api.port);
      const { reflector, told } = follow(cluster, { limit: 5 });
      for (let round = 0; round < 5; round++) {
        reflector.start();
        if (afterMs > 0) await new Promise((done) => setTimeout(done, afterMs));
        const stopped = reflector.stop();
        const before = told.length;
        api.put(`late${round}`, { v: '1' });
        await stopped;
        await until(() => api.watchers.size === 0, 'no watch');
        await new Promise((done) => setTimeout(done, 10));
        assert.equal(told.length, before);
        assert.equal(reflector.state.phase, 'stopped');
      }
      reflector.start();
      await until(
        () => reflector.state.phase === 'watching' && reflector.items.size === 25,
        'all',
        () => reflector.items.size,
      );
      assert.equal(told.length, 25);
      assert.equal(api.watchers.size, 1);
    });
  }

  it('starts and stops in any order without a second loop', async (t) => {
    const api = await startApi(t);
    const { cluster } = await clusterTo(t, api.port);
    const { reflector } = follow(cluster);
    reflector.start();
    reflector.start();
    const first = reflector.stop();
    reflector.start();
    await first;
    await until(() => reflector.state.phase === 'watching', 'watching');
    await until(() => api.watchers.size === 1, 'one watch');
    assert.equal(reflector.state.watches, 1);
    await cluster.close();
    await until(() => api.watchers.size === 0, 'closed with the cluster');
    assert.equal(reflector.state.phase, 'stopped');
  });

  it('lists anew now and then, as a net below the watch', async (t) => {
    const api = await startApi(t);
    api.put('a', { v: '1' });
    const { cluster } = await clusterTo(t, api.port);
    const { reflector, told } = follow(cluster, { relistMs: 300 });
    reflector.start();
    await until(() => reflector.state.phase === 'watching', 'watching');
    api.remove('a', { silently: true });
    // The server would end the watch after a second; it may as well end it now.
    const listed = () => {
      api.endWatches();
      return reflector.state.lists >= 2;
    };
    await until(listed, 'a second list');
    assert.deepEqual(told, ['add default/a 1', 'delete default/a 1']);
  });

  it('reads an event of many megabytes in pieces, and letters of several bytes that are cut', async (t) => {
    const api = await startApi(t);
    const { cluster } = await clusterTo(t, api.port);
    const { reflector } = follow(cluster);
    reflector.start();
    await until(() => reflector.state.phase === 'watching', 'watching');
    const value = 'ü€𝄞'.repeat(600_000);
    const bytes = Buffer.from(
      line('ADDED', {
        metadata: { name: 'a', namespace: 'default', uid: 'u', resourceVersion: '900' },
        data: { v: value },
      }),
    );
    for (let at = 0; at < bytes.length; at += 65_521) api.write(bytes.subarray(at, at + 65_521));
    await until(() => reflector.items.has('default/a'), 'a');
    assert.equal(reflector.items.get('default/a'), value);
  });
});
