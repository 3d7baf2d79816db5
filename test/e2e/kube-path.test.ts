/** From a Deployment to an answer: a real API server, Pods that come and go, real HAProxy, and clients that may lose nothing. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import { monotonicMs } from '../bench/client/monotonic.ts';
import type { LoadSpec } from '../bench/client/swarm-words.ts';
import { type Swarm, startSwarm } from '../bench/haproxy/swarm.ts';
import { deployment, eventually, missingKube, missingPods, serviceOf } from '../kube/index.ts';
import { makePlace, type PathStage, startPath } from './kube-path-stage.ts';
import { putClass, putIngress } from './kube-source-stage.ts';

const shop = 'shop';
const authority = makeCertificate({ names: ['authority.test'], authority: true });
const [first, second] = [1, 2].map(() => makeCertificate({ names: ['safe.test'], issuer: authority }));

describe('a Deployment behind weir', { skip: missingKube() || missingPods(), timeout: 240_000 }, () => {
  let stage: PathStage;
  let swarm: Swarm;

  const deploy = (name: string, replicas: number, annotations = {}) =>
    // Longer than an idle connection to a target is kept: who is asked to end serves for as long.
    stage.plane.client.apply(deployment(shop, name, { replicas, graceSeconds: 2, annotations }));
  const putCertificate = (certificate = first) => {
    const data = { 'tls.crt': certificate?.certPem, 'tls.key': certificate?.keyPem };
    const metadata = { name: 'safe', namespace: shop };
    return stage.plane.client.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      type: 'kubernetes.io/tls',
      stringData: data,
    });
  };
  /** Until these Pods, all of them and no others, answer what is asked from now on, and those that had to go are gone. */
  const answeredBy = async (right: (pods: readonly string[]) => boolean) => {
    const pods = await eventually(() => stage.podsOf(shop, 'web'), right, 60_000);
    await swarm.settled(['new', 'posts', 'safe'], pods, monotonicMs());
    await eventually(
      () => [...stage.kubelet.pods.keys()].filter((pod) => pod.startsWith(`${shop}/web-`)).length,
      (running) => running === pods.length,
    );
    const { sent } = swarm.total();
    await swarm.until('more requests', () => swarm.total().sent > sent + 100);
  };
  const lost = () => ({ ...swarm.total(), sent: 0, errors: swarm.errors() });
  const nothing = { sent: 0, failed: 0, cut: 0, errors: {} };
  const reloads = () => stage.metric('weir_haproxy_reloads_total');

  before(async () => {
    stage = await startPath();
    await makePlace(stage.plane, shop);
    await putClass(stage.plane);
    await putCertificate();
    await deploy('web', 2);
    await stage.plane.client.apply(serviceOf(shop, 'web'));
    await putIngress(stage.plane, shop, 'plain', { host: 'plain.test' });
    await putIngress(stage.plane, shop, 'safe', { host: 'safe.test', tls: 'safe' });
    await eventually(
      () => Promise.all([stage.who('plain.test').catch(String), stage.certificate('safe.test')]),
      ([plain, safe]) => plain.startsWith('200') && safe !== undefined,
      60_000,
    );
    const { address: host } = stage;
    const plain = [{ authority: 'plain.test' }];
    const safe = { asks: [{ authority: 'safe.test' }], ca: authority.certPem };
    const loads: readonly LoadSpec[] = [
      { name: 'new', kind: 'new', host, port: 80, connections: 16, perSecond: 100, asks: plain },
      { name: 'posts', kind: 'pool', host, port: 80, connections: 24, perSecond: 150, asks: plain, blind: true },
      { name: 'safe', kind: 'new', host, port: 443, connections: 8, perSecond: 20, ...safe },
    ];
    swarm = await startSwarm({ loads });
  });

  after(async () => {
    await swarm?.stop();
    await stage?.end();
  });

  it('follows its scale without a reload', async () => {
    await answeredBy((pods) => pods.length === 2);
    const before = await reloads();
    for (const replicas of [12, 1, 4]) {
      await deploy('web', replicas);
      await answeredBy((pods) => pods.length === replicas);
    }
    assert.deepEqual(lost(), nothing);
    assert.equal((await reloads()) - before, 0);
  });

  it('is rolled out without a lost request', async () => {
    const before = await reloads();
    for (const version of ['2', '3']) {
      const old = await stage.podsOf(shop, 'web');
      await deploy('web', 4, { version });
      await answeredBy((pods) => pods.length === 4 && !pods.some((pod) => old.includes(pod)));
    }
    assert.deepEqual(lost(), nothing);
    assert.equal((await reloads()) - before, 0);
    assert.deepEqual(stage.kubelet.problems, []);
  });

  it('shows a certificate as soon as its Secret has it, and closes nothing for it', async () => {
    const before = await stage.certificate('safe.test');
    const posts = swarm.load('posts').ok;
    await putCertificate(second);
    const now = await eventually(
      () => stage.certificate('safe.test'),
      (shown) => shown !== undefined && shown !== before,
    );
    await swarm.until('more requests', () => swarm.load('posts').ok > posts + 100);
    assert.equal(await stage.certificate('safe.test'), now);
    assert.deepEqual(lost(), nothing);
  });

  it('takes an Ingress when it is of its class, and leaves it to another class', async () => {
    const path = `/apis/networking.k8s.io/v1/namespaces/${shop}/ingresses/later`;
    await stage.plane.client.apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'others' },
      spec: { controller: 'example.com/others' },
    });
    const classIs = (ingressClassName: string) => stage.plane.client.patch(path, { spec: { ingressClassName } });
    const served = (by: RegExp) =>
      eventually(
        () => stage.who('later.test').catch(String),
        (answer) => by.test(answer),
      );
    await putIngress(stage.plane, shop, 'later', { host: 'later.test' });
    await served(/^200 web-/);
    await classIs('others');
    await served(/^404/);
    await classIs('weir-e2e');
    await served(/^200 web-/);
    assert.deepEqual(lost(), nothing);
  });

  it('answers for a Service without Pods that there are none, and serves as soon as there is one', async () => {
    await stage.plane.client.apply(serviceOf(shop, 'late'));
    await putIngress(stage.plane, shop, 'late', { host: 'late.test', of: 'late' });
    await eventually(
      () => stage.who('late.test').catch(String),
      (answer) => answer.startsWith('503'),
    );
    await deploy('late', 1);
    await eventually(
      () => stage.who('late.test').catch(String),
      (answer) => answer.startsWith('200 late-'),
    );
    assert.deepEqual(lost(), nothing);
  });
});
