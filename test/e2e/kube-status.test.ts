/** Status and Events in a real API server: what kubectl shows of a weir on the real HAProxy. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ControlPlane, eventually, makeNamespace, missingKube, sharedControlPlane } from '../kube/index.ts';
import { putClass, putIngress, putService, putSlice } from './kube-source-stage.ts';
import { addressesOf, programmedOf, StatusUser, until } from './kube-status-stage.ts';

describe('what weir writes back', { skip: missingKube() }, () => {
  let plane: ControlPlane;
  let user: StatusUser;

  before(async () => {
    plane = await sharedControlPlane();
    user = await StatusUser.make(plane);
    await putClass(plane);
    await user.start({});
  });
  after(() => user?.end());

  it('is the address of Services and Ingresses, where kubectl shows it', async (t) => {
    const namespace = await makeNamespace(t, plane);
    await putService(plane, namespace, 'db', { ports: [{ name: 'sql', port: 5432 }] });
    await putService(plane, namespace, 'web', { type: 'ClusterIP', loadBalancerClass: undefined });
    await putSlice(plane, namespace, 'web', ['10.99.0.1']);
    await putIngress(plane, namespace, 'front', { host: 'written.test' });
    const service = await until(
      () => user.service(namespace, 'db'),
      (one) => addressesOf(one).length > 0,
    );
    assert.deepEqual(service.status?.loadBalancer?.ingress?.[0], {
      ip: user.address,
      ipMode: 'VIP',
      ports: [{ port: 5432, protocol: 'TCP' }],
    });
    assert.equal(programmedOf(service), 'True Programmed');
    const ingress = await until(
      () => user.ingress(namespace, 'front'),
      (one) => addressesOf(one).length > 0,
    );
    assert.deepEqual(addressesOf(ingress), [user.address]);
    assert.match(
      await user.kubectl('get', 'svc,ingress', '-n', namespace),
      new RegExp(`written.test +${user.address}`),
    );
    assert.match(await user.kubectl('describe', 'svc', 'db', '-n', namespace), /Programmed.*reachable at 127\./);
    // What serves by the Ingress alone is nobody's LoadBalancer.
    assert.deepEqual(addressesOf(await user.service(namespace, 'web')), []);
  });

  it('is written once: nothing more while nothing changes', async (t) => {
    const namespace = await makeNamespace(t, plane);
    await putService(plane, namespace, 'quiet', { ports: [{ name: 'sql', port: 5433 }] });
    const first = await until(
      () => user.service(namespace, 'quiet'),
      (one) => programmedOf(one) === 'True Programmed',
    );
    await putService(plane, namespace, 'other', { ports: [{ name: 'sql', port: 5434 }] });
    await until(
      () => user.service(namespace, 'other'),
      (one) => programmedOf(one) === 'True Programmed',
    );
    const second = await user.service(namespace, 'quiet');
    assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
  });

  it('is taken back when the class is another one', async (t) => {
    const namespace = await makeNamespace(t, plane);
    await putService(plane, namespace, 'web', { type: 'ClusterIP', loadBalancerClass: undefined });
    await putSlice(plane, namespace, 'web', ['10.99.0.1']);
    await putIngress(plane, namespace, 'moving', { host: 'moving.test' });
    await until(
      () => user.ingress(namespace, 'moving'),
      (one) => addressesOf(one).length > 0,
    );
    await plane.client.patch(`/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/moving`, {
      spec: { ingressClassName: 'of-others' },
    });
    await until(
      () => user.ingress(namespace, 'moving'),
      (one) => addressesOf(one).length === 0,
    );
  });

  it('are Events for what is wrong, and for its solution, on the object that it is about', async (t) => {
    const namespace = await makeNamespace(t, plane);
    await putService(plane, namespace, 'odd', { ports: [{ name: 'sql', port: 5435 }] });
    const path = `/api/v1/namespaces/${namespace}/services/odd`;
    const annotate = (value: string | null) =>
      plane.client.patch(path, { metadata: { annotations: { 'weir-lb.dev/balance': value } } });
    await annotate('by-moonlight');
    const described = () => user.kubectl('describe', 'svc', 'odd', '-n', namespace);
    const text = await eventually(described, (out) => /Warning +ANNOTATION_VALUE/.test(out));
    assert.match(text, /weir-lb.dev\/balance/);
    assert.match(
      programmedOf(
        await until(
          () => user.service(namespace, 'odd'),
          (one) => programmedOf(one).startsWith('False'),
        ),
      ),
      /ANNOTATION_VALUE/,
    );
    await annotate(null);
    await eventually(described, (out) => /Normal +Resolved/.test(out));
    await until(
      () => user.service(namespace, 'odd'),
      (one) => programmedOf(one) === 'True Programmed',
    );
    const warnings = (await user.events(namespace)).filter(({ reason }) => reason === 'ANNOTATION_VALUE');
    assert.equal(warnings.length, 1, JSON.stringify(warnings));
  });
});

describe('two weirs with classes of their own', { skip: missingKube() }, () => {
  it('by one Lease: who follows tells that nobody writes what it takes; with an owner of its own it writes', async (t) => {
    const plane = await sharedControlPlane();
    const [one, two] = [await StatusUser.make(plane, 1), await StatusUser.make(plane, 2)];
    t.after(() => Promise.all([one.end(), two.end()]));
    const namespace = await makeNamespace(t, plane);
    await putService(plane, namespace, 'two', {
      loadBalancerClass: 'weir-lb.dev/two',
      ports: [{ name: 'sql', port: 5436 }],
    });
    const source = (name: string) => ({ namespaces: [namespace], classes: [`weir-lb.dev/${name}`] });
    await one.start(source('one'));
    await eventually(
      () => one.state(),
      (text) => /"lease":"weir-status"[^}]*"leader":true/.test(text),
    );
    await two.start(source('two'));
    const told = await eventually(
      () => two.state(),
      (text) => text.includes('W_LEASE_SHARED'),
    );
    assert.match(told, /takes controller weir-lb.dev\/ingress, classes weir-lb.dev\/one/);
    assert.doesNotMatch(await one.state(), /W_LEASE_SHARED/);
    await two.running?.stop();
    await two.start(source('two'), { status: { owner: 'two' } });
    const service = await until(
      () => two.service(namespace, 'two'),
      (found) => programmedOf(found) === 'True Programmed',
    );
    assert.deepEqual(addressesOf(service), [two.address]);
    assert.doesNotMatch(await two.state(), /W_LEASE_SHARED/);
  });
});
