/** What a reload costs in time where there are a thousand backends: the slowest hundredth of the requests, quiet and reloading in turn. */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from './client/monotonic.ts';
import type { LoadSpec } from './client/swarm-words.ts';
import { type BenchOptions, type Figure, type FigureSpec, quantile } from './figure.ts';
import { freePorts, startEdge, startOrigin } from './haproxy/edge.ts';
import { setApart } from './haproxy/set-apart.ts';
import { startSwarm } from './haproxy/swarm.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'haproxy.reload_p99_ratio', unit: 'times', limit: 2, direction: 'lower' },
  { name: 'haproxy.reload_p99_failed', unit: 'requests', limit: 0, direction: 'lower' },
];

/** p99-stall: the worker is stopped for 100 ms after each reload. */
export const breaks = ['p99-stall'];

export const load =
  '1,000 backends of 2 targets, each with its host; 400/s POSTs on 40 kept connections and 100/s new connections; 8 s quiet and 8 s with a reload every second, 5 times in turn; no retries';

const backends = 1_000;
const rounds = 5;
const windowMs = 8_000;

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const origin = await startOrigin({ http: 8, echo: 1 });
  const [port = 0, spare = 0] = await freePorts(2);
  const target = (index: number) => ({ address: '127.0.0.1', port: origin.http[index % origin.http.length] ?? 1 });
  const services = Array.from({ length: backends }, (_, k) => ({
    name: `bench/s${k}`,
    http: { port, rules: [{ host: `s${k}.test` }] },
    targets: [target(k), target(k + 1)],
  }));
  const edge = await startEdge({ services: { 'all.json': JSON.stringify({ services }) } });
  const asks = services.filter((_, k) => k % 10 === 0).map(({ http }) => ({ authority: http.rules[0]?.host ?? '' }));
  const loads: readonly LoadSpec[] = [
    { name: 'posts', kind: 'pool', port, connections: 40, perSecond: 400, asks, timed: true, blind: true },
    { name: 'new', kind: 'new', port, connections: 16, perSecond: 100, asks, timed: true },
  ];
  const swarm = await startSwarm({ loads, ...(raw === undefined ? {} : { raw }) });
  // Clients and targets stand for other machines: what a reload costs here in processor time is not theirs to wait for.
  setApart([swarm.pid, origin.pid], -15);
  // What else runs on this machine is not what is measured; weir and its checks stay where they are.
  setApart([(await edge.processes()).master], -10);
  const portFile = JSON.stringify({
    name: 'bench/spare',
    ports: [{ port: spare, protocol: 'tcp' }],
    targets: [{ address: '127.0.0.1', port: origin.echo[0] ?? 1 }],
  });
  try {
    await sleep(2_000);
    const before = await edge.processes();
    const windows: { readonly fromMs: number; readonly toMs: number; readonly reloading: boolean }[] = [];
    let open = false;
    for (let i = 0; i < (breakName === undefined ? rounds : 1) * 2; i++) {
      const [fromMs, reloading] = [monotonicMs(), i % 2 === 1];
      for (let second = 0; second * 1_000 < windowMs; second++) {
        if (reloading) {
          open = !open;
          await (open ? edge.write('spare.json', portFile) : edge.remove('spare.json'));
          if (breakName === 'p99-stall') await stall((await edge.processes()).worker);
        }
        await sleep(Math.max(0, fromMs + (second + 1) * 1_000 - monotonicMs()));
      }
      windows.push({ fromMs, toMs: monotonicMs(), reloading });
      // The last reload must not reach into the quiet.
      await sleep(1_500);
    }
    const times = loads.flatMap(({ name }) => swarm.load(name).times);
    const of = (reloading: boolean) =>
      windows
        .filter((window) => window.reloading === reloading)
        .flatMap(({ fromMs, toMs }) => times.filter(([startMs]) => startMs >= fromMs && startMs < toMs))
        .map(([, ms]) => ms);
    const [quiet, loud] = [of(false), of(true)];
    const reloads = (await edge.processes()).reloads - before.reloads;
    const show = (list: readonly number[]) =>
      [0.5, 0.9, 0.99, 0.999, 1].map((share) => `${share}: ${quantile(list, share).toFixed(1)}`).join(', ');
    process.stderr.write(
      `${reloads} reloads; quiet ms ${show(quiet)}; reloading ms ${show(loud)}; failures ${JSON.stringify(swarm.errors())}\n`,
    );
    if (reloads < windowMs / 2_000) throw new Error(`only ${reloads} reloads`);
    const ratio = quantile(loud, 0.99) / quantile(quiet, 0.99);
    const { sent, failed } = swarm.total();
    return [
      { figure: 'haproxy.reload_p99_ratio', value: Math.round(ratio * 100) / 100, unit: 'times', n: loud.length },
      { figure: 'haproxy.reload_p99_failed', value: failed, unit: 'requests', n: sent },
    ];
  } finally {
    await swarm.stop();
    await edge.end();
    await origin.end();
  }
}

async function stall(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await sleep(100);
  process.kill(pid, 'SIGCONT');
}
