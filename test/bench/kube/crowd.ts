/** A cluster with thousands of Services, and what reads it: the source alone, or a whole `weir run` with its HAProxy. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownAddress } from '../../fakes/own-address.ts';
import { startWeir } from '../../fakes/weir-process.ts';
import { type ControlPlane, startControlPlane } from '../../kube/index.ts';
import { residentKiB } from '../haproxy/edge.ts';
import { namespace, podPort } from './bed.ts';
import type { Read } from './reader.ts';

/** Writers at once. */
const writers = 16;

export interface CrowdOptions {
  readonly services: number;
  /** Endpoints of each. */
  readonly endpoints: number;
}

/** Services of one HTTP host each, and their EndpointSlices, in a real API server. Answers when it has all of them. */
export async function makeCrowdedPlane({ services, endpoints }: CrowdOptions): Promise<ControlPlane> {
  const plane = await startControlPlane({ kcm: false });
  try {
    const { client } = plane;
    let next = 0;
    const write = async () => {
      for (let i = next++; i < services; i = next++) {
        await client.request('POST', `/api/v1/namespaces/${namespace}/services`, serviceOf(i));
        const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
        await client.request('POST', slices, sliceOf(i, endpoints));
      }
    };
    await Promise.all(Array.from({ length: writers }, write));
    return plane;
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

function serviceOf(i: number): object {
  const annotations = { 'bcs-loadbalance.bk': JSON.stringify({ BCSVHost: `s${i}.bench.test` }) };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `s${i}`, namespace, annotations, labels: { app: `s${i}`, team: `team-${i % 40}` } },
    // Without an address of its own: the default range has too few.
    spec: { clusterIP: 'None', selector: { app: `s${i}` }, ports: [{ name: 'http', port: 80, targetPort: podPort }] },
  };
}

function sliceOf(i: number, endpoints: number): object {
  const labels = { 'kubernetes.io/service-name': `s${i}`, 'endpointslice.kubernetes.io/managed-by': 'bench' };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `s${i}-abcde`, namespace, labels },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: podPort, protocol: 'TCP' }],
    endpoints: Array.from({ length: endpoints }, (_, k) => ({
      addresses: [`10.${(i >> 8) & 255}.${i & 255}.${k + 1}`],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `node-${k % 100}`,
      targetRef: { kind: 'Pod', name: `s${i}-5d9c7b6f4d-${k}abcd`, namespace },
    })),
  };
}

/** The source alone, in a fresh process. */
export async function readOnce(plane: ControlPlane): Promise<Read> {
  const child = fork(`${import.meta.dirname}/reader.ts`, [plane.admin.kubeconfig], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const [found] = await Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error('the reader ended without an answer'))),
  ]);
  await ended;
  return found;
}

export interface Ran {
  /** From the start of the command until it is ready. */
  readonly startMs: number;
  readonly blockMs: number;
  /** Of the longest piece of work, by the processor's time of the thread: what it would be on a machine at rest. */
  readonly blockCpuMs: number;
  readonly rssMb: number;
}

/** A whole weir with its HAProxy on the cluster, until it is ready and has come to rest. */
export async function runOnce(plane: ControlPlane): Promise<Ran> {
  const folder = await mkdtemp(`${tmpdir()}/weir-kube-crowd-`);
  const [address, blocks] = [ownAddress(), `${folder}/blocks.json`];
  const metrics = `${address}:8378`;
  const config = {
    instance: 'bench',
    stateDir: `${folder}/state`,
    sources: [{ type: 'kubernetes', kubeconfig: plane.admin.kubeconfig }],
    balancers: [{ provider: 'haproxy', options: { addresses: [address], maxConnections: 4_000 } }],
    metrics: { listen: metrics },
    api: { listen: `${address}:8377` },
    onExit: 'stop',
  };
  try {
    await writeFile(`${folder}/weir.yaml`, JSON.stringify(config));
    const begunMs = performance.now();
    const given = process.env.NODE_OPTIONS;
    process.env.WEIR_BENCH_BLOCKS = blocks;
    process.env.NODE_OPTIONS = `${given ?? ''} --import ${import.meta.dirname}/../pipeline/loop-watch.ts`;
    const starting = startWeir(['-c', `${folder}/weir.yaml`], metrics, folder);
    // The process is there: what follows is for nobody else.
    delete process.env.WEIR_BENCH_BLOCKS;
    if (given === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = given;
    const weir = await starting;
    try {
      const startMs = performance.now() - begunMs;
      const longest = await longestBlocks(weir.pid, weir.text, blocks);
      await sleep(3_000);
      return { startMs, ...longest, rssMb: residentKiB(weir.pid) / 1024 };
    } finally {
      await weir.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** From when weir said that it runs until now. */
async function longestBlocks(
  pid: number,
  text: () => string,
  file: string,
): Promise<Pick<Ran, 'blockMs' | 'blockCpuMs'>> {
  process.kill(pid, 'SIGUSR2');
  let written = '';
  for (let tries = 0; written === '' && tries < 500; tries++) {
    await sleep(20);
    written = await readFile(file, 'utf8').catch(() => '');
  }
  const runsAtMs = Date.parse(/"time":"([^"]+)"[^\n]*"msg":"weir runs"/.exec(text())?.[1] ?? '');
  const all: readonly { readonly atMs: number; readonly ms: number; readonly cpuMs: number }[] = JSON.parse(written);
  const seen = all.filter(({ atMs }) => atMs >= runsAtMs);
  return {
    blockMs: Math.max(0, ...seen.map(({ ms }) => ms)),
    blockCpuMs: Math.max(0, ...seen.map(({ cpuMs }) => cpuMs)),
  };
}
