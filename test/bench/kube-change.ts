/**
 * How long a change of the API takes to be in force, against the least that it can take: the same write seen by a bare watch that gives one
 * command to a HAProxy of its own. Each change is measured on both at the same time; a figure is the middle of the figures of its blocks.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownAddress } from '../fakes/own-address.ts';
import { monotonicMs } from './client/monotonic.ts';
import { type BenchOptions, type Figure, type FigureSpec, median, quantile } from './figure.ts';
import { type KubeBed, makeKubeBed, namespace, podPort, service } from './kube/bed.ts';
import type { FloorOptions } from './kube/floor.ts';
import { firstAnswer } from './kube/poll.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'kube.over_floor_ms_p50', unit: 'ms', limit: 3, direction: 'lower' },
  { name: 'kube.over_floor_ms_p95', unit: 'ms', limit: 10, direction: 'lower' },
  { name: 'kube.floor_ms', unit: 'ms', direction: 'lower' },
  { name: 'kube.host_over_floor_ms', unit: 'ms', limit: 20, direction: 'lower' },
  { name: 'kube.scale_ms', unit: 'ms', direction: 'lower' },
  { name: 'kube.scale_reloads', unit: 'reloads', limit: 0, direction: 'lower' },
];

/** kube-slow-weir: weir stands still for 30 ms after each write. */
export const breaks = ['kube-slow-weir'];

export const load =
  'one Service of one EndpointSlice, its address exchanged, 6 blocks of 100 changes; 60 new hosts, by turns in the Ingress that is there and in a new one; 1 to 100 endpoints and back, 5 times; real API server and etcd, the directory of HAProxy in memory as in the chart, each HAProxy asked on two connections with a millisecond between an answer and the next request; all of it before other work of the machine';

const size = { blocks: 6, changes: 100, hosts: 60, scales: 5 };
const scaled = 100;
const host = 'main.test';

interface Pair {
  readonly weirMs: number;
  readonly floorMs: number;
}

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const { blocks, changes, hosts, scales } =
    breakName === undefined ? size : { ...size, changes: 10, hosts: 0, scales: 0 };
  const bed = await makeKubeBed({ pods: scaled + 1, host });
  const floor = await startFloor(bed).catch(async (error: unknown) => {
    await bed.end();
    throw error;
  });
  await bed.setApart([floor.proxy]);
  const keep = async (what: string, pairs: readonly Pair[]) => {
    if (raw === undefined) return;
    const lines = pairs.map((pair) => `${JSON.stringify({ what, ...pair })}\n`);
    await appendFile(`${raw}/kube-change.jsonl`, lines.join(''));
  };
  const slow = async () => {
    process.kill(bed.weir.pid, 'SIGSTOP');
    await sleep(30);
    process.kill(bed.weir.pid, 'SIGCONT');
  };
  /** From the write until each of the two has answered rightly. */
  const both = async (
    authority: string,
    right: (target: string | undefined) => boolean,
    write: () => Promise<void>,
  ) => {
    // What the change before left to be done is done.
    await sleep(40 + 20 * Math.random());
    const startMs = monotonicMs();
    const [weirMs, floorMs] = await Promise.all([
      firstAnswer(bed.address, authority, right),
      firstAnswer(floor.address, authority, right),
      write(),
      ...(breakName === 'kube-slow-weir' ? [slow()] : []),
    ]);
    return { weirMs: weirMs - startMs, floorMs: floorMs - startMs };
  };
  try {
    const measured: Pair[][] = [];
    for (let block = 0; block < blocks; block++) {
      const pairs: Pair[] = [];
      for (let i = 1; i <= changes; i++) {
        const address = bed.pods[(block * changes + i) % bed.pods.length] ?? '';
        pairs.push(
          await both(
            host,
            (target) => target === address,
            () => bed.putEndpoints([{ address }]),
          ),
        );
      }
      await keep(`block ${block}`, pairs);
      tellPairs(`block ${block}`, pairs);
      measured.push(pairs);
    }
    const added: Pair[] = [];
    for (let i = 0; i < hosts; i++) {
      const name = `h${i}.test`;
      const write = i % 2 === 0 ? growIngress(bed, i) : () => bed.putIngress(`own${i}`, [name]);
      added.push(await both(name, (target) => target !== undefined && target !== '', write));
    }
    await keep('hosts', added);
    tellPairs('hosts', added);
    const scaling = await scale(bed, scales);
    const over = (share: number) =>
      round(
        median(
          measured.map((pairs) =>
            quantile(
              pairs.map(({ weirMs, floorMs }) => weirMs - floorMs),
              share,
            ),
          ),
        ),
      );
    const n = blocks * changes;
    const figure = (name: string, value: number, unit: string, count: number): Figure => ({
      ...{ figure: `kube.${name}`, value, unit, n: count },
    });
    return [
      figure('over_floor_ms_p50', over(0.5), 'ms', n),
      figure('over_floor_ms_p95', over(0.95), 'ms', n),
      figure('floor_ms', round(median(measured.flat().map(({ floorMs }) => floorMs))), 'ms', n),
      ...(breakName === undefined
        ? [
            figure(
              'host_over_floor_ms',
              round(median(added.map(({ weirMs, floorMs }) => weirMs - floorMs))),
              'ms',
              hosts,
            ),
            figure('scale_ms', round(median(scaling.ms)), 'ms', scales),
            figure('scale_reloads', scaling.reloads, 'reloads', scales),
          ]
        : []),
    ];
  } finally {
    await floor.end();
    await bed.end();
  }
}

