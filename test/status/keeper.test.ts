import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { sortFinalizers } from '../../src/compat/aws-lbc/index.ts';
import { allocationFailed, ipAllocated, renderPoolStatus } from '../../src/compat/metallb/index.ts';
import { type JsonObject, KubeError, type KubeObject } from '../../src/kube/index.ts';
import type { ExportedService, PoolState } from '../../src/model/index.ts';
import type { ServiceFacts } from '../../src/status/facts.ts';
import { StatusKeeper } from '../../src/status/keeper.ts';
import { VirtualClock } from '../run/virtual-clock.ts';
import { facts, manager, owned, rawService, serviceKind } from './objects.ts';

const poolKind = { kind: 'IPAddressPool', apiVersion: 'metallb.io/v1beta1', resource: 'ipaddresspools' };

const finalizer = 'weir-lb.dev/resources';

/** A cluster of Services that does what it is told, and a keeper beside it. */
function stage(t: TestContext, { idPrefix = '', clearOnStop = false } = {}) {
  const clock = new VirtualClock();
  const objects = new Map<string, KubeObject>();
  const writes: string[] = [];
  let version = 10;
  const keeper = new StatusKeeper({
    source: 'kubernetes',
    idPrefix,
    manager,
    finalizer: { name: finalizer, sort: (all) => sortFinalizers(all, 'weir-lb.dev/') },
    fronts: new Set(),
    events: false,
    clearOnStop,
    instance: 'weir-0',
    clock,
    random: () => 1,
    mayWrite: () => true,
    changed: () => {},
    told: () => {},
    pools: { given: ipAllocated, refused: allocationFailed, status: renderPoolStatus },
  });
  const store = (object: KubeObject, ours: boolean) => {
    objects.set(object.metadata.name, object);
    keeper.seen(object, serviceKind, ours ? owned : undefined)?.();
  };
  const put = (metadata: JsonObject = {}, status?: JsonObject, ours = false) =>
    store(
      rawService({ metadata: { resourceVersion: String(++version), ...metadata }, ...(status && { status }) }),
      ours,
    );
  let barred: string | undefined;
  const patch = async (path: string, body: unknown) => {
    if (barred !== undefined) throw new KubeError(403, 'Forbidden', barred);
    if (path.includes('/ipaddresspools/')) return patchPool(path, body);
    const name = path.endsWith('/status') ? (path.split('/').at(-2) ?? '') : (path.split('/').at(-1) ?? '');
    const { metadata, status } = Object(body);
    const before = objects.get(name);
    assert.ok(before !== undefined);
    writes.push(
      path.endsWith('/status')
        ? `${name} status ${status === undefined ? 'cleared' : 'written'}`
        : `${name} finalizers ${metadata.finalizers.join()}`,
    );
    const after = {
      ...before,
      metadata: {
        ...before.metadata,
        resourceVersion: String(++version),
        ...(metadata.finalizers === undefined ? {} : { finalizers: metadata.finalizers }),
        managedFields: path.endsWith('/status') && status === undefined ? [] : owned,
      },
      ...(path.endsWith('/status') ? { status: status ?? {} } : {}),
    };
    objects.set(name, after);
    return after;
  };
  const putPool = (name: string, status?: JsonObject) => {
    const metadata = { name, namespace: 'metallb-system', uid: `uid-${name}`, resourceVersion: String(++version) };
    objects.set(`pool ${name}`, { metadata, ...(status && { status }) });
    keeper.seen({ metadata, ...(status && { status }) }, poolKind, undefined)?.();
  };
  const patchPool = (path: string, body: unknown) => {
    const name = path.split('/').at(-2) ?? '';
    const before = objects.get(`pool ${name}`);
    assert.ok(before !== undefined && path.endsWith('/status'));
    const { metadata, status } = Object(body);
    assert.equal(metadata.uid, before.metadata.uid);
    writes.push(`${name} ${JSON.stringify(status)}`);
    const after = { metadata: { ...before.metadata, resourceVersion: String(++version) }, status };
    objects.set(`pool ${name}`, after);
    return after;
  };
  const end = new AbortController();
  const running = keeper.run(Object({ patch }), end.signal);
  t.after(() => end.abort());
  let left: readonly string[] | undefined = [];
  /** The source and the balancers say this of services now. */
  const know = async (
    services: Readonly<Record<string, Partial<ServiceFacts>>>,
    more: { readonly elsewhere?: string; readonly pools?: readonly PoolState[]; readonly incomplete?: true } = {},
  ) => {
    const exported = Object.keys(services).map((id): ExportedService => {
      const [namespace = '', name = ''] = id.replace(idPrefix, '').split('/');
      const origin = { source: 'kubernetes', kind: 'Service', namespace, name, labels: {} };
      return { id, origin, groups: [], fronts: [], backends: {}, settings: {}, settingsOrigin: {} };
    });
    const incomplete = more.incomplete ? [{ source: 'kubernetes', part: 'Services', reason: 'gone' }] : [];
    keeper.read({ services: exported, nodes: [], problems: [], incomplete });
    const known = Object.entries(services).map(([id, one]) => [id, facts({ id, ...one })] as const);
    const others = more.elsewhere === undefined ? [] : [[more.elsewhere, facts({ id: more.elsewhere })] as const];
    await keeper.decide({
      services: new Map([...known, ...others]),
      ...(more.pools && { pools: more.pools }),
      unreached: [],
      problems: [],
      remains: () => left,
      healthOf: () => undefined,
    });
    await clock.pass(10);
  };
  return {
    clock,
    keeper,
    put,
    putPool,
    know,
    writes,
    stop: async () => {
      end.abort();
      await running;
    },
    bar: (why: string | undefined) => {
      barred = why;
    },
    leave: (what: readonly string[] | undefined) => {
      left = what;
    },
  };
}

