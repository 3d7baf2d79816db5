/** Whose address is published, what happens to it at the end, and what goes on where something may not be written. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  type ControlPlane,
  eventually,
  makeNamespace,
  missingKube,
  sharedControlPlane,
  startControlPlane,
} from '../kube/index.ts';
import { grantRead, putClass, putIngress, putService, putSlice } from './kube-source-stage.ts';
import { addressesOf, programmedOf, StatusUser, until, type Written } from './kube-status-stage.ts';

describe('addresses that are published', { skip: missingKube() }, () => {
  let plane: ControlPlane;
  let user: StatusUser;
  const putFront = async (namespace: string, host: string) => {
    await putService(plane, namespace, 'web', { type: 'ClusterIP', loadBalancerClass: undefined });
    await putSlice(plane, namespace, 'web', ['10.99.0.1']);
    await putIngress(plane, namespace, 'front', { host });
  };

  before(async () => {
    plane = await sharedControlPlane();
    user = await StatusUser.make(plane);
    await putClass(plane);
  });
  after(() => user?.end());

  it('are what the configuration says, stay over a change of it, and are taken back at the end if told so', async (t) => {
    const namespace = await makeNamespace(t, plane);
    await putFront(namespace, 'end.test');
    await user.start(
      { namespaces: [namespace] },
      { balancer: { publish: { hostname: 'lb.example.test' } }, status: { clearOnStop: true } },
    );
    const first = await until(
      () => user.ingress(namespace, 'front'),
      (one) => addressesOf(one).length > 0,
    );
    assert.deepEqual(addressesOf(first), ['lb.example.test']);
    const seen: (readonly string[])[] = [];
    const ended = new AbortController();
    t.after(() => ended.abort());
    const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses?watch=1&resourceVersion=${first.metadata.resourceVersion}`;
    const watched = plane.client
      .watch<Written>(path, ({ object }) => seen.push(addressesOf(object)), ended.signal)
      .catch(() => undefined);
    const file = join(user.folder, 'weir.yaml');
    const config = (await readFile(file, 'utf8')).replace('lb.example.test', 'other.example.test');
    await writeFile(file, config);
    await until(
      () => user.ingress(namespace, 'front'),
      (one) => addressesOf(one)[0] === 'other.example.test',
    );
    await eventually(
      () => seen.length,
      (count) => count > 0,
    );
    assert.deepEqual(seen, [['other.example.test']]);
    await user.running?.stop();
    await until(
      () => user.ingress(namespace, 'front'),
      (one) => addressesOf(one).length === 0,
    );
    ended.abort();
    await watched;
  });

  it('stay at the end if not told so, and are those of the Service in front of the proxy', async (t) => {
    const namespace = await makeNamespace(t, plane);
    await putFront(namespace, 'service.test');
    const service = {
      type: 'LoadBalancer',
      loadBalancerClass: 'example.com/somebody',
      ports: [{ name: 'a', port: 80 }],
    };
    const own = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'proxy', namespace } };
    await plane.client.apply({ ...own, spec: service });
    await putService(plane, namespace, 'sql', { ports: [{ name: 'http', port: 5438 }] });
    await putSlice(plane, namespace, 'sql', ['10.99.0.2']);
    const publish = { service: `${namespace}/proxy` };
    await user.start({ namespaces: [namespace] }, { balancer: { publish } });
    // It has an address of the cluster, which nobody outside can use.
    const front = `Service ${publish.service}, by which it is reached,`;
    const told = (object: string, note: string) =>
      eventually(
        () => user.events(namespace),
        (events) => events.some((one) => one.regarding.name === object && one.note.startsWith(note)),
      );
    await told('front', `${front} has no address yet`);
    assert.deepEqual(addressesOf(await user.ingress(namespace, 'front')), []);
    await plane.client.apply({ ...own, status: { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } } }, 'status');
    await until(
      () => user.ingress(namespace, 'front'),
      (one) => addressesOf(one)[0] === '192.0.2.7',
    );
    await told('front', `solved: ${front}`);
    await told('sql', `${front} does not lead to port 5438: add it there`);
    assert.equal(programmedOf(await user.service(namespace, 'sql')), 'False NotReachable');
    assert.deepEqual(addressesOf(await user.service(namespace, 'sql')), []);
    await user.running?.stop();
    assert.deepEqual(addressesOf(await user.ingress(namespace, 'front')), ['192.0.2.7']);
    assert.deepEqual(addressesOf(await user.service(namespace, 'proxy')), ['192.0.2.7']);
  });

  it('are written where Events may not be, which is told once', async (t) => {
    const namespace = await makeNamespace(t, plane);
    const account = await plane.serviceAccount(namespace, 'weir');
    await grantRead(plane, namespace, 'weir');
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'weir-status', namespace } };
    await plane.client.apply({
      ...role,
      kind: 'Role',
      rules: [{ apiGroups: [''], resources: ['services/status'], verbs: ['patch'] }],
    });
    await plane.client.apply({
      ...role,
      kind: 'RoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'weir-status' },
      subjects: [{ kind: 'ServiceAccount', name: 'weir', namespace }],
    });
    for (const [i, name] of ['one', 'two', 'three'].entries())
      await putService(plane, namespace, name, { ports: [{ name: 'sql', port: 5436 + i }] });
    const source = { namespaces: [namespace], kubeconfig: account.kubeconfig };
    const running = await user.start(source, { leader: { enabled: false } });
    for (const name of ['one', 'two', 'three'])
      await until(
        () => user.service(namespace, name),
        (one) => programmedOf(one) === 'True Programmed',
      );
    const state = await eventually(
      () => user.state(),
      (text) => text.includes('W_KUBE_WRITE'),
    );
    assert.match(state, /events\.events\.k8s\.io cannot be written.*Grant/);
    assert.doesNotMatch(state, /services\/status in .* cannot be written/);
    const lines = await eventually(
      () =>
        running
          .text()
          .split('\n')
          .filter((line) => line.includes('"code":"W_KUBE_WRITE"') && line.includes('events.events.k8s.io')),
      (found) => found.length > 0,
    );
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.deepEqual(await user.events(namespace), []);
    await running.stop();
  });

  it('that changed while the API server was away are written when it is back', async () => {
    const own = await startControlPlane();
    const other = await StatusUser.make(own);
    try {
      await own.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
      await putService(own, 'shop', 'db', { ports: [{ name: 'sql', port: 5440 }] });
      const leader = { leaseDuration: '2s', renewDeadline: '1500ms', retryPeriod: '200ms' };
      await other.start({}, { leader, balancer: { publish: { hostname: 'old.example.test' } } });
      await until(
        () => other.service('shop', 'db'),
        (one) => addressesOf(one)[0] === 'old.example.test',
      );
      await own.killApiServer();
      const file = join(other.folder, 'weir.yaml');
      await writeFile(file, (await readFile(file, 'utf8')).replace('old.example.test', 'new.example.test'));
      await eventually(
        () => other.state(),
        (text) => text.includes('cannot be read'),
      );
      await own.restartApiServer();
      await until(
        () => other.service('shop', 'db'),
        (one) => addressesOf(one)[0] === 'new.example.test',
      );
    } finally {
      await other.end();
      await own.stop();
    }
  });
});
