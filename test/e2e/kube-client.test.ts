import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import {
  type Cluster,
  createElector,
  type Elector,
  KubeError,
  type KubeObject,
  resourcePath,
} from '../../src/kube/index.ts';
import { systemClock } from '../../src/run/index.ts';
import { missingKube } from '../kube/index.ts';
import { collect, follow, until, valueIn } from '../kube-client/cluster-to.ts';
import { type ProxiedPlane, startProxiedPlane } from '../kube-client/proxied-plane.ts';

async function code(work: Promise<unknown>): Promise<number> {
  return work.then(
    () => 200,
    (error: unknown) => {
      if (error instanceof KubeError) return error.code;
      throw error;
    },
  );
}

describe('src/kube against a real API server', { skip: missingKube() }, () => {
  let stage: ProxiedPlane;
  let cluster: Cluster;
  before(async () => {
    stage = await startProxiedPlane();
    cluster = await stage.open();
  });
  after(() => stage?.stop());

  /** A namespace, and writers past the proxy. */
  async function room() {
    const namespace = `t-${randomBytes(4).toString('hex')}`;
    await stage.plane.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const path = resourcePath({ apiVersion: 'v1', resource: 'configmaps', namespace });
    const write = (name: string, v: string) =>
      stage.plane.client.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { v } });
    const remove = (name: string) => stage.plane.client.remove(`${path}/${name}`);
    return { namespace, path, write, remove };
  }

  async function followed(path: string) {
    const one = follow(cluster, { path });
    one.reflector.start();
    await until(
      () => one.reflector.state.phase === 'watching',
      'watching',
      () => one.reflector.state,
      20_000,
    );
    const sees = (text: string) =>
      until(
        () => one.told.some((told) => told === text),
        text,
        () => [one.told, one.reflector.state],
        20_000,
      );
    return { ...one, sees };
  }

  it('creates, applies, patches and deletes, and loses races as it should', async () => {
    const { path, namespace } = await room();
    const body = (data: Record<string, string>) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace },
      data,
    });
    const made = await cluster.create(path, body({ v: '1' }), { fieldManager: 'one' });
    assert.equal(await code(cluster.create(path, body({}))), 409);
    const apply = { type: 'apply', fieldManager: 'two' } as const;
    assert.equal(await code(cluster.patch(`${path}/a`, body({ v: '2' }), apply)), 409, "another's field");
    const taken = await cluster.patch(`${path}/a`, body({ v: '2' }), { ...apply, force: true });
    assert.deepEqual(taken.data, { v: '2' });
    const { resourceVersion, uid } = Object(taken.metadata);
    const stale = { metadata: { resourceVersion: Object(made.metadata).resourceVersion }, data: { v: '3' } };
    assert.equal(await code(cluster.patch(`${path}/a`, stale, { type: 'merge', fieldManager: 'one' })), 409);
    const test = [{ op: 'test', path: '/data/v', value: 'x' }];
    assert.equal(await code(cluster.patch(`${path}/a`, test, { type: 'json', fieldManager: 'one' })), 422);
    assert.equal(await code(cluster.delete(`${path}/a`, { preconditions: { uid: 'x' } })), 409);
    assert.equal(await code(cluster.delete(`${path}/a`, { preconditions: { uid, resourceVersion } })), 200);
    assert.equal(await code(cluster.get(`${path}/a`)), 404);
  });

  it('reads pages and large objects', async () => {
    const { path, namespace, write } = await room();
    for (let i = 0; i < 7; i++) await write(`n${i}`, `${i}`);
    const v = 'x'.repeat(1_000_000);
    const one = await followed(path);
    await cluster.create(path, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'large', namespace },
      data: { v },
    });
    await until(() => one.reflector.items.get(`${namespace}/large`) === v, 'the large one');
    const { items } = await cluster.list(path, { limit: 3 });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ['large', 'n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6'],
    );
    assert.deepEqual(
      items.map(({ kind }) => kind),
      Array(8).fill('ConfigMap'),
    );
    await one.reflector.stop();
  });

  it('goes on after every fault without losing a change and without a list', async () => {
    const { path, namespace, write, remove } = await room();
    await write('a', '0');
    const one = await followed(path);
    const { proxy } = stage;
    proxy.cut();
    await write('a', '1');
    await one.sees(`update ${namespace}/a 1`);
    await proxy.down();
    await write('a', '2');
    await remove('a');
    await until(() => one.reflector.state.phase === 'failing', 'failing');
    await proxy.up();
    await one.sees(`delete ${namespace}/a 2`);
    proxy.swallow();
    await write('b', '3');
    await one.sees(`add ${namespace}/b 3`);
    assert.equal(one.reflector.state.lists, 1);
    assert.deepEqual(
      one.told,
      ['add', 'update', 'update', 'delete', 'add'].map(
        (type, i) => `${type} ${namespace}/${i < 4 ? 'a' : 'b'} ${[0, 1, 2, 2, 3][i]}`,
      ),
    );
    await one.reflector.stop();
  });

  it('survives the end of the server, with what has changed while it was away', async () => {
    const { path, namespace, write } = await room();
    await write('a', '0');
    const one = await followed(path);
    await stage.plane.killApiServer();
    await until(() => one.reflector.state.phase === 'failing', 'failing');
    assert.deepEqual([...one.reflector.items], [[`${namespace}/a`, '0']]);
    await stage.plane.restartApiServer();
    await write('a', '1');
    await one.sees(`update ${namespace}/a 1`);
    // From before the restart: too old for the new server.
    assert.ok(one.reflector.state.lists <= 2);
    assert.equal(stage.logged.filter(({ level }) => level === 'error').length, 0);
    await one.reflector.stop();
  });

  it('takes up a namespace that it is allowed to read later, and a resource that is defined later', async () => {
    const { path, namespace, write } = await room();
    await write('a', '1');
    const user = stage.plane.certificateUser(`reader-${namespace}`);
    const limited = await stage.open(user.kubeconfig);
    const reader = follow(limited, { path });
    reader.reflector.start();
    await until(
      () => reader.reflector.state.phase === 'forbidden',
      'forbidden',
      () => reader.reflector.state,
    );
    assert.match(reader.reflector.state.error?.message ?? '', /cannot list resource "configmaps"/);
    const group = `${namespace}.test`;
    const things = resourcePath({ apiVersion: `${group}/v1`, resource: 'things' });
    const thing = cluster.reflect<string>({ path: things, project: ({ metadata }: KubeObject) => metadata.name });
    thing.start();
    await until(
      () => thing.state.phase === 'absent',
      'absent',
      () => thing.state,
    );
    const rbac = 'rbac.authorization.k8s.io/v1';
    await stage.plane.client.apply({
      apiVersion: rbac,
      kind: 'Role',
      metadata: { name: 'r', namespace },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] }],
    });
    await stage.plane.client.apply({
      apiVersion: rbac,
      kind: 'RoleBinding',
      metadata: { name: 'r', namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
      subjects: [{ kind: 'User', name: user.name }],
    });
    await stage.plane.client.apply({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `things.${group}` },
      spec: {
        group,
        scope: 'Cluster',
        names: { plural: 'things', kind: 'Thing' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    });
    await until(
      () => reader.told.includes(`add ${namespace}/a 1`),
      'the namespace',
      () => reader.reflector.state,
      40_000,
    );
    await until(
      () => thing.state.phase === 'watching',
      'the resource',
      () => thing.state,
      40_000,
    );
    await stage.plane.client.request('POST', things, {
      apiVersion: `${group}/v1`,
      kind: 'Thing',
      metadata: { name: 'x' },
    });
    await until(() => thing.items.has('/x'), 'the object');
    await Promise.all([thing.stop(), reader.reflector.stop()]);
  });

  it('elects one leader, and another when it is gone', async () => {
    const { namespace } = await room();
    const { log } = collect();
    const make = (identity: string, by: Cluster): Elector =>
      createElector({
        cluster: by,
        namespace,
        lease: 'weir',
        identity,
        clock: systemClock,
        log,
        leaseMs: 3_000,
        renewDeadlineMs: 2_000,
        retryMs: 400,
      });
    const doomed = await stage.open();
    const [a, b, c] = [make('a', doomed), make('b', cluster), make('c', cluster)];
    const leaders = () => [a, b, c].filter((one) => one.holds(systemClock.now()));
    a.start();
    await until(
      () => a.view().leader,
      'a leads',
      () => a.view(),
    );
    b.start();
    c.start();
    let most = 0;
    const counting = setInterval(() => {
      most = Math.max(most, leaders().length);
    }, 5);
    // Its renewals fail from now on.
    await doomed.close();
    await until(
      () => b.view().leader || c.view().leader,
      'another leads',
      () => b.view(),
    );
    assert.equal(a.view().leader, false);
    const first = b.view().leader ? b : c;
    assert.equal(first.view().transitions, 1);
    await first.close();
    const second = first === b ? c : b;
    await until(
      () => second.view().leader,
      'the third leads',
      () => second.view(),
    );
    assert.equal(second.view().transitions, 2);
    clearInterval(counting);
    assert.equal(most, 1);
    await Promise.all([a.close(), second.close()]);
    const lease = await cluster.get(
      resourcePath({ apiVersion: 'coordination.k8s.io/v1', resource: 'leases', namespace, name: 'weir' }),
    );
    assert.equal(Object(lease.spec).holderIdentity ?? '', '');
  });

  it('reads what only a list says, without its managed fields', async () => {
    const { path, write } = await room();
    await write('a', '1');
    const seen: KubeObject[] = [];
    const reflector = cluster.reflect<string>({
      path,
      project: (object) => {
        seen.push(object);
        return valueIn(object);
      },
    });
    reflector.start();
    await until(() => reflector.synced, 'synced');
    assert.deepEqual(Object.keys(seen[0] ?? {}).sort(), ['apiVersion', 'data', 'kind', 'metadata']);
    assert.equal(seen[0]?.metadata.managedFields, undefined);
    await reflector.stop();
  });
});
