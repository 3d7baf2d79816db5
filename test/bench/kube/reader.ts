/** One source on a cluster and nothing else, in a process of its own started with --expose-gc: what reading alone takes. The kubeconfig is its argument; the answer goes out over IPC. */
import { setTimeout as sleep } from 'node:timers/promises';
import { kubernetesSource } from '../../../src/config/config.ts';
import { openCluster } from '../../../src/kube/index.ts';
import type { Log } from '../../../src/model/index.ts';
import { systemClock } from '../../../src/run/index.ts';
import { openKubernetesSource } from '../../../src/sources/kubernetes/live.ts';

export interface Read {
  readonly services: number;
  readonly targets: number;
  /** From the opening of the session to the first snapshot, with all code loaded. */
  readonly syncedMs: number;
  readonly blockMs: number;
  /** Live heap with the snapshot held, over what it was before. */
  readonly heapMb: number;
  /** Of it what the services alone would take as plain data; the rest is what following them takes. */
  readonly servicesMb: number;
  readonly rssMb: number;
}

const everyMs = 2;

async function liveHeapMb(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await sleep(20);
  }
  return process.memoryUsage().heapUsed / 2 ** 20;
}

async function read(kubeconfig: string): Promise<Read> {
  const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
  const open = (part: object) =>
    openKubernetesSource(kubernetesSource.parse({ type: 'kubernetes', ...part }), {
      open: () => openCluster({ kubeconfig, clock: systemClock, log }),
      clock: systemClock,
      memory: () => 'none',
      controllers: [],
    });
  // The code is loaded by reading next to nothing: it is not what is counted.
  await open({ namespaces: ['kube-public'] }).read(AbortSignal.timeout(30_000));
  const source = open({});
  const beforeMb = await liveHeapMb();
  const end = new AbortController();
  let blockMs = 0;
  const startMs = performance.now();
  let lastMs = startMs;
  const watching = setInterval(() => {
    const nowMs = performance.now();
    blockMs = Math.max(blockMs, nowMs - lastMs - everyMs);
    lastMs = nowMs;
  }, everyMs);
  const watched = source.watch(() => {}, end.signal);
  const snapshot = await source.read(end.signal);
  const syncedMs = performance.now() - startMs;
  await sleep(everyMs * 2);
  clearInterval(watching);
  const heapMb = (await liveHeapMb()) - beforeMb;
  const rssMb = process.memoryUsage().rss / 2 ** 20;
  const targets = snapshot.services
    .flatMap(({ backends }) => Object.values(backends))
    .reduce((sum, backend) => sum + backend.targets.length, 0);
  const copied = structuredClone(snapshot.services);
  const servicesMb = (await liveHeapMb()) - beforeMb - heapMb;
  end.abort();
  await watched;
  return { services: copied.length, targets, syncedMs, blockMs, heapMb, servicesMb, rssMb };
}

if (import.meta.main) {
  const found = await read(process.argv[2] ?? '');
  process.send?.(found, undefined, undefined, () => process.disconnect?.());
}
