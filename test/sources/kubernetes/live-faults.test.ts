import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ScriptedCluster } from './live-cluster.ts';
import { ingress, ingressClass, liveStage, service, serviceOf, slice, targetsOf } from './live-stage.ts';

const soon = () => AbortSignal.timeout(5000);

describe('a cluster that cannot be read', () => {
  it('is an error of its source while nothing is known of it, and read as soon as it is there', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('web'));
    cluster.down = true;
    const live = follow();
    await assert.rejects(live.read(), { code: 'E_KUBE_READ', message: /scripted\.test.*Services cannot be read/ });
    live.changes.length = 0;
    cluster.down = false;
    cluster.judge();
    await live.until(({ services }) => services.length === 1);
    assert.ok(live.changes.length > 0, 'whoever waits is told');
  });

  it('stays as it was last read, which is told when it lasts', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('web'));
    cluster.put(slice('web', ['10.0.0.1']));
    const live = follow();
    const before = await live.read();
    cluster.down = true;
    cluster.judge();
    assert.equal(await live.read(), before, 'a watch that begins anew is no news');
    const told = await live.until(({ problems }) => problems.some(({ code }) => code === 'E_KUBE_READ'));
    assert.equal(serviceOf(told, 'shop/web'), serviceOf(before, 'shop/web'));
    assert.deepEqual(told.incomplete.map(({ part }) => part).sort(), ['EndpointSlices', 'Ingresses', 'Services']);
    cluster.remove('Service', 'shop', 'web');
    cluster.down = false;
    cluster.judge();
    const after = await live.until(({ problems }) => problems.length === 0);
    assert.deepEqual([after.services, after.incomplete], [[], []]);
  });

  it('serves its last good state over a restart, and is incomplete until it was read anew', async (t) => {
    const { cluster, follow, open, stateDir } = await liveStage(t);
    cluster.put(service('web'));
    cluster.put(slice('web', ['10.0.0.1']));
    const first = follow();
    const before = await first.read();
    await first.stop();
    const folder = join(stateDir, 'sources', 'kubernetes');
    for (const name of await readdir(folder)) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
    cluster.down = true;
    const second = follow();
    const kept = await second.read();
    assert.deepEqual(kept.services, before.services);
    assert.deepEqual(kept.incomplete.map(({ part }) => part).sort(), ['EndpointSlices', 'Ingresses', 'Services']);
    assert.ok(kept.problems.some(({ code }) => code === 'E_KUBE_READ'));
    await assert.rejects(open({}, 'none').read(soon()), { code: 'E_KUBE_READ' });
    cluster.down = false;
    cluster.put(slice('web', ['10.0.0.2']));
    cluster.judge();
    const now = await second.until(({ incomplete }) => incomplete.length === 0);
    assert.deepEqual(targetsOf(now), { 'shop/web': ['10.0.0.2:8080'] });
  });

  it('does not go by a record that is damaged', async (t) => {
    const { cluster, follow, stateDir } = await liveStage(t);
    cluster.put(service('web'));
    const first = follow();
    await first.read();
    await first.stop();
    const folder = join(stateDir, 'sources', 'kubernetes');
    for (const name of await readdir(folder)) {
      const text = await readFile(join(folder, name), 'utf8');
      await writeFile(join(folder, name), text.replace('shop', 'shap'));
    }
    cluster.down = true;
    assert.deepEqual((await follow().read()).services, []);
  });

  it('whose configuration cannot be used says so, and goes by last good state', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('web'));
    const first = follow();
    await first.read();
    await first.stop();
    const broken = new ScriptedCluster();
    broken.reflect = () => {
      throw new Error('no such context');
    };
    broken.down = true;
    const { services, incomplete } = await follow({}, broken).read();
    assert.deepEqual([services.length, incomplete.length > 0], [1, true]);
  });
});

