/** Pods of weir and its proxy as processes: what the kubelet of the tests runs in place of the containers that deploy/kustomize names. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import type { ControlPlane, KubeletNode, Pod, PodPlace, PodProgram } from '../kube/index.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const bases = fileURLToPath(new URL('../../deploy/kustomize/base', import.meta.url));
/** Where both containers see the directory that they share. */
const shared = '/run/weir/haproxy';

const workload = z.object({
  kind: z.enum(['Deployment', 'DaemonSet']),
  spec: z.object({
    strategy: z.unknown().optional(),
    updateStrategy: z.unknown().optional(),
    template: z.object({
      spec: z.object({
        hostNetwork: z.boolean().default(false),
        containers: z.array(z.object({ name: z.string(), args: z.array(z.string()).default([]) })),
      }),
    }),
  }),
});

export type Shape = 'daemonset' | 'proxy-deployment';

export interface Shipped {
  readonly kind: 'Deployment' | 'DaemonSet';
  readonly hostNetwork: boolean;
  /** How Pods are replaced, a part of the spec. */
  readonly update: object;
  /** What the proxy's container runs. */
  readonly script: string;
}

/** The workload of a base, as far as it is played here. */
export function readShape(shape: Shape): Shipped {
  const documents = parseAllDocuments(readFileSync(join(bases, shape, 'objects.yaml'), 'utf8'));
  const found = documents.map((document) => workload.safeParse(document.toJS())).find(({ success }) => success)?.data;
  if (found === undefined) throw new Error(`deploy/kustomize/base/${shape} has no workload`);
  const { strategy, updateStrategy, template } = found.spec;
  const script = template.spec.containers.find(({ name }) => name === 'haproxy')?.args[0];
  if (script === undefined) throw new Error(`deploy/kustomize/base/${shape} has no script for the proxy`);
  const update = strategy === undefined ? { updateStrategy } : { strategy };
  return { kind: found.kind, hostNetwork: template.spec.hostNetwork, update, script };
}

/** The times of a Pod's end, shorter than shipped and in the same order. */
export interface Times {
  /** How long weir drains. */
  readonly drainMs: number;
  /** preStop of the proxy: after it HAProxy takes no new connection. */
  readonly preStopMs: number;
}

export interface EdgeOptions extends Times {
  readonly plane: ControlPlane;
  readonly script: string;
  readonly kubeconfig: string;
}

/** weir and its proxy as the kubelet would run them: weir begins anew when it ends before its Pod does. */
export async function startEdgePod(pod: Pod, place: PodPlace, options: EdgeOptions): Promise<PodProgram> {
  const { plane, script, kubeconfig, drainMs, preStopMs } = options;
  const { address, inside } = place;
  const folder = join(plane.directory, `edge-${pod.metadata.name}`);
  const directory = join(folder, 'haproxy');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const config = {
    instance: pod.metadata.name,
    stateDir: join(folder, 'state'),
    sources: [{ type: 'kubernetes', kubeconfig }],
    balancers: [
      {
        name: 'edge',
        provider: 'haproxy',
        options: {
          ...{ mode: 'attached', dir: directory, addresses: [address], maxConnections: 1_000 },
          monitor: { address, port: 8379 },
        },
      },
    ],
    status: { enabled: false },
    metrics: { listen: `${address}:8378` },
    api: { listen: '' },
    drain: `${drainMs}ms`,
  };
  await writeFile(join(folder, 'weir.yaml'), JSON.stringify(config));
  const begin = (name: string, command: readonly string[]): ChildProcess => {
    const log = openSync(join(folder, `${name}.log`), 'a');
    const [program = '', ...rest] = [...inside, ...command];
    const child = spawn(program, rest, { detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    if (child.pid !== undefined) plane.remains.process(child.pid);
    return child;
  };
  const proxy = begin('haproxy', ['/bin/sh', '-c', script.replaceAll(shared, directory)]);
  let ending = false;
  const beginWeir = (): ChildProcess => {
    const child = begin('weir', [process.execPath, main, 'run', '-c', join(folder, 'weir.yaml')]);
    child.once('exit', () => {
      if (!ending) weir = beginWeir();
    });
    return child;
  };
  let weir = beginWeir();
  const end = async (graceMs: number): Promise<void> => {
    ending = true;
    if (graceMs === 0) {
      await Promise.all([ended(weir, 'SIGKILL'), ended(proxy, 'SIGKILL')]);
      return;
    }
    const all = Promise.all([
      ended(weir, 'SIGTERM'),
      sleep(Math.min(preStopMs, graceMs)).then(() => ended(proxy, 'SIGUSR1')),
    ]);
    await Promise.race([all, sleep(graceMs, undefined, { ref: false })]);
    await Promise.all([ended(weir, 'SIGKILL'), ended(proxy, 'SIGKILL')]);
  };
  let stopping: Promise<void> | undefined;
  return {
    // Of both containers, as their probes ask.
    ready: async () => (await isReady(`http://${address}:8378/readyz`)) && isReady(`http://${address}:8379/`),
    stop(graceMs) {
      if (graceMs === 0) return end(0);
      stopping ??= end(graceMs);
      return stopping;
    },
  };
}

/** On a connection of its own, which is gone with the answer: a Pod that vanishes leaves none behind. */
function isReady(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get(url, { agent: false, timeout: 2_000 }, (answer) => {
      answer.destroy();
      resolve(answer.statusCode === 200);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(false));
  });
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'exit');
  child.kill(signal);
  await closed;
}

/** A way from the network of the Pods to the API server, which listens on loopback; answers the kubeconfig for it. */
export async function openWayToServer(
  plane: ControlPlane,
  { address }: KubeletNode,
): Promise<{ readonly kubeconfig: string; close(): Promise<void> }> {
  const { hostname, port } = new URL(plane.url);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const onwards = connect({ host: hostname, port: Number(port) });
    for (const socket of [client, onwards]) sockets.add(socket.once('close', () => sockets.delete(socket)));
    client.pipe(onwards).pipe(client);
    client.on('error', () => onwards.destroy());
    onwards.on('error', () => client.destroy());
  });
  // The machine's own end of that network.
  const host = `${address.slice(0, address.lastIndexOf('.'))}.1`;
  server.listen(0, host);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the way to the API server has no port');
  const config = z
    .looseObject({ clusters: z.array(z.looseObject({ cluster: z.looseObject({}) })) })
    .parse(parse(await readFile(plane.admin.kubeconfig, 'utf8')));
  for (const { cluster } of config.clusters)
    Object.assign(cluster, { server: `https://${host}:${bound.port}`, 'tls-server-name': 'kubernetes' });
  const kubeconfig = join(plane.directory, 'pods.kubeconfig');
  await writeFile(kubeconfig, stringify(config), { mode: 0o600 });
  return {
    kubeconfig,
    async close() {
      server.close();
      // Their other ends vanish with the network of the Pods: nobody would ever answer a FIN.
      for (const socket of sockets) socket.destroy();
    },
  };
}
