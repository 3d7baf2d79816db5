/** A large cluster: what reading it takes alone, and what a whole weir takes that starts on it. */
import { appendFile } from 'node:fs/promises';
import { type BenchOptions, type Figure, type FigureSpec, median } from './figure.ts';
import { setApart } from './haproxy/set-apart.ts';
import { makeCrowdedPlane, readOnce, runOnce } from './kube/crowd.ts';
import type { Read } from './kube/reader.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'kube.5k_synced_ms', unit: 'ms', limit: 5_000, direction: 'lower' },
  { name: 'kube.5k_heap_mb', unit: 'MB', limit: 15, direction: 'lower' },
  { name: 'kube.5k_services_mb', unit: 'MB', direction: 'lower' },
  { name: 'kube.5k_read_block_ms', unit: 'ms', limit: 50, direction: 'lower' },
  { name: 'kube.5k_read_rss_mb', unit: 'MB', direction: 'lower' },
  { name: 'kube.5k_start_ms', unit: 'ms', limit: 20_000, direction: 'lower' },
  { name: 'kube.5k_block_ms', unit: 'ms', limit: 50, direction: 'lower' },
  { name: 'kube.5k_block_cpu_ms', unit: 'ms', limit: 50, direction: 'lower' },
  { name: 'kube.5k_rss_mb', unit: 'MB', direction: 'lower' },
];

/** kube-crowd-doubled: twenty endpoints a slice, so that heap and time are those of a larger cluster. */
export const breaks = ['kube-crowd-doubled'];

export const load =
  '5,000 Services of one host and 5,000 EndpointSlices of 10 endpoints in a real API server; the source alone in a fresh process, 3 times (synced, heap, services: of the heap what the services take as plain data, read): the middle; then weir run with HAProxy, 3 times (start, block, rss: the middle; block_cpu: the longest piece by the time that its thread had a processor); before other work of the machine';

const services = 5_000;
const endpoints = 10;
const readings = 3;

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const plane = await makeCrowdedPlane({ services, endpoints: breakName === undefined ? endpoints : 2 * endpoints });
  // What else runs on this machine is not what is measured.
  setApart([process.pid, ...plane.pids], -15);
  try {
    const read: Read[] = [];
    while (read.length < readings) read.push(await readOnce(plane));
    for (const one of read) {
      if (one.services !== services) throw new Error(`${one.services} services were read, not ${services}`);
      process.stderr.write(`the source alone: ${JSON.stringify(one, (_, value) => rounded(value))}\n`);
    }
    const ran: Awaited<ReturnType<typeof runOnce>>[] = [];
    while (ran.length < readings) ran.push(await runOnce(plane));
    process.stderr.write(`longest blocks: ${ran.map(({ blockMs }) => rounded(blockMs)).join(', ')} ms\n`);
    if (raw !== undefined) await appendFile(`${raw}/kube-scale.jsonl`, `${JSON.stringify({ read, ran })}\n`);
    const figure = (name: string, value: number, unit: string, n: number): Figure => ({
      ...{ figure: `kube.5k_${name}`, value: Math.round(value * 10) / 10, unit, n },
    });
    const middle = (of: (one: Read) => number) => median(read.map(of));
    return [
      figure(
        'synced_ms',
        middle(({ syncedMs }) => syncedMs),
        'ms',
        readings,
      ),
      figure(
        'heap_mb',
        middle(({ heapMb }) => heapMb),
        'MB',
        readings,
      ),
      figure(
        'services_mb',
        middle(({ servicesMb }) => servicesMb),
        'MB',
        readings,
      ),
      figure(
        'read_block_ms',
        middle(({ blockMs }) => blockMs),
        'ms',
        readings,
      ),
      figure(
        'read_rss_mb',
        middle(({ rssMb }) => rssMb),
        'MB',
        readings,
      ),
      figure('start_ms', median(ran.map(({ startMs }) => startMs)), 'ms', readings),
      figure('block_ms', median(ran.map(({ blockMs }) => blockMs)), 'ms', readings),
      figure('block_cpu_ms', median(ran.map(({ blockCpuMs }) => blockCpuMs)), 'ms', readings),
      figure('rss_mb', median(ran.map(({ rssMb }) => rssMb)), 'MB', readings),
    ];
  } finally {
    setApart([process.pid], 0);
    await plane.stop();
  }
}

function rounded(value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 10) / 10 : value;
}