describe('parts that may not be read', () => {
  it('for credentials that the server does not know are told so, not to look for the server', async (t) => {
    const { cluster, follow } = await liveStage(t);
    const live = follow();
    await live.read();
    cluster.faults.set('services', 'unknown');
    cluster.judge();
    const { problems } = await live.until(({ problems }) => problems.length > 0);
    assert.match(problems[0]?.message ?? '', /Unauthorized; .*put a token or certificate that it takes/);
    assert.doesNotMatch(problems[0]?.message ?? '', /Look whether/);
  });

  it('a namespace does not stop the others, and nothing of it is taken away', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('web'));
    cluster.put(slice('web', ['10.0.0.1']));
    cluster.put(service('db', {}, { namespace: 'data' }));
    cluster.put(slice('db', ['10.0.1.1'], 'data'));
    const config = { namespaces: ['shop', 'data'] };
    const first = follow(config);
    const before = await first.read();
    assert.deepEqual(Object.keys(targetsOf(before)), ['shop/web', 'data/db']);
    await first.stop();
    cluster.faults.set('endpointslices/data', 'forbidden');
    const second = follow(config);
    const now = await second.read();
    assert.deepEqual(targetsOf(now), targetsOf(before), 'targets that cannot be read are those that were');
    assert.deepEqual(
      now.problems.map(({ code, message }) => [code, message.includes('EndpointSlices in data')]),
      [['E_KUBE_FORBIDDEN', true]],
    );
    assert.deepEqual(
      now.incomplete.map(({ part }) => part),
      ['EndpointSlices in data'],
    );
    cluster.put(slice('web', ['10.0.0.2']));
    assert.deepEqual(targetsOf(await second.read())['shop/web'], ['10.0.0.2:8080']);
  });

  it('a cluster of which nothing may be read, nor ever was, is blank; what is left of it after that is not', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('web'));
    cluster.put(slice('web', ['10.0.0.1']));
    const all = ['services', 'endpointslices', 'ingresses'];
    for (const resource of all) cluster.faults.set(resource, 'forbidden');
    const first = follow();
    assert.equal((await first.read()).blank, true);
    cluster.faults.clear();
    cluster.judge();
    await first.until(({ services, blank }) => services.length === 1 && blank === undefined);
    await first.stop();
    for (const resource of all) cluster.faults.set(resource, 'forbidden');
    const { services, blank } = await follow().read();
    assert.deepEqual([services.length, blank], [1, undefined]);
    const config = { name: 'other', namespaces: ['shop', 'data'] };
    cluster.faults.clear();
    cluster.faults.set('services/data', 'forbidden');
    assert.equal((await follow(config).read()).blank, undefined, 'one namespace is something');
    cluster.faults.set('services/shop', 'forbidden');
    assert.equal((await follow({ ...config, name: 'third' }).read()).blank, true);
  });

  it('a namespace whose objects may wait there for weir: how they are let go is told, until it was read', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('db', {}, { namespace: 'data' }));
    const all = ['services/data', 'endpointslices/data', 'ingresses/data'];
    for (const place of all) cluster.faults.set(place, 'forbidden');
    const told = async (more: object) => {
      const { problems } = await follow({ namespaces: ['data'] }, cluster, more).read();
      return problems.flatMap(
        ({ message }) => /is being deleted.*?kubectl -n data patch \w+ NAME/.exec(message)?.[0] ?? [],
      );
    };
    assert.deepEqual(await told({ finalizer: 'weir-lb.dev/resources' }), [], 'nothing outlives objects');
    const [first = '', ...others] = await told({ holdsBy: 'weir-lb.dev/resources' });
    assert.match(first, /wait there for weir-lb\.dev\/resources: take data out of namespaces, .*patch services NAME$/);
    assert.deepEqual([others.length, others[0]?.endsWith('patch ingresses NAME')], [1, true]);
    cluster.faults.clear();
    const live = follow({ namespaces: ['data'] }, cluster, { holdsBy: 'weir-lb.dev/resources' });
    await live.until(({ services }) => services.length === 1);
    cluster.faults.set('services/data', 'forbidden');
    cluster.judge();
    const { problems } = await live.until((snapshot) => snapshot.problems.length > 0);
    assert.doesNotMatch(problems[0]?.message ?? '', /is being deleted/, 'each is told by name then');
  });

  it('without a last good state a half-read namespace exports nothing, and is incomplete', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('db', {}, { namespace: 'data' }));
    cluster.faults.set('endpointslices/data', 'forbidden');
    const { services, incomplete } = await follow({ namespaces: ['data'] }).read();
    assert.deepEqual([services, incomplete.length], [[], 1]);
  });

  it('Nodes and IngressClasses are done without, which is told once with what is lost', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('web'));
    cluster.put(ingress('front', 'a.test', { ingressClassName: 'mine' }));
    cluster.put(ingress('other', 'b.test', { ingressClassName: 'theirs' }));
    cluster.put(ingressClass('mine'));
    for (const resource of ['nodes', 'ingressclasses']) cluster.faults.set(resource, 'forbidden');
    const live = follow({ namespaces: ['shop'] });
    const now = await live.read();
    assert.deepEqual(
      now.services.map(({ id }) => id),
      ['shop/web'],
      'no class is taken for ours unseen',
    );
    assert.deepEqual(now.incomplete, []);
    const told = now.problems.filter(({ code }) => code === 'W_KUBE_LIMITED').map(({ message }) => message);
    assert.equal(told.length, 1);
    assert.match(told.join(), /; Nodes may not be read: .*Grant list and watch of ingressclasses, nodes where/);
    assert.match(
      told.join('\n'),
      /IngressClasses may not be read: only Ingresses of classes that the configuration names/,
    );
    const named = await follow({ name: 'named', namespaces: ['shop'], classes: ['mine'] }).read();
    assert.deepEqual(
      named.services.map(({ id }) => id),
      ['ingress/shop/front'],
    );
  });

  it('a right that is granted later is used, one that is taken away changes nothing', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('web'));
    cluster.faults.set('services', 'forbidden');
    const live = follow();
    assert.deepEqual((await live.read()).services, []);
    cluster.faults.clear();
    cluster.judge();
    await live.until(
      ({ services, problems }) => services.length === 1 && !problems.some(({ code }) => code.startsWith('E_')),
    );
    cluster.faults.set('services', 'forbidden');
    cluster.judge();
    const now = await live.until(({ problems }) => problems.some(({ code }) => code === 'E_KUBE_FORBIDDEN'));
    assert.deepEqual(
      now.services.map(({ id }) => id),
      ['shop/web'],
    );
  });

  it('a server without Ingresses has none; one without EndpointSlices is told to be too old', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('web'));
    cluster.faults.set('ingresses', 'absent');
    const plain = await follow().read();
    assert.deepEqual([plain.services.length, plain.incomplete], [1, []]);
    cluster.faults.set('endpointslices', 'absent');
    const old = await follow({ name: 'old' }).read();
    assert.deepEqual(old.services, []);
    assert.match(old.problems.map(({ message }) => message).join('\n'), /older than Kubernetes 1\.17/);
  });
});
