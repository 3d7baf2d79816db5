/** The Pod of the DaemonSet, run as its manifest says: no root, one capability, files that cannot be written, the account's own token. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { renderChart } from '../deploy/bases.ts';
import { ask } from '../fakes/ask.ts';
import { ownAddress } from '../fakes/own-address.ts';
import { findFreePort } from '../kube/free-port.ts';
import {
  type ControlPlane,
  deployment,
  eventually,
  findPrograms,
  helm,
  type Kubelet,
  missingKube,
  missingPods,
  serviceOf,
  startControlPlane,
  startKubelet,
} from '../kube/index.ts';
import { missingContainers, PodFiles, type Running } from './kube-deploy-container.ts';
import { chart, configOf, podOf, putNamespace, valueSets } from './kube-deploy-stage.ts';
import { putIngress } from './kube-source-stage.ts';

const run = promisify(execFile);
const address = ownAddress();
const probes = `${address}:8378`;
const missing = missingKube() || missingPods() || missingContainers() || (findPrograms('helm').missing ?? false);
const args = [
  ...['--values', valueSets.get('on-prem-nodes') ?? ''],
  ...['--set', `drainSeconds=3,finishSeconds=5,listen.address=${address},haproxy.addresses={${address}}`],
  // On loopback, where anybody may have the usual one.
  ...['--set', `listen.apiPort=${await findFreePort()}`],
  ...['--set', 'nodeSelector.none=yes,classes.also={weir-e2e}'],
];

describe('the Pod of the chart', { skip: missing }, () => {
  let plane: ControlPlane;
  let kubelet: Kubelet;
  let folder = '';
  let files: PodFiles;
  let template: ReturnType<typeof podOf>;
  const started: Running[] = [];

  const start = (name: string): Running => {
    const container = template.spec.containers.find((one) => one.name === name);
    assert.ok(container);
    const { hostname, port } = new URL(plane.url);
    const env = name === 'weir' ? { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port } : {};
    const running = files.start(container, env);
    started.push(running);
    return running;
  };
  const ready = async () => (await fetch(`http://${probes}/readyz`).catch(() => undefined))?.status;
  /** As the kubelet asks the container with HAProxy. */
  const proxyReady = async () => {
    const { path, port } =
      template.spec.containers.find(({ name }) => name === 'haproxy')?.readinessProbe?.httpGet ?? {};
    return (await fetch(`http://${address}:${port}${path}`).catch(() => undefined))?.status;
  };
  const becomesReady = (weir: Running) =>
    eventually(
      ready,
      (status) => {
        assert.ok(weir.running, weir.text());
        return status === 200;
      },
      60_000,
    );
  const web = async () => {
    const { status, body } = await ask({ address, port: 80, host: 'web.test' });
    return `${status} ${body.trim().split('-')[0]}`;
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-pod-'));
    plane = await startControlPlane();
    kubelet = await startKubelet({ plane, nodes: 1, namespace: 'shop' });
    for (const name of ['shop', 'edge']) await putNamespace(plane, name, 'privileged');
    await plane.client.apply(deployment('shop', 'web', { replicas: 2 }));
    await plane.client.apply(serviceOf('shop', 'web'));
    await putIngress(plane, 'shop', 'front', { host: 'web.test' });
    await helm(['install', 'weir', chart, '--namespace', 'edge', ...args], { plane });
    const objects = await renderChart(chart, { namespace: 'edge', args });
    template = podOf(objects);
    files = new PodFiles(folder);
    files.put('config', 'weir.yaml', configOf(objects));
    files.put('token', 'token', (await plane.serviceAccount('edge', 'weir')).token);
    files.put('token', 'ca.crt', readFileSync(plane.caFile, 'utf8'));
    files.put('token', 'namespace', 'edge');
  });

  after(async () => {
    for (const one of started) await one.end('SIGKILL');
    await kubelet?.stop();
    await plane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('serves an Ingress on port 80, with both containers as nobody', async () => {
    const haproxy = start('haproxy');
    assert.equal(await proxyReady(), undefined);
    const weir = start('weir');
    await becomesReady(weir);
    await eventually(
      () => web().catch(String),
      (got) => got === '200 web',
      60_000,
    );
    assert.equal(await proxyReady(), 200);
    for (const { pid } of [haproxy, weir]) {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      assert.match(status, /^Uid:\s+65532\s+65532\s+65532\s+65532$/m);
      // CAP_NET_BIND_SERVICE
      assert.match(status, /^CapEff:\s+0000000000000400$/m);
      assert.match(status, /^CapBnd:\s+0000000000000400$/m);
      assert.match(status, /^NoNewPrivs:\s+1$/m);
    }
    assert.doesNotMatch(weir.text(), /EROFS|EACCES|EPERM/);
    // As `kubectl exec` would.
    const exec = ['--target', String(weir.pid), '--mount', join(folder, 'bin', 'weir'), 'status'];
    assert.match((await run('nsenter', [...exec, '-c', '/etc/weir/weir.yaml'])).stdout, /edge/);
    // No token where HAProxy is.
    const inside = ['--target', String(haproxy.pid), '--mount', 'ls', '/run/secrets/kubernetes.io/serviceaccount'];
    assert.equal((await run('nsenter', inside)).stdout, '');
  });

  it('serves on while weir is killed and started again', async () => {
    const [haproxy, weir] = started;
    assert.ok(haproxy !== undefined && weir !== undefined);
    await weir.end('SIGKILL');
    assert.equal(await web(), '200 web');
    assert.equal(await proxyReady(), 200);
    const again = start('weir');
    await becomesReady(again);
    assert.equal(await web(), '200 web');
    assert.ok(haproxy.running);
    assert.doesNotMatch(again.text(), /HAProxy reloaded/);
  });

  it('serves again as soon as HAProxy is started again, with what weir wrote', async () => {
    const [haproxy, ...others] = started;
    await haproxy?.end('SIGKILL');
    await assert.rejects(web(), /ECONNREFUSED/);
    assert.deepEqual(
      [await proxyReady(), await ready()],
      [undefined, 200],
      'weir knows its plan, and nobody serves it',
    );
    const again = start('haproxy');
    started.splice(0, started.length, again, ...others);
    await eventually(
      () => web().catch(String),
      (got) => got === '200 web',
      60_000,
    );
    assert.ok(again.running && (await ready()) === 200);
    assert.equal(await proxyReady(), 200);
  });

  it('ends as the kubelet ends it: weir drains, HAProxy finishes what it has, both within the grace period', async () => {
    const [haproxy] = started;
    const weir = started.at(-1);
    assert.ok(haproxy !== undefined && weir !== undefined);
    const preStop = template.spec.containers.find(({ name }) => name === 'haproxy')?.lifecycle?.preStop.exec.command;
    const [program = '', ...rest] = preStop ?? [];
    const preStopped = run(program, rest);
    const left = weir.end('SIGTERM');
    await eventually(ready, (status) => status === 503);
    assert.equal(await web(), '200 web');
    assert.equal(await left, 0, weir.text());
    // weir is gone, and who has not noticed is served all the same.
    assert.ok(haproxy.running);
    assert.equal(await web(), '200 web');
    await preStopped;
    assert.equal(await haproxy.end('SIGUSR1'), 0, haproxy.text());
    assert.equal(await proxyReady(), undefined);
    await assert.rejects(web(), /ECONNREFUSED/);
    assert.deepEqual(kubelet.problems, []);
    const free: Server = createServer().listen(80, address);
    await new Promise((resolve, reject) => free.once('listening', resolve).once('error', reject));
    free.close();
  });
});
