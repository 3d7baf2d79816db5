import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ApiList,
  type ApiObject,
  deployment,
  eventually,
  kubectl,
  makeNamespace,
  missingKube,
  missingPods,
  serviceOf,
  sharedControlPlane,
  slicesOf,
  startControlPlane,
  startKubelet,
} from '../kube/index.ts';

describe('the kubelet of the tests', { skip: missingKube() || missingPods() }, () => {
  it('runs a Deployment whose Pods answer, and ends them with their grace period', async (t) => {
    const plane = await sharedControlPlane();
    const namespace = await makeNamespace(t, plane);
    const kubelet = await startKubelet({ plane, namespace });
    t.after(() => kubelet.stop());
    await plane.client.apply(deployment(namespace, 'web', { replicas: 3, graceSeconds: 1 }));
    await plane.client.apply(serviceOf(namespace, 'web'));
    const ready = await eventually(
      () => slicesOf(plane, namespace, 'web'),
      ({ ready }) => ready.length === 3,
    );
    for (const { address, pod } of ready.ready) {
      assert.equal((await (await fetch(`http://${address}:8080/`)).text()).trim(), pod);
    }
    assert.deepEqual(new Set(kubelet.pods.values()), new Set(ready.ready.map(({ address }) => address)));

    const [first] = ready.ready;
    assert.ok(first);
    await plane.client.remove(`/api/v1/namespaces/${namespace}/pods/${first.pod}`);
    const ends = await eventually(
      () => slicesOf(plane, namespace, 'web'),
      ({ terminating }) => terminating.length === 1,
    );
    assert.deepEqual([ends.terminating[0]?.pod, ends.terminating[0]?.serving], [first.pod, true]);
    assert.equal((await fetch(`http://${first.address}:8080/`)).status, 200, 'it serves during its grace period');
    await eventually(
      () => fetch(`http://${first.address}:8080/`).then((reply) => reply.status, String),
      (answer) => typeof answer === 'string',
    );
    const replaced = await eventually(
      () => slicesOf(plane, namespace, 'web'),
      ({ ready, terminating }) => ready.length === 3 && terminating.length === 0,
    );
    assert.ok(
      !replaced.ready.some(({ address }) => address === first.address),
      'its address is not given away at once',
    );
    assert.deepEqual(kubelet.problems, []);
  });

  it('holds a Pod back until its readiness gates are open', async (t) => {
    const plane = await sharedControlPlane();
    const namespace = await makeNamespace(t, plane);
    const kubelet = await startKubelet({ plane, namespace, nodes: 1, refuse: 'at once' });
    t.after(() => kubelet.stop());
    await plane.client.apply(deployment(namespace, 'gated', { replicas: 1, gates: ['example.com/in-service'] }));
    await plane.client.apply(serviceOf(namespace, 'gated'));
    const pods = `/api/v1/namespaces/${namespace}/pods`;
    const held = await eventually(
      () => plane.client.request<ApiList<ApiObject & PodStatus>>('GET', pods),
      ({ items }) => conditionOf(items[0], 'ContainersReady') === 'True',
    );
    assert.equal(conditionOf(held.items[0], 'Ready'), 'False');
    const name = held.items[0]?.metadata.name ?? '';
    await plane.client.request(
      'PATCH',
      `${pods}/${name}/status`,
      { status: { conditions: [{ type: 'example.com/in-service', status: 'True' }] } },
      'application/strategic-merge-patch+json',
    );
    await eventually(
      () => slicesOf(plane, namespace, 'gated'),
      ({ ready }) => ready.length === 1,
    );
    assert.deepEqual(kubelet.problems, []);
  });

  it('runs a DaemonSet on every Node, on the network of the host', async (t) => {
    const plane = await sharedControlPlane();
    const namespace = await makeNamespace(t, plane);
    const kubelet = await startKubelet({ plane, namespace, nodes: 2, refuse: 200 });
    t.after(() => kubelet.stop());
    await plane.client.apply({ ...deployment(namespace, 'edge', { hostNetwork: true }), kind: 'DaemonSet' });
    await eventually(
      () => new Set(kubelet.pods.values()),
      (addresses) => kubelet.nodes.every(({ address }) => addresses.has(address)),
    );
    assert.deepEqual(kubelet.problems, []);
  });

  it('runs programs of the test instead, asks whether they are ready and lets them end in their grace period', async (t) => {
    const plane = await sharedControlPlane();
    const namespace = await makeNamespace(t, plane);
    const told: (string | number)[] = [];
    let ready = false;
    const kubelet = await startKubelet({
      ...{ plane, namespace, nodes: 1 },
      start: (pod, { address, inside }) => {
        told.push(pod.spec.containers[0]?.name ?? '', inside.join(' '), address);
        const stop = async (graceMs: number) => void (graceMs > 0 && told.push(graceMs));
        return { ready: () => ready, stop };
      },
    });
    t.after(() => kubelet.stop());
    const [node] = kubelet.nodes;
    assert.ok(node);
    await plane.client.apply({
      ...deployment(namespace, 'own', { hostNetwork: true, graceSeconds: 7 }),
      kind: 'DaemonSet',
    });
    await plane.client.apply(serviceOf(namespace, 'own'));
    await eventually(
      () => plane.client.request<ApiList<ApiObject & PodStatus>>('GET', `/api/v1/namespaces/${namespace}/pods`),
      ({ items }) => conditionOf(items[0], 'Ready') === 'False',
    );
    ready = true;
    await eventually(
      () => slicesOf(plane, namespace, 'own'),
      (slices) => slices.ready.map(({ address }) => address).join() === node.address,
    );
    await plane.client.remove(`/apis/apps/v1/namespaces/${namespace}/daemonsets/own`);
    await eventually(
      () => kubelet.pods.size,
      (size) => size === 0,
    );
    assert.deepEqual(told, ['echo', node.inside.join(' '), node.address, 7000]);
    assert.deepEqual(kubelet.problems, []);
  });

  it('ends the Pod of a Job when it has nothing to do', async (t) => {
    const plane = await sharedControlPlane();
    const namespace = await makeNamespace(t, plane);
    const kubelet = await startKubelet({ plane, namespace, nodes: 1 });
    t.after(() => kubelet.stop());
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'once', image: 'once' }] } };
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'once', namespace }, spec: { template } };
    await plane.client.apply(job);
    await kubectl(['wait', '--for=condition=Complete', 'job/once', '-n', namespace, '--timeout=30s'], { plane });
    assert.deepEqual(kubelet.problems, []);
  });

  it('forwards node ports to Pods, with policy Local to those of the Node', async (t) => {
    const plane = await sharedControlPlane();
    const namespace = await makeNamespace(t, plane);
    const kubelet = await startKubelet({ plane, namespace, nodes: 2, refuse: 'at once' });
    t.after(() => kubelet.stop());
    await plane.client.apply(deployment(namespace, 'web', { replicas: 1 }));
    const spec = { type: 'LoadBalancer', loadBalancerClass: 'weir.test/none' };
    const wide = await plane.client.apply<NodePorts>(serviceOf(namespace, 'web', spec));
    const local = await plane.client.apply<NodePorts>({
      ...serviceOf(namespace, 'near', { ...spec, selector: { app: 'web' }, externalTrafficPolicy: 'Local' }),
    });
    const ask = (address: string, port: number | undefined) =>
      // A connection that is kept would outlive the port.
      fetch(`http://${address}:${port}/`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5000) }).then(
        (reply) => reply.status,
        (error) => (error.name === 'TimeoutError' ? 'silent' : 'refused'),
      );
    const asked = async () => {
      const answers = kubelet.nodes.map(async ({ address }) =>
        JSON.stringify([
          await ask(address, wide.spec.ports[0]?.nodePort),
          await ask(address, local.spec.ports[0]?.nodePort),
          await ask(address, local.spec.healthCheckNodePort),
        ]),
      );
      return (await Promise.all(answers)).sort();
    };
    await eventually(asked, (answers) => answers.join() === '[200,"refused",503],[200,200,200]');
    await plane.client.remove(`/api/v1/namespaces/${namespace}/services/web`);
    await eventually(asked, (answers) => answers.join() === '["refused","refused",503],["refused",200,200]');
    assert.deepEqual(kubelet.problems, []);
  });

  it('goes on after the API server was away', async (t) => {
    const plane = await startControlPlane();
    t.after(() => plane.stop());
    const kubelet = await startKubelet({ plane, nodes: 1 });
    t.after(() => kubelet.stop());
    await plane.killApiServer();
    await plane.restartApiServer();
    await makeNamespace(t, plane);
    await eventually(
      () => plane.client.probe('GET', '/api/v1/namespaces/default/serviceaccounts/default'),
      (code) => code === 200,
    );
    await plane.client.apply(deployment('default', 'web', { replicas: 2 }));
    await eventually(
      () => kubelet.pods.size,
      (size) => size === 2,
    );
    assert.deepEqual(kubelet.problems, []);
  });
});

interface NodePorts extends ApiObject {
  readonly spec: { readonly ports: readonly { readonly nodePort: number }[]; readonly healthCheckNodePort?: number };
}

interface PodStatus {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function conditionOf(pod: PodStatus | undefined, type: string): string | undefined {
  return pod?.status?.conditions?.find((one) => one.type === type)?.status;
}
