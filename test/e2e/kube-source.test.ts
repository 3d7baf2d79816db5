/** The source for living clusters against a real API server. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  eventually,
  installCrd,
  makeNamespace,
  missingKube,
  sharedControlPlane,
  startControlPlane,
} from '../kube/index.ts';
import {
  certOf,
  follow,
  grantRead,
  putClass,
  putIngress,
  putSecret,
  putService,
  putSlice,
  targetsOf,
} from './kube-source-stage.ts';

describe('a real cluster', { skip: missingKube() }, () => {
  it('is followed: Services, slices, Ingresses, Secrets that are swapped', async (t) => {
    const plane = await sharedControlPlane();
    const namespace = await makeNamespace(t, plane);
    await putClass(plane);
    const live = follow(t, plane.admin.kubeconfig, { namespaces: [namespace] });
    const empty = await live.read();
    assert.deepEqual([empty.services, empty.problems, empty.incomplete], [[], [], []]);
    const id = `${namespace}/web`;
    await putService(plane, namespace, 'web', { externalTrafficPolicy: 'Local', sessionAffinity: 'ClientIP' });
    await putSlice(plane, namespace, 'web', ['10.0.0.1', '10.0.0.2']);
    const first = await live.until((now) => targetsOf(now, id).length === 2);
    const backend = first.services.find((service) => service.id === id)?.backends.http;
    assert.deepEqual(backend?.affinity, { type: 'source', timeoutMs: 10_800_000 });
    assert.deepEqual([backend?.localOnly, typeof backend?.nodePort], [true, 'number']);
    await putSlice(plane, namespace, 'web', ['10.0.0.2', '10.0.0.3']);
    await live.until((now) => targetsOf(now, id).join() === '10.0.0.2:8080,10.0.0.3:8080');

    await putSecret(plane, namespace, 'front');
    await putIngress(plane, namespace, 'front', { host: 'a.test', tls: 'front' });
    const front = `ingress/${namespace}/front`;
    const secured = await live.until((now) => now.services.some((service) => service.id === front));
    const one = certOf(secured, front);
    assert.ok(one !== undefined, 'not for a moment without its certificate');
    assert.match((await live.secret(one)) ?? '', /PRIVATE KEY/);
    await putSecret(plane, namespace, 'front', { ballast: Buffer.alloc(760_000).toString('base64') });
    const swapped = await live.until((now) => certOf(now, front) !== one);
    assert.ok(certOf(swapped, front) !== undefined, 'a Secret of a megabyte is read too');

    await plane.client.remove(`/api/v1/namespaces/${namespace}/services/web`);
    await live.until((now) => now.services.every((service) => service.id !== id));
  });

  it('in one namespace by a Role alone: what is lost is told, a right that is granted later is used', async (t) => {
    const plane = await sharedControlPlane();
    const [own, other] = [await makeNamespace(t, plane), await makeNamespace(t, plane)];
    const account = await plane.serviceAccount(own, 'weir');
    await grantRead(plane, own, 'weir');
    for (const namespace of [own, other]) {
      await putService(plane, namespace, 'web');
      await putSlice(plane, namespace, 'web', ['10.0.0.1']);
    }
    const live = follow(t, account.kubeconfig, { namespaces: [own, other] });
    const now = await live.until((snapshot) => targetsOf(snapshot, `${own}/web`).length === 1);
    assert.deepEqual(
      now.services.map(({ id }) => id),
      [`${own}/web`],
    );
    const codes = now.problems.map(({ code }) => code).sort();
    assert.deepEqual(codes, [...Array(3).fill('E_KUBE_FORBIDDEN'), 'W_KUBE_LIMITED']);
    assert.deepEqual(
      now.incomplete.map(({ part }) => part),
      ['Services', 'EndpointSlices', 'Ingresses'].map((kind) => `${kind} in ${other}`),
    );
    await putSlice(plane, own, 'web', ['10.0.0.2']);
    await live.until((snapshot) => targetsOf(snapshot, `${own}/web`)[0] === '10.0.0.2:8080');
  });

  it('a thousand Ingresses that cannot be used do not stop ten that can', async (t) => {
    const plane = await sharedControlPlane();
    const namespace = await makeNamespace(t, plane);
    await putClass(plane);
    await putService(plane, namespace, 'web', { type: 'ClusterIP', loadBalancerClass: undefined });
    await putSlice(plane, namespace, 'web', ['10.0.0.1']);
    const live = follow(t, plane.admin.kubeconfig, { namespaces: [namespace] });
    await live.read();
    const bad = { 'weir-lb.dev/timeout-server': 'soon', 'weir-lb.dev/allow-source-ranges': 'everywhere' };
    let next = 0;
    const write = async () => {
      for (let i = next++; i < 1010; i = next++) {
        const [name, host] = [`i${i}`, `h${i}.test`];
        if (i % 101 === 100) await putIngress(plane, namespace, name, { host });
        else await putIngress(plane, namespace, name, { host, of: i % 2 === 0 ? 'gone' : 'web', annotations: bad });
      }
    };
    await Promise.all(Array.from({ length: 8 }, write));
    const good = Array.from({ length: 10 }, (_, i) => `ingress/${namespace}/i${i * 101 + 100}`);
    const now = await live.until((snapshot) => good.every((id) => targetsOf(snapshot, id).length === 1));
    const told = await live.until(({ problems }) => new Set(problems.map(({ service }) => service)).size >= 1000);
    for (const id of good) assert.ok(!told.problems.some(({ service }) => service === id), id);
    assert.ok(now.services.length >= 10);
  });

  it('kinds of a peer are read as soon as they are there, and gone with what was made of them when they are not', async (t) => {
    const plane = await startControlPlane({ kcm: false });
    t.after(() => plane.stop());
    const controllers = ['ingress.k8s.aws/alb'];
    const live = follow(t, plane.admin.kubeconfig, {}, controllers);
    const before = await live.read();
    assert.deepEqual([before.problems, before.incomplete], [[], []], 'what is not installed is nothing to tell');
    const version = {
      name: 'v1beta1',
      served: true,
      storage: true,
      schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    };
    const name = 'targetgroupbindings.elbv2.k8s.aws';
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name },
      spec: {
        group: 'elbv2.k8s.aws',
        scope: 'Namespaced',
        names: { kind: 'TargetGroupBinding', plural: 'targetgroupbindings', singular: 'targetgroupbinding' },
        versions: [version],
      },
    };
    await putService(plane, 'default', 'web', { type: 'ClusterIP', loadBalancerClass: undefined });
    await putSlice(plane, 'default', 'web', ['10.0.0.1']);
    const binding = {
      apiVersion: 'elbv2.k8s.aws/v1beta1',
      kind: 'TargetGroupBinding',
      metadata: { name: 'bound', namespace: 'default' },
      spec: {
        serviceRef: { name: 'web', port: 'http' },
        targetGroupARN: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/bound/0123456789abcdef',
        targetType: 'ip',
      },
    };
    const id = 'targetgroupbinding/default/bound';
    for (let round = 0; round < 2; round++) {
      await installCrd(plane, crd);
      await plane.client.apply(binding);
      await live.until((now) => targetsOf(now, id).join() === '10.0.0.1:8080', 60_000);
      await plane.client.remove(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`);
      const after = await live.until(({ services }) => !services.some((one) => one.id === id), 60_000);
      assert.deepEqual([after.problems, after.incomplete], [[], []]);
      // One that still ends would take the next one of its name along.
      await eventually(
        () => plane.client.probe('GET', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`),
        (code) => code === 404,
      );
    }
  });

  it('whose API server goes and comes back loses nothing', async (t) => {
    const plane = await startControlPlane({ kcm: false });
    t.after(() => plane.stop());
    await putService(plane, 'default', 'web');
    await putSlice(plane, 'default', 'web', ['10.0.0.1']);
    const live = follow(t, plane.admin.kubeconfig, {});
    await live.until((now) => targetsOf(now, 'default/web').length === 1);
    for (let round = 2; round < 6; round++) {
      await plane.killApiServer('SIGKILL');
      await sleep(1000);
      const gone = await live.read();
      assert.deepEqual(targetsOf(gone, 'default/web'), [`10.0.0.${round - 1}:8080`], 'served as it was');
      await plane.restartApiServer();
      await putSlice(plane, 'default', 'web', [`10.0.0.${round}`]);
      await live.until((now) => targetsOf(now, 'default/web')[0] === `10.0.0.${round}:8080`);
    }
    await live.until(({ problems, incomplete }) => problems.length === 0 && incomplete.length === 0);
  });
});
