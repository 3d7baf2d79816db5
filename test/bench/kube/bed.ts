/** The bed of the Kubernetes figures: a real API server, `weir run` on it with its HAProxy, targets at addresses of Pods; EndpointSlices are written by the benchmark. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { showProcesses } from '../../../providers/haproxy/master.ts';
import { ownAddress } from '../../fakes/own-address.ts';
import { startWeir, type WeirProcess } from '../../fakes/weir-process.ts';
import { type ControlPlane, startControlPlane, startKubelet } from '../../kube/index.ts';
import { startedThrough } from '../haproxy/edge.ts';
import { setApart } from '../haproxy/set-apart.ts';
import type { PodsOptions, PodsOrder } from './pods.ts';

export const namespace = 'default';
export const service = 'web';
export const podPort = 8080;
export const className = 'weir-bench';

export interface Endpoint {
  readonly address: string;
  /** It is asked to end, and still serves. */
  readonly ending?: boolean;
}

export interface KubeBed {
  readonly plane: ControlPlane;
  /** Of Pods that answer with their address. */
  readonly pods: readonly string[];
  /** HAProxy listens there on port 80. */
  readonly address: string;
  readonly weir: WeirProcess;
  /** The only EndpointSlice of the Service; answers when the API server has it. */
  putEndpoints(endpoints: readonly Endpoint[]): Promise<void>;
  /** An Ingress with these hosts to the Service. */
  putIngress(name: string, hosts: readonly string[]): Promise<void>;
  order(order: PodsOrder): Promise<void>;
  /** Puts everything here, and these sessions, before other work of the machine; until the end. */
  setApart(pids: readonly number[]): Promise<void>;
  /** Sum of the samples of a metric. */
  metric(name: string): Promise<number>;
  end(): Promise<void>;
}

export interface KubeBedOptions {
  /** How many Pods answer, 250 at most. */
  readonly pods: number;
  /** Host of the Ingress that is there from the start. */
  readonly host: string;
}

export async function makeKubeBed({ pods: count, host }: KubeBedOptions): Promise<KubeBed> {
  const folder = await mkdtemp(`${tmpdir()}/weir-kube-bench-`);
  const undo: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  const end = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const plane = await startControlPlane({ kcm: false });
    undo.push(() => plane.stop());
    // For its network: no Pod of the API runs here.
    const kubelet = await startKubelet({ plane, nodes: 1, namespace: 'none' });
    undo.push(() => kubelet.stop());
    const [node] = kubelet.nodes;
    const prefix = node?.podCidr.slice(0, node.podCidr.lastIndexOf('.'));
    const pods = Array.from({ length: count }, (_, i) => `${prefix}.${i + 1}`);
    const targets = await startPods({ addresses: pods, port: podPort }, node?.inside ?? []);
    undo.push(targets.end);

    const { client } = plane;
    const putEndpoints: KubeBed['putEndpoints'] = async (endpoints) => void (await client.apply(sliceOf(endpoints)));
    const putIngress: KubeBed['putIngress'] = async (name, hosts) => void (await client.apply(ingressOf(name, hosts)));
    await client.apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: className },
      spec: { controller: 'weir-lb.dev/ingress' },
    });
    await client.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: service, namespace },
      spec: { ports: [{ name: 'http', port: 80, targetPort: podPort }] },
    });
    await putEndpoints([{ address: pods[0] ?? '' }]);
    await putIngress('first', [host]);

    const address = ownAddress();
    const metrics = `${address}:8378`;
    // In memory, as the chart has it.
    const memory = await mkdtemp(`${existsSync('/dev/shm') ? '/dev/shm' : tmpdir()}/weir-kube-bench-`);
    undo.push(() => rm(memory, { recursive: true, force: true }));
    const dir = `${memory}/haproxy`;
    const config = {
      instance: 'bench',
      stateDir: `${folder}/state`,
      sources: [{ type: 'kubernetes', kubeconfig: plane.admin.kubeconfig }],
      balancers: [{ provider: 'haproxy', options: { dir, addresses: [address], maxConnections: 4_000 } }],
      metrics: { listen: metrics },
      api: { listen: `${address}:8377` },
      onExit: 'stop',
    };
    await writeFile(`${folder}/weir.yaml`, JSON.stringify(config));
    const weir = await startWeir(['-c', `${folder}/weir.yaml`], metrics, folder);
    undo.push(() => weir.stop());
    return {
      ...{ plane, pods, address, weir, putEndpoints, putIngress, end },
      order: targets.order,
      async setApart(pids) {
        const proxy = await showProcesses(`${dir}/master.sock`);
        const here = [process.pid];
        setApart([...here, ...pids, ...plane.pids, targets.pid, ...(proxy === undefined ? [] : [proxy.master])], -15);
        undo.push(() => setApart(here, 0));
      },
      async metric(name) {
        const text = await (await fetch(`http://${metrics}/metrics`)).text();
        const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'gm'))];
        return values.reduce((sum, [, value]) => sum + Number(value), 0);
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function sliceOf(endpoints: readonly Endpoint[]) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: service, namespace, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: podPort, protocol: 'TCP' }],
    endpoints: endpoints.map(({ address, ending = false }) => ({
      addresses: [address],
      conditions: { ready: !ending, serving: true, terminating: ending },
    })),
  };
}

function ingressOf(name: string, hosts: readonly string[]) {
  const backend = { service: { name: service, port: { name: 'http' } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace },
    spec: {
      ingressClassName: className,
      rules: hosts.map((host) => ({ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } })),
    },
  };
}

async function startPods(options: PodsOptions, through: readonly string[]) {
  const child: ChildProcess = fork(`${import.meta.dirname}/pods.ts`, [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
    ...startedThrough(through),
  });
  await once(child, 'message');
  return {
    pid: child.pid ?? 0,
    async order(order: PodsOrder) {
      child.send(order);
      await once(child, 'message');
    },
    async end() {
      const ended = once(child, 'exit');
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
