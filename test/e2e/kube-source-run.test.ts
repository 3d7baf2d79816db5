/** `weir run --kubeconfig` on the real HAProxy, in front of Pods that answer. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ask } from '../fakes/ask.ts';
import { ownAddress } from '../fakes/own-address.ts';
import { startWeir, type WeirProcess, weir } from '../fakes/weir-process.ts';
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
import { putClass, putIngress } from './kube-source-stage.ts';

const address = ownAddress();
const metrics = `${address}:8378`;

describe('weir beside a cluster', { skip: missingKube() || missingPods() }, () => {
  let plane: ControlPlane;
  let kubelet: Kubelet;
  let folder = '';
  let running: WeirProcess | undefined;

  const start = async () => {
    running = await startWeir(['-c', join(folder, 'weir.yaml')], metrics, folder);
  };
  /** Status and the name of the Pod without what makes it unique. */
  const pod = async (host: string) => {
    const { status, body } = await ask({ address, port: 80, host });
    return `${status} ${body.trim()}`;
  };
  const answered = (host: string, by: RegExp) =>
    eventually(
      () => pod(host).catch(String),
      (got) => by.test(got),
      30_000,
    );
  const readyz = async () => (await fetch(`http://${metrics}/readyz?verbose`)).text();
  const makeShop = async (namespace: string, name: string, host: string) => {
    await plane.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await eventually(
      () => plane.client.probe('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`),
      (code) => code === 200,
    );
    await plane.client.apply(deployment(namespace, name, { replicas: 1, graceSeconds: 1 }));
    await plane.client.apply(serviceOf(namespace, name));
    await putIngress(plane, namespace, 'front', { host, of: name });
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-kube-'));
    plane = await startControlPlane();
    kubelet = await startKubelet({ plane, refuse: 'at once' });
    await putClass(plane);
    const config = {
      instance: 'kube-e2e',
      stateDir: join(folder, 'state'),
      sources: [{ type: 'kubernetes', kubeconfig: plane.admin.kubeconfig }],
      balancers: [{ provider: 'haproxy', options: { addresses: [address] } }],
      metrics: { listen: metrics },
      api: { listen: `${address}:8377` },
      onExit: 'stop',
    };
    await writeFile(join(folder, 'weir.yaml'), JSON.stringify(config));
  });

  after(async () => {
    await running?.stop();
    await kubelet?.stop();
    await plane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('serves an Ingress, and follows its Pods', async () => {
    await makeShop('shop', 'web', 'a.test');
    await start();
    await answered('a.test', /^200 web-/);
    await plane.client.patch('/apis/apps/v1/namespaces/shop/deployments/web', { spec: { replicas: 3 } });
    const seen = new Set<string>();
    await eventually(
      async () => seen.add(await pod('a.test')),
      (pods) => pods.size === 3,
      30_000,
    );
    assert.ok(
      [...seen].every((answer) => answer.startsWith('200 web-')),
      [...seen].join(' '),
    );
  });

  it('leaves a host to the older Ingress, whatever its namespace, until that is gone', async () => {
    await makeShop('another', 'thief', 'a.test');
    const problems = async () => {
      const state = await (await fetch(`http://${address}:8377/api/v1/state`)).text();
      return state.includes('ingress/another/front') && state.includes('a.test');
    };
    await eventually(problems, (told) => told, 30_000);
    for (let i = 0; i < 5; i++) assert.match(await pod('a.test'), /^200 web-/);
    await plane.client.remove('/apis/networking.k8s.io/v1/namespaces/shop/ingresses/front');
    await answered('a.test', /^200 thief-/);
  });

  it('shows a plan of the cluster that the command line names', async () => {
    const options = ['--kubeconfig', plane.admin.kubeconfig, '--namespace', 'another', '--provider', 'memory'];
    const { code, out, err } = await weir(['plan', ...options, '-o', 'json', '--state-dir', join(folder, 'plan')]);
    assert.equal(code, 0, err);
    assert.match(out, /ingress\/another\/front/);
    assert.doesNotMatch(out, /ingress\/shop/);
    const wrong = await weir(['plan', '--context', 'x']);
    assert.deepEqual([wrong.code, /--context need --kubeconfig/.test(wrong.err)], [2, true], wrong.err);
  });

  it('goes on while the API server is away, over a restart of its own too', async () => {
    await plane.killApiServer();
    await eventually(readyz, (text) => /source kubernetes ok: Services cannot be read/.test(text), 30_000);
    assert.match(await pod('a.test'), /^200 thief-/);
    await running?.stop();
    await start();
    assert.match(await pod('a.test'), /^200 thief-/);
    assert.match(await readyz(), /Services cannot be read/);
    await plane.restartApiServer();
    await eventually(readyz, (text) => !text.includes('cannot be read'), 30_000);
    await plane.client.patch('/apis/networking.k8s.io/v1/namespaces/another/ingresses/front', {
      metadata: { annotations: { 'weir-lb.dev/export': 'false' } },
    });
    // It was the last one: nothing listens any more.
    await answered('a.test', /ECONNREFUSED/);
  });
});
