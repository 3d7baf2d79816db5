/** A thousand random changes of every kind under new connections, kept connections and long streams: what it costs the clients. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchOptions, Figure, FigureSpec } from './figure.ts';
import { startChurn } from './haproxy/churn.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'haproxy.churn_failed', unit: 'requests', limit: 0, direction: 'lower' },
  { name: 'haproxy.churn_requests', unit: 'requests', limit: 200_000, direction: 'higher' },
  { name: 'haproxy.churn_streams', unit: 'streams', limit: 0, direction: 'lower' },
  { name: 'haproxy.churn_reloads', unit: 'reloads', limit: 0, direction: 'lower' },
];

/** churn-dead: a change leads to a port that nobody listens on. churn-reload: ports come and go, and old workers that live a second. */
export const breaks = ['churn-dead', 'churn-reload'];

export const load =
  '1,000 random changes (grow 1 → 100 → 3, swap, drain, weight, hosts, paths, certificates, backends), each seen in traffic before the next; 600/s new connections, 1,200/s POSTs on 64 kept connections that are not looked at, 100/s to new hosts, 30/s TLS, 25 TCP echoes, 25 endless answers; no retries';

const changes = 1_000;
const requests = 200_000;

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const churn = await startChurn({
    seed: 4,
    raw,
    options: breakName === 'churn-reload' ? { hardStopAfter: '1s' } : {},
  });
  const { edge, swarm, world } = churn;
  try {
    const before = await edge.processes();
    const kinds: Record<string, number> = {};
    const slowest = { ms: 0, what: '' };
    for (let i = 0; i < changes; i++) {
      if (i % 50 === 10 && breakName === 'churn-reload') await churn.make(world.toggleSparePort());
      if (i === 10 && breakName === 'churn-dead') {
        await churn.make(world.ruin());
        await sleep(3_000);
      }
      const change = world.next();
      const ms = await churn.make(change);
      if (ms > slowest.ms) Object.assign(slowest, { ms: Math.round(ms), what: change.what });
      kinds[change.what] = (kinds[change.what] ?? 0) + 1;
      if (breakName !== undefined && i === 120) break;
    }
    if (breakName === undefined) await swarm.until('enough requests', () => swarm.total().sent >= requests, 120_000);
    const { sent, failed, cut } = swarm.total();
    const after = await edge.processes();
    const reasons = [...(await edge.metrics()).matchAll(/^weir_haproxy_reloads_total\{.*/gm)].join(' ');
    process.stderr.write(
      `${JSON.stringify(kinds)}; slowest ${slowest.what} ${slowest.ms} ms; failures ${JSON.stringify(swarm.errors())}; reloads by reason ${reasons}\n`,
    );
    if (after.master !== before.master) throw new Error('HAProxy was started again');
    return [
      { figure: 'haproxy.churn_failed', value: failed, unit: 'requests', n: sent },
      { figure: 'haproxy.churn_requests', value: sent, unit: 'requests', n: changes },
      { figure: 'haproxy.churn_streams', value: cut, unit: 'streams', n: 50 },
      { figure: 'haproxy.churn_reloads', value: after.reloads - before.reloads, unit: 'reloads', n: changes },
    ];
  } finally {
    await churn.end();
  }
}
