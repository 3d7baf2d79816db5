/** The two shapes in which weir stands before a cluster are rolled out anew, Pod by Pod, under clients that may lose nothing. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { monotonicMs } from '../bench/client/monotonic.ts';
import type { LoadSpec } from '../bench/client/swarm-words.ts';
import { type Swarm, startSwarm } from '../bench/haproxy/swarm.ts';
import {
  type ApiObject,
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
import { openWayToServer, readShape, type Shape, startEdgePod } from './kube-rollout-stage.ts';
import { putClass, putIngress } from './kube-source-stage.ts';

const place = 'edge';
const host = 'main.test';
/** Shipped are 30, 32 and 100 seconds. */
const times = { drainMs: 3_000, preStopMs: 5_000, graceSeconds: 20 };

interface Stage {
  readonly kubelet: Kubelet;
  readonly swarm: Swarm;
  /** Names of weir's Pods, those that end too. */
  edges(): readonly string[];
  rollOut(): Promise<void>;
}

interface NodePorts extends ApiObject {
  readonly spec: { readonly ports: readonly { readonly nodePort: number }[] };
}

/** Two Pods of the shape behind a node port, two of a shop behind them, and clients. */
async function stand(t: TestContext, shape: Shape): Promise<Stage> {
  // What was begun last ends first.
  const undo: (() => Promise<void>)[] = [];
  t.after(async () => {
    for (const step of undo.reverse()) await step();
  });
  const plane = await startControlPlane();
  undo.push(() => plane.stop());
  const { kind, hostNetwork, update, script } = readShape(shape);
  let kubeconfig = '';
  const kubelet = await startKubelet({
    plane,
    nodes: 2,
    start: (pod, where) =>
      pod.metadata.labels?.app === 'edge'
        ? startEdgePod(pod, where, { plane, script, kubeconfig, ...times })
        : undefined,
  });
  undo.push(() => kubelet.stop());
  const [node] = kubelet.nodes;
  assert.ok(node);
  const way = await openWayToServer(plane, node);
  undo.push(() => way.close());
  kubeconfig = way.kubeconfig;

  await makePlace(plane, place);
  await putClass(plane);
  await plane.client.apply(deployment(place, 'web', { replicas: 2 }));
  await plane.client.apply(serviceOf(place, 'web'));
  await putIngress(plane, place, 'front', { host });
  const deploy = async (version: string) => {
    const { graceSeconds } = times;
    const replicas = kind === 'Deployment' ? { replicas: 2 } : {};
    const made = deployment(place, 'edge', {
      ...{ ...replicas, graceSeconds, hostNetwork, annotations: { version } },
      ports: { http: 80 },
    });
    const spec = { ...Object(made.spec), ...update, minReadySeconds: 1 };
    await plane.client.apply({ ...made, kind, spec });
  };
  await deploy('1');
  const front = await plane.client.apply<NodePorts>(serviceOf(place, 'edge', { type: 'NodePort' }));
  const port = front.spec.ports[0]?.nodePort ?? 0;
  const edges = () =>
    [...kubelet.pods.keys()]
      .filter((pod) => pod.startsWith(`${place}/edge-`))
      .map((pod) => pod.slice(place.length + 1));
  const status = `/apis/apps/v1/namespaces/${place}/${kind.toLowerCase()}s/edge`;
  const rolledOut = () =>
    eventually(
      () => plane.client.request<RolloutState>('GET', status),
      (object) => isRolledOut(object) && edges().length === 2,
      90_000,
    );
  await rolledOut();
  const asks = [{ authority: host }];
  const to = { host: node.address, port };
  const loads: readonly LoadSpec[] = [
    { name: 'new', kind: 'new', connections: 16, perSecond: 60, asks, ...to },
    { name: 'posts', kind: 'pool', connections: 16, perSecond: 120, asks, blind: true, ...to },
    // Answers that are under way when their proxy is told to end.
    {
      name: 'long',
      kind: 'new',
      connections: 24,
      perSecond: 6,
      asks: [{ authority: host, path: '/?delay=2000' }],
      ...to,
    },
  ];
  const swarm = await startSwarm({ loads });
  undo.push(() => swarm.stop());
  let version = 1;
  return {
    ...{ kubelet, swarm, edges },
    async rollOut() {
      await deploy(String(++version));
      await rolledOut();
    },
  };
}

interface RolloutState extends ApiObject {
  readonly status?: Readonly<Record<string, number>>;
}

/** As `kubectl rollout status` judges. */
function isRolledOut({ kind, metadata, status = {} }: RolloutState): boolean {
  if (status.observedGeneration !== metadata.generation) return false;
  const [updated, available, all] =
    kind === 'Deployment'
      ? [status.updatedReplicas, status.availableReplicas, status.replicas]
      : [status.updatedNumberScheduled, status.numberAvailable, status.desiredNumberScheduled];
  return all === 2 && updated === 2 && available === 2;
}

describe('Pods of weir and its proxy', { skip: missingKube() || missingPods() }, () => {
  for (const shape of ['proxy-deployment', 'daemonset'] as const)
    it(`are replaced one after the other without a lost request: ${shape}`, { timeout: 240_000 }, async (t) => {
      const { kubelet, swarm, edges, rollOut } = await stand(t, shape);
      const shop = [...kubelet.pods.keys()].filter((pod) => pod.startsWith(`${place}/web-`));
      const names = shop.map((pod) => pod.slice(place.length + 1));
      await swarm.settled(['new', 'posts'], names, monotonicMs());
      const before = edges();
      await rollOut();
      assert.ok(!edges().some((pod) => before.includes(pod)), `${before} ${edges()}`);
      const { sent } = swarm.total();
      await swarm.until('requests through the new ones', () => swarm.total().sent > sent + 200);
      await swarm.until('long answers', () => swarm.load('long').ok > 20);
      const { failed, cut } = swarm.total();
      assert.deepEqual({ failed, cut, errors: swarm.errors() }, { failed: 0, cut: 0, errors: {} });
      assert.deepEqual(kubelet.problems, []);
    });
});