function tellPairs(what: string, pairs: readonly Pair[]): void {
  if (pairs.length === 0) return;
  const show = (values: readonly number[]) => [0.5, 0.95, 1].map((share) => round(quantile(values, share))).join(' / ');
  const over = pairs.map(({ weirMs, floorMs }) => weirMs - floorMs);
  process.stderr.write(
    `${what}: p50 / p95 / most: over ${show(over)}, weir ${show(pairs.map(({ weirMs }) => weirMs))}, floor ${show(pairs.map(({ floorMs }) => floorMs))} ms\n`,
  );
}

/** One more host in the Ingress that is there from the start. */
function growIngress(bed: KubeBed, i: number): () => Promise<void> {
  const hosts = [host, ...Array.from({ length: i / 2 + 1 }, (_, k) => `h${2 * k}.test`)];
  return () => bed.putIngress('first', hosts);
}

/** From one endpoint to a hundred, until each of them has answered, and back. */
async function scale(
  bed: KubeBed,
  times: number,
): Promise<{ readonly ms: readonly number[]; readonly reloads: number }> {
  const before = await bed.metric('weir_haproxy_reloads_total');
  const ms: number[] = [];
  for (let i = 0; i < times; i++) {
    const wanted = new Set(bed.pods.slice(1, 1 + scaled));
    const startMs = monotonicMs();
    await bed.putEndpoints([...wanted].map((address) => ({ address })));
    const endMs = await firstAnswer(bed.address, host, (target = '') => wanted.delete(target) && wanted.size === 0);
    ms.push(endMs - startMs);
    const [first = ''] = bed.pods;
    await bed.putEndpoints([{ address: first }]);
    await firstAnswer(bed.address, host, (target) => target === first);
    await sleep(500);
  }
  if (times > 0) process.stderr.write(`1 to ${scaled} endpoints: ${ms.map(round).join(', ')} ms\n`);
  return { ms, reloads: (await bed.metric('weir_haproxy_reloads_total')) - before };
}

interface Floor {
  readonly address: string;
  /** Process of its HAProxy. */
  readonly proxy: number;
  end(): Promise<void>;
}

async function startFloor(bed: KubeBed): Promise<Floor> {
  const folder = await mkdtemp(`${tmpdir()}/weir-kube-floor-`);
  const address = ownAddress(1);
  const { url, caFile, admin } = bed.plane;
  const options: FloorOptions = {
    ...{ url, caFile, token: admin.token, namespace, slice: service, folder, address, podPort, host },
  };
  const child = fork(`${import.meta.dirname}/kube/floor.ts`, [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const [proxy] = await Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error('the floor ended at once'))),
  ]);
  return {
    ...{ address, proxy },
    async end() {
      if (child.connected) child.disconnect();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
