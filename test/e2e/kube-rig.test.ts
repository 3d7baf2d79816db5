import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import {
  type ApiError,
  type ApiList,
  type ApiObject,
  deployment,
  eventually,
  findPrograms,
  helm,
  installCrd,
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

describe('the control plane of the tests', { skip: missingKube() }, () => {
  it('gives a service account what RBAC gives it', async (t) => {
    const plane = await sharedControlPlane();
    const namespace = await makeNamespace(t, plane);
    const account = await plane.serviceAccount(namespace, 'reader');
    const client = plane.clientOf(account);
    const services = `/api/v1/namespaces/${namespace}/services`;
    assert.equal(await client.probe('GET', services), 403);
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'reader', namespace } };
    await plane.client.apply({
      ...role,
      kind: 'Role',
      rules: [{ apiGroups: [''], resources: ['services'], verbs: ['get', 'list'] }],
    });
    await plane.client.apply({
      ...role,
      kind: 'RoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace }],
    });
    await eventually(
      () => client.probe('GET', services),
      (code) => code === 200,
    );
    assert.equal(await client.probe('POST', services, serviceOf(namespace, 'web')), 403);
    assert.equal(await client.probe('GET', '/api/v1/services'), 403);
  });

  it('knows users by certificate and by token, and nobody else', async (t) => {
    const plane = await sharedControlPlane();
    const namespace = await makeNamespace(t, plane);
    const can = (user: { kubeconfig: string }) => kubectl(['auth', 'whoami', '-o', 'json'], { plane, user });
    const whoami = async (user: { kubeconfig: string }) => JSON.parse(await can(user)).status.userInfo;
    const alice = await whoami(plane.certificateUser('alice', ['ops/a', 'dev']));
    assert.deepEqual([alice.username, alice.groups], ['alice', ['ops/a', 'dev', 'system:authenticated']]);
    const bot = await whoami(await plane.serviceAccount(namespace, 'bot'));
    assert.equal(bot.username, `system:serviceaccount:${namespace}:bot`);
    const stranger = plane.clientOf({ name: 'stranger', token: 'wrong', kubeconfig: '' });
    assert.equal(await stranger.probe('GET', '/api'), 401);
    assert.equal(await plane.clientOf(await plane.serviceAccount(namespace, 'late', -30)).probe('GET', '/api'), 401);
  });

  it('keeps its data when the API server is killed, and forgets old versions', async (t) => {
    const plane = await startControlPlane({ kcm: false, users: { weir: ['weirs'] } });
    t.after(() => plane.stop());
    const name = '/api/v1/namespaces/default/configmaps/kept';
    const kept = await plane.client.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' } });
    await plane.killApiServer();
    await assert.rejects(plane.client.probe('GET', name), /ECONNREFUSED|ECONNRESET|socket hang up/);
    await plane.restartApiServer();
    assert.equal((await plane.client.request('GET', name)).metadata.uid, kept.metadata.uid);
    assert.equal(await plane.clientOf(plane.user('weir')).probe('GET', name), 403);
    const errors: number[] = [];
    const path = '/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=1&resourceVersion=1';
    await plane.client.watch(path, ({ object }) => errors.push(Object(object).code), AbortSignal.timeout(5000));
    assert.deepEqual(errors, [410]);
  });

  it('answers 410 to a watch of a compacted version when it has no watch cache', async (t) => {
    const plane = await startControlPlane({ kcm: false, flags: ['--watch-cache=false'] });
    t.after(() => plane.stop());
    const write = (value: number) =>
      plane.client.apply({
        ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'counter' } },
        data: { value: String(value) },
      });
    const { resourceVersion } = (await write(0)).metadata;
    for (let value = 1; value < 5; value++) await write(value);
    const path = `/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=1&resourceVersion=${resourceVersion}`;
    const watched = async () => {
      const seen: unknown[] = [];
      await plane.client.watch(
        path,
        ({ type, object }) => seen.push(Object(object).code ?? type),
        AbortSignal.timeout(5000),
      );
      return seen;
    };
    assert.deepEqual(await watched(), Array(4).fill('MODIFIED'));
    await plane.compact();
    assert.deepEqual(await watched(), [410]);
  });

  it('leaves no process, file or namespace when the tests are killed', async () => {
    const script = `
      import { missingPods, startControlPlane, startKubelet } from ${JSON.stringify(new URL('../kube/index.ts', import.meta.url).href)};
      const plane = await startControlPlane();
      const nodes = missingPods() ? [] : (await startKubelet({ plane, nodes: 1 })).nodes;
      const spaces = nodes.map(({ inside }) => inside.at(-1));
      console.log(JSON.stringify({ directory: plane.directory, pids: plane.pids, spaces }));
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const { directory, pids, spaces }: Started = JSON.parse(String(line));
    const left = () => [
      ...pids.map(alive),
      existsSync(directory),
      ...spaces.map((name) => existsSync(`/run/netns/${name}`)),
    ];
    assert.equal(pids.length, 3);
    assert.ok(left().every((there) => there));
    child.kill('SIGKILL');
    await eventually(left, (there) => !there.includes(true));
  });

  it('has a CRD ready when it was installed', async () => {
    const plane = await sharedControlPlane();
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    await installCrd(plane, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.rig.weir.test' },
      spec: {
        group: 'rig.weir.test',
        scope: 'Namespaced',
        names: { kind: 'Widget', plural: 'widgets' },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    });
    const widget = { apiVersion: 'rig.weir.test/v1', kind: 'Widget', metadata: { name: 'one' } };
    assert.equal((await plane.client.apply(widget)).kind, 'Widget');
  });
});

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

describe('kubectl and helm of the tests', { skip: missingKube() || (findPrograms('helm').missing ?? false) }, () => {
  it('work as admin, and as who is asked for', async (t) => {
    const plane = await sharedControlPlane();
    const namespace = await makeNamespace(t, plane);
    assert.match(await kubectl(['version'], { plane }), /Server Version: v1\.\d+/);
    const manifest = JSON.stringify(serviceOf(namespace, 'web'));
    assert.match(await kubectl(['apply', '-f', '-'], { plane, input: manifest }), /service\/web created/);
    const user = await plane.serviceAccount(namespace, 'nobody');
    await assert.rejects(kubectl(['get', 'svc'], { plane, user }), (error: ApiError) =>
      /Forbidden/.test(error.message),
    );
    assert.equal(await helm(['list', '--short', '--namespace', namespace], { plane }), '');
    assert.match(await helm(['version', '--short']), /^v\d+\.\d+\.\d+/);
  });
});

interface Started {
  readonly directory: string;
  readonly pids: readonly number[];
  readonly spaces: readonly string[];
}

interface NodePorts extends ApiObject {
  readonly spec: { readonly ports: readonly { readonly nodePort: number }[]; readonly healthCheckNodePort?: number };
}

interface PodStatus {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function conditionOf(pod: PodStatus | undefined, type: string): string | undefined {
  return pod?.status?.conditions?.find((one) => one.type === type)?.status;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
