/** Many backends: from the start of weir to traffic, memory of both, and one change among them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from './client/monotonic.ts';
import { type BenchOptions, type Figure, type FigureSpec, median } from './figure.ts';
import { freePorts, type Origin, residentKiB, startEdge, startOrigin, until } from './haproxy/edge.ts';
import { whoAnswers } from './haproxy/probe.ts';

const sizes = [
  { name: '5k', backends: 5_000, targets: 2 },
  { name: '1kx10', backends: 1_000, targets: 10 },
] as const;

export const figures: readonly FigureSpec[] = sizes.flatMap(({ name }): readonly FigureSpec[] => [
  { name: `haproxy.${name}_start_ms`, unit: 'ms', limit: 30_000, direction: 'lower' },
  { name: `haproxy.${name}_weir_mib`, unit: 'MiB', limit: 512, direction: 'lower' },
  { name: `haproxy.${name}_haproxy_mib`, unit: 'MiB', limit: 256, direction: 'lower' },
  { name: `haproxy.${name}_change_ms`, unit: 'ms', limit: 100, direction: 'lower' },
  { name: `haproxy.${name}_reload_ms`, unit: 'ms', limit: 10_000, direction: 'lower' },
]);

/** scale-slow-file: each write of the change is held up by 150 ms. */
export const breaks = ['scale-slow-file'];

export const load =
  'a service with its host for each backend, 100 services a file: 5,000 backends × 2 targets, 1,000 × 10; then 20 swaps of the target of one service, 5 ports that come or go (reload); polled by new connections';

const changes = 20;
const reloads = 5;

export async function run({ breakName }: BenchOptions): Promise<readonly Figure[]> {
  const origin = await startOrigin({ http: 2, echo: 1 });
  try {
    const all: Figure[] = [];
    for (const size of sizes) all.push(...(await measure(size, origin, breakName)));
    return all;
  } finally {
    await origin.end();
  }
}

async function measure(
  { name, backends, targets }: (typeof sizes)[number],
  origin: Origin,
  breakName: string | undefined,
): Promise<readonly Figure[]> {
  const [port = 0, spare = 0] = await freePorts(2);
  const own = (index: number) => ({ address: '127.0.0.1', port: origin.http[index] ?? 1 });
  const one = (index: number) =>
    JSON.stringify({ name: 'bench/one', http: { port, rules: [{ host: 'one.test' }] }, targets: [own(index)] });
  const services: Record<string, string> = { 'one.json': one(0) };
  for (let k = 1; k < backends; k += 100)
    services[`s${k}.json`] = hundred(k, Math.min(100, backends - k), targets, port);
  const startMs = monotonicMs();
  const edge = await startEdge({ services });
  try {
    await until('the first answer', async () => (await whoAnswers(port, 'one.test')) === 't0');
    const servingMs = monotonicMs() - startMs;
    await sleep(3_000);
    const memory = { weir: residentKiB(edge.weir.pid), haproxy: residentKiB((await edge.processes()).worker) };
    const changeMs: number[] = [];
    for (let i = 1; i <= changes; i++) {
      const from = monotonicMs();
      if (breakName === 'scale-slow-file') await sleep(150);
      await edge.write('one.json', one(i % 2));
      await until('a change', async () => (await whoAnswers(port, 'one.test')) === `t${i % 2}`);
      changeMs.push(monotonicMs() - from);
      await sleep(50);
    }
    const reloadMs: number[] = [];
    const portFile = JSON.stringify({
      name: 'bench/spare',
      http: { port: spare, rules: [{ host: 'spare.test' }] },
      targets: [own(0)],
    });
    for (let i = 0; i < reloads; i++) {
      const [from, before] = [monotonicMs(), (await edge.processes()).reloads];
      await (i % 2 === 0 ? edge.write('spare.json', portFile) : edge.remove('spare.json'));
      await until('a reload', async () => (await edge.processes()).reloads > before);
      reloadMs.push(monotonicMs() - from);
      await sleep(1_200);
    }
    const figure = (what: string, value: number, unit: string, n: number): Figure => ({
      figure: `haproxy.${name}_${what}`,
      value: Math.round(value * 10) / 10,
      unit,
      n,
    });
    return [
      figure('start_ms', servingMs, 'ms', 1),
      figure('weir_mib', memory.weir / 1_024, 'MiB', 1),
      figure('haproxy_mib', memory.haproxy / 1_024, 'MiB', 1),
      figure('change_ms', median(changeMs), 'ms', changeMs.length),
      figure('reload_ms', median(reloadMs), 'ms', reloadMs.length),
    ];
  } finally {
    await edge.end();
  }
}

/** Services whose targets nobody asks for: addresses of loopback, each its own. */
function hundred(first: number, count: number, targets: number, port: number): string {
  const services = Array.from({ length: count }, (_, i) => {
    const k = first + i;
    return {
      name: `bench/s${k}`,
      http: { port, rules: [{ host: `s${k}.test` }] },
      targets: Array.from({ length: targets }, (_, t) => {
        const n = k * targets + t;
        return { address: `127.1.${n >> 8}.${n & 255}`, port: 9 };
      }),
    };
  });
  return JSON.stringify({ services });
}
