/**
 * A scheduler and kubelets in one, as far as load balancing sees them: Nodes appear, Pods are bound, get an address where an echo
 * server answers with the Pod's name, become Ready when their readiness gates allow, and end with their grace period. Node ports work.
 */
import { randomBytes } from 'node:crypto';
import type { ControlPlane } from './control-plane.ts';
import { followObjects } from './follow.ts';
import { runKubeProxy } from './kube-proxy.ts';
import { fitsNode, type Pod, podNumber, annotations as words } from './pod.ts';
import { makePodNetwork, type PodHost } from './pod-network.ts';
import { type RunningPod, runPod, type StartPod } from './running-pod.ts';

export interface KubeletOptions {
  readonly plane: ControlPlane;
  /** How many Nodes; default 2. */
  readonly nodes?: number;
  /** Only Pods of this namespace; default all. */
  readonly namespace?: string;
  /**
   * When a Pod that was deleted begins to refuse connections: at once, after so many milliseconds, or (the default) at the end of its
   * grace period. The annotation weir.test/refuse-after-ms of a Pod goes first.
   */
  readonly refuse?: 'at once' | number;
  /** Programs for Pods that shall not be echo servers; must name `plane.directory` in their command line to be cleaned up by `remains`. */
  readonly start?: StartPod;
  /** Labels of all Nodes. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface KubeletNode {
  readonly name: string;
  readonly address: string;
  readonly podCidr: string;
  /** What starts a program in its network. */
  readonly inside: readonly string[];
}

export interface Kubelet {
  readonly nodes: readonly KubeletNode[];
  /** `namespace/name` of every Pod that runs, and its address. */
  readonly pods: ReadonlyMap<string, string>;
  /** What went wrong, apart from conflicts and a server that is away; empty in a good test. */
  readonly problems: readonly string[];
  /** The Pod refuses connections though the API says nothing of it. `name` is `namespace/name`. */
  crash(name: string): Promise<void>;
  /** Ends all Pods without a word to the API, and removes Nodes and namespaces. */
  stop(): Promise<void>;
}

interface Node extends KubeletNode {
  readonly host: PodHost;
}

/** Answers when the Nodes are Ready. Needs root: see missingPods. Throws with what is missing. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { plane, labels = {} } = options;
  const client = plane.clientOf(plane.admin);
  const prefix = `node-${randomBytes(2).toString('hex')}`;
  const nodes: Node[] = [];
  const network = makePodNetwork(plane.remains);
  const running = new Map<string, RunningPod>();
  const problems: string[] = [];
  const stopped = new AbortController();

  const report = (problem: string): void => {
    if (!stopped.signal.aborted) problems.push(problem);
  };
  const end = async (): Promise<void> => {
    stopped.abort();
    for (const pod of running.values()) pod.forget();
    network.end();
    // The server may be gone by now, on purpose.
    await Promise.allSettled(nodes.map(({ name }) => client.remove(`/api/v1/nodes/${name}`)));
    client.close();
  };

  try {
    for (let at = 0; at < (options.nodes ?? 2); at++) {
      const host = network.addHost();
      const { address, podCidr, inside } = host;
      const node = { name: `${prefix}-${at}`, address, podCidr, inside, host };
      nodes.push(node);
      await register(client, node, labels);
    }
  } catch (error) {
    await end();
    throw error;
  }

  /** The node with the fewest Pods among those that fit. */
  const choose = (pod: Pod): Node | undefined => {
    const load = (node: Node) => [...running.values()].filter((one) => one.node === node.name).length;
    const fitting = nodes.filter((node) =>
      fitsNode(pod, node.name, { ...labels, 'kubernetes.io/hostname': node.name }),
    );
    return fitting.sort((a, b) => load(a) - load(b) || a.name.localeCompare(b.name))[0];
  };

  const consider = (pod: Pod): void => {
    const { uid = '' } = pod.metadata;
    const known = running.get(uid);
    if (known !== undefined) known.update(pod);
    else begin(pod, uid);
  };

  const begin = (pod: Pod, uid: string): void => {
    const { nodeName } = pod.spec;
    const node = nodeName === undefined ? choose(pod) : nodes.find(({ name }) => name === nodeName);
    if (node === undefined) return;
    const refuseAfterMs = options.refuse === 'at once' ? 0 : options.refuse;
    running.set(
      uid,
      runPod({
        ...{ client, pod, host: node.host, node: node.name, start: options.start ?? (() => undefined) },
        refuseAfterMs: (one) => {
          const graceMs = (one.metadata.deletionGracePeriodSeconds ?? 30) * 1000;
          return Math.min(graceMs, podNumber(one, words.refuseAfterMs, refuseAfterMs ?? graceMs));
        },
        report,
        gone: () => running.delete(uid),
      }),
    );
  };

  const forget = (uid: string): void => {
    running.get(uid)?.forget();
    running.delete(uid);
  };

  const scope = options.namespace === undefined ? '' : `/namespaces/${options.namespace}`;
  const following = followObjects<Pod>(
    client,
    `/api/v1${scope}/pods`,
    { onObject: consider, onGone: ({ metadata }) => forget(metadata.uid ?? '') },
    stopped.signal,
  );

  const proxying = runKubeProxy({ client, nodes, scope, report, signal: stopped.signal });

  return {
    nodes: nodes.map(({ name, address, podCidr, inside }) => ({ name, address, podCidr, inside })),
    get pods() {
      return new Map([...running.values()].flatMap(({ key, address }) => (address === '' ? [] : [[key, address]])));
    },
    problems,
    crash: async (name) => {
      const pod = [...running.values()].find(({ key }) => key === name);
      if (pod === undefined) throw new Error(`no Pod ${name} runs`);
      await pod.crash();
    },
    async stop() {
      await end();
      await Promise.all([following, proxying]);
    },
  };
}

async function register(
  client: ControlPlane['client'],
  node: Node,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const now = new Date().toISOString();
  await client.request('POST', '/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      labels: { ...labels, 'kubernetes.io/hostname': node.name, 'kubernetes.io/os': 'linux' },
    },
    spec: { podCIDR: node.podCidr, podCIDRs: [node.podCidr] },
  });
  const size = { cpu: '64', memory: '256Gi', pods: '1000' };
  await client.patch(`/api/v1/nodes/${node.name}/status`, {
    status: {
      capacity: size,
      allocatable: size,
      addresses: [
        { type: 'InternalIP', address: node.address },
        { type: 'Hostname', address: node.name },
      ],
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now, lastTransitionTime: now },
      ],
    },
  });
  // Admission taints every new Node as not ready, and the controller that would take that back does not run.
  await client.patch(`/api/v1/nodes/${node.name}`, { spec: { taints: null } });
}
