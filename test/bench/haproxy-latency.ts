/** What a reload costs in time where there are a thousand backends: the slowest hundredth of the requests, quiet and reloading in turn. */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from './client/monotonic.ts';
import type { LoadSpec } from './client/swarm-words.ts';
import { type BenchOptions, type Figure, type FigureSpec, median, quantile } from './figure.ts';
import { type Edge, freePorts, startEdge, startOrigin } from './haproxy/edge.ts';
import { setApart } from './haproxy/set-apart.ts';
import { startSwarm } from './haproxy/swarm.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'haproxy.reload_p99_ratio', unit: 'times', limit: 2, direction: 'lower' },
  // Of those requests alone that began while HAProxy was at it: told, to show what the rest of each second hides.
  { name: 'haproxy.reload_p99_during', unit: 'times', direction: 'lower' },
  { name: 'haproxy.reload_p99_failed', unit: 'requests', limit: 0, direction: 'lower' },
];

/** p99-stall: the worker is stopped for 100 ms after each reload. */
export const breaks = ['p99-stall'];

export const load =
  '1,000 backends of 2 targets, each with its host; 400/s POSTs on 40 kept connections and 100/s new connections; 6 s quiet and 6 s with a reload every second, 7 times in turn, the median of the 7 ratios; no retries';

const backends = 1_000;
const rounds = 7;
const windowMs = 6_000;

/** From one moment to another, on the clock of the clients. */
interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Round {
  readonly quiet: Span;
  readonly loud: Span;
  readonly reloads: readonly Span[];
}

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
    const done: Round[] = [];
    let open = false;
    while (done.length < (breakName === undefined ? rounds : 1)) {
      const quiet = await spanOf(async () => undefined);
      const reloads: Span[] = [];
      const loud = await spanOf(async () => {
        open = !open;
        const before = reloadsTold(edge).length;
        await (open ? edge.write('spare.json', portFile) : edge.remove('spare.json'));
        if (breakName === 'p99-stall') await stall((await edge.processes()).worker);
        const deadline = monotonicMs() + 5_000;
        while (reloadsTold(edge).length === before && monotonicMs() < deadline) await sleep(5);
        const toMs = monotonicMs();
        for (const tookMs of reloadsTold(edge).slice(before)) reloads.push({ fromMs: toMs - tookMs, toMs });
      });
      done.push({ quiet, loud, reloads });
      // The last reload must not reach into the quiet.
      await sleep(1_500);
    }
    const times = loads.flatMap(({ name }) => swarm.load(name).times);
    const within = (...spans: readonly Span[]) =>
      times
        .filter(([startMs]) => spans.some(({ fromMs, toMs }) => startMs >= fromMs && startMs < toMs))
        .map(([, ms]) => ms);
    const show = (list: readonly number[]) =>
      [0.5, 0.9, 0.99, 0.999, 1].map((share) => `${share}: ${quantile(list, share).toFixed(1)}`).join(', ');
    const reloads = done.flatMap((round) => round.reloads);
    const felt = within(...reloads);
    process.stderr.write(
      `${reloads.length} reloads of ${median(reloads.map(({ fromMs, toMs }) => toMs - fromMs)).toFixed(0)} ms; quiet ms ${show(within(...done.map(({ quiet }) => quiet)))}; reloading ms ${show(within(...done.map(({ loud }) => loud)))}; during a reload ms ${show(felt)}; failures ${JSON.stringify(swarm.errors())}\n`,
    );
    const made = (await edge.processes()).reloads - before.reloads;
    if (made < (done.length * windowMs) / 2_000) throw new Error(`only ${made} reloads`);
    // Each round against its own quiet, and the middle one: what else the machine does in one of them decides nothing.
    const p99 = (...spans: readonly Span[]) => quantile(within(...spans), 0.99);
    const ratios = done.map(({ quiet, loud }) => p99(loud) / p99(quiet));
    const during = done.map((round) => p99(...round.reloads) / p99(round.quiet));
    process.stderr.write(`p99 of each round, times its quiet: ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}\n`);
    const { sent, failed } = swarm.total();
    return [
      { figure: 'haproxy.reload_p99_ratio', value: round(median(ratios)), unit: 'times', n: reloads.length },
      { figure: 'haproxy.reload_p99_during', value: round(median(during)), unit: 'times', n: felt.length },
      { figure: 'haproxy.reload_p99_failed', value: failed, unit: 'requests', n: sent },
    ];
  } finally {
    await swarm.stop();
    await edge.end();
    await origin.end();
  }
}

/** A window in which something is done once a second. */
async function spanOf(work: () => Promise<void>): Promise<Span> {
  const fromMs = monotonicMs();
  for (let second = 0; second * 1_000 < windowMs; second++) {
    await work();
    await sleep(Math.max(0, fromMs + (second + 1) * 1_000 - monotonicMs()));
  }
  return { fromMs, toMs: monotonicMs() };
}

/** How long each reload took so far, from the first byte written to the end. Read from what weir tells anyway: a question to HAProxy would be work for it. */
function reloadsTold(edge: Edge): readonly number[] {
  const lines = edge.weir.text().split('\n');
  return lines.flatMap((line) => {
    const [, ms] = (line.includes('HAProxy reloaded') && /durationMs\W+(\d+)/.exec(line)) || [];
    return ms === undefined ? [] : [Number(ms)];
  });
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

async function stall(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await sleep(100);
  process.kill(pid, 'SIGCONT');
}
