import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ScriptedCluster } from './live-cluster.ts';
import { fastClock, ingress, ingressClass, liveStage, service, serviceOf, slice, targetsOf } from './live-stage.ts';

describe('a living cluster', () => {
  it('is read once by who does not follow it, and left', async (t) => {
    const { cluster, open } = await liveStage(t);
    cluster.put(service('web'));
    cluster.put(slice('web', ['10.0.0.1']));
    const source = open();
    const first = await source.read(AbortSignal.timeout(5000));
    assert.deepEqual(targetsOf(first), { 'shop/web': ['10.0.0.1:8080'] });
    assert.deepEqual([first.problems, first.incomplete], [[], []]);
    assert.deepEqual([cluster.reflectors, cluster.closed], [[], 1]);
    cluster.remove('Service', 'shop', 'web');
    assert.deepEqual((await source.read(AbortSignal.timeout(5000))).services, [], 'read anew, and not from memory');
  });

  it('says at once that something changed, and gives the same objects where nothing did', async (t) => {
    const { cluster, follow } = await liveStage(t);
    for (const name of ['web', 'api']) {
      cluster.put(service(name));
      cluster.put(slice(name, ['10.0.0.1']));
    }
    const live = follow();
    const first = await live.read();
    assert.equal(await live.read(), first);
    live.changes.length = 0;
    cluster.put(slice('web', ['10.0.0.2']));
    assert.deepEqual(live.changes, ['EndpointSlice shop/web-1'], 'before anybody had a turn');
    const second = await live.read();
    assert.deepEqual(targetsOf(second), { 'shop/web': ['10.0.0.2:8080'], 'shop/api': ['10.0.0.1:8080'] });
    assert.equal(serviceOf(second, 'shop/api'), serviceOf(first, 'shop/api'));
    assert.equal(serviceOf(second, 'shop/web').fronts, serviceOf(first, 'shop/web').fronts);
    cluster.put(service('web', {}, { annotations: { 'example.com/touched': 'yes' } }));
    const third = await live.read();
    assert.equal(serviceOf(third, 'shop/web'), serviceOf(second, 'shop/web'), 'touched is not changed');
    cluster.put(slice('web', ['10.0.0.2', '10.0.0.3']));
    const changed = serviceOf(await live.read(), 'shop/web');
    assert.equal(Object.values(changed.backends)[0]?.targets.length, 2);
    for (const { backends } of [...third.services, changed])
      for (const backend of Object.values(backends))
        assert.ok(Object.getOwnPropertyDescriptor(backend, 'targets')?.get, 'targets are made when they are asked for');
  });

  it('tells a burst of changes as a few', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('web'));
    const live = follow();
    await live.read();
    live.changes.length = 0;
    for (let i = 1; i <= 200; i++) cluster.put(slice('web', [`10.0.0.${i}`]));
    const last = await live.until((now) => targetsOf(now)['shop/web']?.[0] === '10.0.0.200:8080');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(live.changes.length <= 10, `${live.changes.length} of 200`);
    assert.equal(await live.read(), last);
  });

  it('takes what names weir and nothing else', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('ours'));
    cluster.put(service('theirs', { loadBalancerClass: 'example.com/lb' }));
    cluster.put(service('nobodys', { loadBalancerClass: undefined }));
    cluster.put(service('inner', { type: 'ClusterIP', loadBalancerClass: undefined }));
    cluster.put(ingressClass('weir'));
    cluster.put(
      ingressClass('nginx', 'k8s.io/ingress-nginx', { 'ingressclass.kubernetes.io/is-default-class': 'true' }),
    );
    cluster.put(ingress('ours', 'ours.test'));
    cluster.put(ingress('theirs', 'theirs.test', { ingressClassName: 'nginx' }));
    cluster.put(ingress('none', 'none.test', { ingressClassName: undefined }));
    cluster.put(ingress('lost', 'lost.test', { ingressClassName: 'gone' }));
    cluster.put(service('web', { type: 'ClusterIP', loadBalancerClass: undefined }));
    const ids = async (config: object) => (await follow(config).read()).services.map(({ id }) => id);
    assert.deepEqual(await ids({ name: 'a' }), ['shop/ours', 'ingress/shop/ours']);
    assert.deepEqual(await ids({ name: 'b', classes: ['example.com/lb'] }), ['shop/theirs']);
    assert.deepEqual(await ids({ name: 'c', controller: 'k8s.io/ingress-nginx', classes: ['nginx'] }), [
      'ingress/shop/theirs',
      'ingress/shop/none',
    ]);
    assert.deepEqual(await ids({ name: 'd', classes: ['none'], withoutClass: true }), [
      'shop/nobodys',
      'ingress/shop/none',
    ]);
    assert.deepEqual(await ids({ name: 'e', labelSelector: 'tier=web' }), []);
  });

  it('is asked for older versions where it offers only these', async (t) => {
    const { follow } = await liveStage(t);
    const old = new ScriptedCluster();
    old.served.clear();
    old.served.set('/apis/networking.k8s.io/v1', ['networkpolicies']);
    old.served.set('/apis/networking.k8s.io/v1beta1', ['ingresses', 'ingressclasses']);
    old.served.set('/apis/discovery.k8s.io/v1beta1', ['endpointslices']);
    const live = follow({}, old);
    await live.read();
    assert.deepEqual(old.reflectors, [
      '/api/v1/nodes',
      '/api/v1/services',
      '/apis/discovery.k8s.io/v1beta1/endpointslices',
      '/apis/networking.k8s.io/v1beta1/ingressclasses',
      '/apis/networking.k8s.io/v1beta1/ingresses',
    ]);
  });

  it('means the same in older versions, also while the server becomes a newer one', async (t) => {
    const { cluster, follow } = await liveStage(t);
    const old = new ScriptedCluster();
    old.now = fastClock.now;
    old.served.clear();
    old.served.set('/apis/networking.k8s.io/v1beta1', ['ingresses', 'ingressclasses']);
    old.served.set('/apis/discovery.k8s.io/v1beta1', ['endpointslices']);
    for (const one of [cluster, old]) one.put(service('web'));
    cluster.put(slice('web', ['10.0.0.1'], 'shop', { nodeName: 'n1', zone: 'a' }));
    cluster.put(ingressClass());
    cluster.put(ingress('front', 'a.test'));
    const [discovery, networking] = ['discovery.k8s.io/v1beta1', 'networking.k8s.io/v1beta1'];
    const topology = { 'kubernetes.io/hostname': 'n1', 'topology.kubernetes.io/zone': 'a' };
    old.put({ ...slice('web', ['10.0.0.1'], 'shop', { topology }), apiVersion: discovery });
    old.put({ ...ingressClass(), apiVersion: networking });
    const paths = [{ path: '/', pathType: 'Prefix', backend: { serviceName: 'web', servicePort: 'http' } }];
    old.put({ ...ingress('front', '', { rules: [{ host: 'a.test', http: { paths } }] }), apiVersion: networking });
    // Who waits until it is time to look again waits in vain.
    const sleep: typeof fastClock.sleep = (ms, signal) => fastClock.sleep(ms < 30_000 ? ms : 2 ** 30, signal);
    const live = follow({ name: 'old' }, old, { clock: { ...fastClock, sleep } });
    const served = JSON.stringify((await follow({ name: 'old' }).read()).services);
    assert.match(served, /"a\.test"/);
    const first = await live.read();
    assert.deepEqual([JSON.stringify(first.services), first.problems], [served, []]);
    old.served.clear();
    for (const [path, names] of cluster.served) old.served.set(path, names);
    for (const name of ['endpointslices', 'ingresses', 'ingressclasses']) old.faults.set(name, 'absent');
    old.judge();
    old.faults.clear();
    for (const one of [ingressClass(), ingress('front', 'a.test')]) old.put(one);
    old.put(slice('web', ['10.0.0.2'], 'shop', { nodeName: 'n1', zone: 'a' }));
    const changed = await live.until((now) => targetsOf(now)['shop/web']?.[0] === '10.0.0.2:8080');
    assert.deepEqual(changed.problems, []);
    assert.ok(old.reflectors.includes('/apis/discovery.k8s.io/v1/endpointslices'), old.reflectors.join());
  });

  it('with a name of its own keeps its services apart from those of others', async (t) => {
    const { cluster, follow } = await liveStage(t);
    cluster.put(service('web'));
    const { services } = await follow({ cluster: 'east' }).read();
    assert.deepEqual(
      services.map(({ id, origin }) => [id, origin.cluster]),
      [['east:shop/web', 'east']],
    );
  });
});
