import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import {
  type ApiError,
  eventually,
  findPrograms,
  helm,
  installCrd,
  kubectl,
  makeNamespace,
  missingKube,
  serviceOf,
  sharedControlPlane,
  startControlPlane,
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

/** A process that ended and that nobody has asked about yet has a number, but no command line. */
function alive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}
