/** Two installations in one cluster, set up as the chart does it: neither takes, writes or tells anything of what is the other's. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  type ControlPlane,
  deployment,
  eventually,
  type Kubelet,
  missingKube,
  missingPods,
  serviceOf,
  startControlPlane,
  startKubelet,
} from '../kube/index.ts';
import { makePlace } from './kube-path-stage.ts';
import { answerOf, answers } from './kube-scene-stage.ts';
import { addressesOf, programmedOf, StatusUser, until, type Written } from './kube-status-stage.ts';

const shop = 'shop';

describe('two weirs in one cluster', { skip: missingKube() || missingPods() }, () => {
  let plane: ControlPlane;
  let kubelet: Kubelet;
  let users: readonly [StatusUser, StatusUser];
  let nextPort = 7100;

  const times = { leaseDuration: '2s', renewDeadline: '1500ms', retryPeriod: '200ms' };
  const start = (user: StatusUser, name: string, replica = 0) =>
    user.start(
      { controller: `weir-lb.dev/${name}`, classes: [name, `weir-lb.dev/${name}`] },
      { instance: `weir-${name}-${replica}`, leader: { name: `weir-${name}`, ...times } },
    );
  const putIngress = (name: string, host: string, ingressClassName: string | undefined, metadata: object = {}) =>
    plane.client.apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name, namespace: shop, ...metadata },
      spec: {
        ...(ingressClassName === undefined ? {} : { ingressClassName }),
        rules: [
          {
            host,
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { name: 'http' } } } }],
            },
          },
        ],
      },
    });
  const putService = async (name: string, spec: object) => {
    const port = nextPort++;
    const ports = [{ name: 'http', port, targetPort: 'http' }];
    await plane.client.apply(serviceOf(shop, name, { type: 'LoadBalancer', selector: { app: 'web' }, ports, ...spec }));
    return port;
  };
  const at = ({ address }: StatusUser, port: number, host = address) => answerOf(address, { port, host });
  const has = (ask: () => Promise<Written>, addresses: readonly string[]) =>
    until(ask, (one) => addressesOf(one).join() === addresses.join());

  before(async () => {
    plane = await startControlPlane();
    kubelet = await startKubelet({ plane, nodes: 1 });
    await makePlace(plane, shop);
    await plane.client.apply(deployment(shop, 'web', { replicas: 1, graceSeconds: 1 }));
    await plane.client.apply(serviceOf(shop, 'web'));
    for (const name of ['a', 'b'])
      await plane.client.apply({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IngressClass',
        metadata: { name },
        spec: { controller: `weir-lb.dev/${name}` },
      });
    users = [await StatusUser.make(plane), await StatusUser.make(plane, 1)];
    await Promise.all([start(users[0], 'a'), start(users[1], 'b')]);
  });
  after(async () => {
    for (const user of users ?? []) await user.end();
    await kubelet?.stop();
    await plane?.stop();
  });

  it('serve the Ingresses and Services of their class, one host in both of them too, and nothing else', async () => {
    const [a, b] = users;
    await putIngress('of-a', 'shop.test', 'a');
    await putIngress('of-b', 'shop.test', 'b');
    await putIngress('only-a', 'a.test', 'a');
    const port = await putService('db-b', { loadBalancerClass: 'weir-lb.dev/b' });
    for (const user of users) await answers(user.address, { port: 80, host: 'shop.test' }, /^200 web-/);
    await answers(b.address, { port }, /^200 web-/);
    await answers(a.address, { port: 80, host: 'a.test' }, /^200 web-/);
    assert.deepEqual(
      [await at(a, port), await at(b, 80, 'a.test')].map((answer) => answer.split(' ')[0]),
      ['ECONNREFUSED', '404'],
    );
    await has(() => a.ingress(shop, 'of-a'), [a.address]);
    await has(() => a.ingress(shop, 'of-b'), [b.address]);
    await has(() => a.service(shop, 'db-b'), [b.address]);
  });

  it('leave alone what names no class, another one, or a class that is like theirs', async () => {
    const [a, b] = users;
    const annotations = { 'weir-lb.dev/groups': 'external', 'bcs-loadbalance.bk': '{}' };
    const ports = [
      await putService('nobodys', { loadBalancerClass: 'weir-lb.dev/ab' }),
      await putService('default', {}),
      await putService('bcs', { type: 'ClusterIP' }),
    ];
    await plane.client.patch(`/api/v1/namespaces/${shop}/services/bcs`, { metadata: { annotations } });
    await putIngress('classless', 'none.test', undefined);
    await putIngress('legacy', 'legacy.test', undefined, { annotations: { 'kubernetes.io/ingress.class': 'ab' } });
    // Behind all of these in the order of events.
    await putIngress('last', 'last.test', 'a');
    await putIngress('last-b', 'last.test', 'b');
    for (const user of users) await answers(user.address, { port: 80, host: 'last.test' }, /^200 web-/);
    for (const user of users) {
      for (const port of ports) assert.equal(await at(user, port), 'ECONNREFUSED');
      for (const host of ['none.test', 'legacy.test', 'bcs']) assert.match(await at(user, 80, host), /^404/);
    }
    for (const name of ['nobodys', 'default', 'bcs'])
      assert.deepEqual(
        [addressesOf(await a.service(shop, name)), programmedOf(await b.service(shop, name))],
        [[], 'none'],
      );
    const left = ['nobodys', 'default', 'bcs', 'classless', 'legacy'];
    const about = (await a.events(shop)).filter(({ regarding }) => left.includes(regarding.name));
    assert.deepEqual(about, []);
  });

  it('hand over what changes its class: the status says one address after the other, and nobody writes on', async () => {
    const [a, b] = users;
    await putIngress('moving', 'moving.test', 'a');
    const first = await has(() => a.ingress(shop, 'moving'), [a.address]);
    const seen: string[] = [];
    const ended = new AbortController();
    const path = `/apis/networking.k8s.io/v1/namespaces/${shop}/ingresses?watch=1&resourceVersion=${first.metadata.resourceVersion}&fieldSelector=metadata.name%3Dmoving`;
    const watched = plane.client
      .watch<Written>(path, ({ object }) => seen.push(addressesOf(object).join()), ended.signal)
      .catch(() => undefined);
    for (const [class_, to, from] of [
      ['b', b, a],
      ['a', a, b],
    ] as const) {
      await putIngress('moving', 'moving.test', class_);
      await has(() => a.ingress(shop, 'moving'), [to.address]);
      await answers(to.address, { port: 80, host: 'moving.test' }, /^200 web-/);
      await answers(from.address, { port: 80, host: 'moving.test' }, /^404/);
    }
    await eventually(
      async () => {
        const [before, after] = [seen.length, await new Promise((done) => setTimeout(() => done(seen.length), 1_000))];
        return before === after;
      },
      (quiet) => quiet,
    );
    ended.abort();
    await watched;
    assert.ok(
      seen.every((text) => [a.address, b.address, ''].includes(text)),
      seen.join(' '),
    );
    assert.ok(seen.length <= 8, seen.join(' '));
    const owners = (await a.ingress(shop, 'moving')).metadata;
    assert.deepEqual(owners.finalizers ?? [], []);
  });

  it('have a Lease each, and one that ends takes nothing of the other along', async () => {
    const [a, b] = users;
    const { items } = await plane.client.request<{
      items: { metadata: { name: string }; spec: { holderIdentity: string } }[];
    }>('GET', '/apis/coordination.k8s.io/v1/namespaces/default/leases');
    const holders = items.map(({ metadata, spec }) => `${metadata.name} ${spec.holderIdentity.split('_')[0]}`).sort();
    assert.deepEqual(holders, ['weir-a-status weir-a-0', 'weir-b-status weir-b-0']);
    await a.running?.stop();
    assert.deepEqual(addressesOf(await b.ingress(shop, 'of-a')), [a.address], 'others serve there perhaps');
    assert.match(await at(b, 80, 'shop.test'), /^200 web-/);
    await putIngress('late', 'late.test', 'b');
    await has(() => b.ingress(shop, 'late'), [b.address]);
  });

  it('of one of them there may be several: who does not lead says so, writes nothing, and goes on when the other is killed', async (t) => {
    const [, b] = users;
    const second = await StatusUser.make(plane, 2);
    t.after(() => second.end());
    await start(second, 'b', 1);
    const readyz = async () => (await fetch(`http://${second.address}:8378/readyz?verbose`)).text();
    await eventually(readyz, (text) => /leader weir-b-status ok: follower; weir-b-0_\S+ leads/.test(text));
    const leads = async ({ address }: StatusUser) =>
      /^weir_leader\{lease="weir-b-status"\} (\d)/m.exec(
        await (await fetch(`http://${address}:8378/metrics`)).text(),
      )?.[1];
    assert.deepEqual([await leads(second), await leads(b)], ['0', '1']);
    assert.match(await second.state(), /"lease":"weir-b-status"/);
    await answers(second.address, { port: 80, host: 'late.test' }, /^200 web-/);
    assert.deepEqual(addressesOf(await b.ingress(shop, 'late')), [b.address]);
    await b.running?.stop('SIGKILL');
    await putIngress('later', 'later.test', 'b');
    await has(() => second.ingress(shop, 'later'), [second.address]);
    assert.equal(await leads(second), '1');
    // It comes back as another, takes its HAProxy up, and follows.
    await start(b, 'b');
    assert.deepEqual([await leads(second), await leads(b)], ['1', '0']);
    await answers(b.address, { port: 80, host: 'later.test' }, /^200 web-/);
  });
});