describe('the keeper of a cluster', () => {
  it('holds an object before it says anything of it, and writes nothing twice', async (t) => {
    const { put, know, writes } = stage(t);
    put();
    await know({ 'shop/web': { outlives: true } });
    assert.deepEqual(writes.toSorted(), ['web finalizers weir-lb.dev/resources', 'web status written']);
    await know({ 'shop/web': { outlives: true } });
    assert.equal(writes.length, 2);
  });

  it('lets an object go when nothing is left of it, and not a moment before', async (t) => {
    const { put, know, writes, leave, clock } = stage(t);
    put({ finalizers: [finalizer], deletionTimestamp: '2026-01-01T00:00:00Z' });
    leave(['LoadBalancer x']);
    await know({});
    assert.deepEqual(writes, ['web status written']);
    await clock.pass(10_000);
    await know({});
    leave(undefined);
    await know({});
    assert.equal(writes.length, 2, writes.join());
    leave([]);
    await know({});
    assert.equal(writes.at(-1), 'web finalizers ');
  });

  it('tells how to let an object go by hand where the right to went with its namespace', async (t) => {
    const { put, know, bar, clock, keeper } = stage(t);
    put({ finalizers: [finalizer, 'a.test/other'], deletionTimestamp: '2026-01-01T00:00:00Z' });
    put({ name: 'two', uid: 'u2', finalizers: [finalizer], deletionTimestamp: '2026-01-01T00:00:00Z' });
    bar('cannot patch resource "services" in namespace "shop"');
    for (let i = 0; i < 3; i++) {
      await know({});
      await clock.pass(10_000);
    }
    const told = keeper
      .problems()
      .map(({ message }) => message.replace(/^.*Let it go by hand: (.*); everything.*$/, '$1'));
    assert.deepEqual(told.sort(), [
      `kubectl -n shop patch services two --type=merge -p '{"metadata":{"finalizers":[]}}'`,
      `kubectl -n shop patch services web --type=merge -p '{"metadata":{"finalizers":["a.test/other"]}}'`,
    ]);
    keeper.gone('Service', 'shop/two');
    assert.equal(keeper.problems().length, 1);
    bar(undefined);
    await clock.pass(40_000);
    assert.deepEqual(keeper.problems(), []);
  });

  it('forgets what could not be written in a namespace that is gone', async (t) => {
    const { put, know, bar, clock, keeper } = stage(t);
    put();
    bar('cannot patch resource "services/status" in namespace "shop"');
    await know({ 'shop/web': {} });
    await clock.pass(1_000);
    assert.match(keeper.problems()[0]?.message ?? '', /services\/status in shop cannot be written.*Grant patch/);
    keeper.gone('Service', 'shop/web');
    assert.deepEqual(keeper.problems(), []);
  });

  it('takes a status back when the source has passed the object over', async (t) => {
    const { put, know, writes } = stage(t);
    put({}, { conditions: [{ type: 'Programmed', status: 'True' }] }, true);
    put({ name: 'foreign', uid: 'u2' }, { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } });
    await know({});
    assert.deepEqual(writes, ['web status cleared']);
  });

  it('lets go of an object whose service another cluster goes on with', async (t) => {
    const { put, know, writes, leave, clock } = stage(t);
    put({ finalizers: [finalizer] });
    leave(['LoadBalancer x']);
    await know({}, { elsewhere: 'shop/web' });
    assert.deepEqual(writes, []);
    await clock.pass(6_000);
    await know({}, { elsewhere: 'shop/web' });
    assert.deepEqual(writes, ['web finalizers ']);
  });

  it('knows its services by the name of the cluster', async (t) => {
    const { put, know, writes, keeper } = stage(t, { idPrefix: 'east:' });
    put();
    await know({ 'east:shop/web': {} });
    assert.deepEqual(
      [writes, keeper.has('east:shop/web'), keeper.has('shop/web')],
      [['web status written'], true, false],
    );
  });

  it('says in pools how full they are, when that is another thing than stands there', async (t) => {
    const { putPool, know, writes, keeper } = stage(t);
    const state = (name: string, ipv4: number, free = 2 ** 63): PoolState => ({
      ...{ name, assigned: { ipv4, ipv6: 0 }, available: { ipv4: 8 - ipv4, ipv6: free } },
    });
    const status = (ipv4: number) =>
      `{"assignedIPv4":${ipv4},"assignedIPv6":0,"availableIPv4":${8 - ipv4},"availableIPv6":9223372036854775000}`;
    putPool('lan');
    putPool('unread');
    await know({}, { pools: [state('lan', 1)], incomplete: true });
    assert.deepEqual(writes, [], 'what is not known yet is not free');
    await know({}, { pools: [state('lan', 1)] });
    await know({}, { pools: [state('lan', 1)] });
    assert.deepEqual(writes, [`lan ${status(1)}`]);
    await know({}, { pools: [state('lan', 2)] });
    assert.deepEqual(writes.slice(1), [`lan ${status(2)}`]);
    putPool('lan', JSON.parse(status(5)));
    await know({}, { pools: [state('lan', 2)] });
    assert.deepEqual(writes.slice(2), [`lan ${status(2)}`]);
    keeper.gone('IPAddressPool', 'metallb-system/lan');
    await know({}, { pools: [state('lan', 3)] });
    await know({});
    assert.equal(writes.length, 3);
  });

  it('takes everything back at the end if told so', async (t) => {
    for (const clearOnStop of [true, false]) {
      const { put, know, writes, stop } = stage(t, { clearOnStop });
      put();
      await know({ 'shop/web': {} });
      await stop();
      assert.deepEqual(writes.slice(1), clearOnStop ? ['web status cleared'] : []);
    }
  });
});
