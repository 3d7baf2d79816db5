/**
 * Targets that go away: they refuse at once, or 200 ms after the change that takes them out. One that closes idle connections as well
 * loses requests that are on their way on them, whoever the proxy is, unless they may be sent twice; that is told apart.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from './client/monotonic.ts';
import type { LoadSpec } from './client/swarm-words.ts';
import type { BenchOptions, Figure, FigureSpec } from './figure.ts';
import { freePorts, startEdge, startOrigin } from './haproxy/edge.ts';
import { startSwarm } from './haproxy/swarm.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'haproxy.die_failed', unit: 'requests', limit: 0, direction: 'lower' },
  { name: 'haproxy.die_closing_failed', unit: 'requests', direction: 'lower' },
  { name: 'haproxy.die_requests', unit: 'requests', limit: 50_000, direction: 'higher' },
];

/** die-unsaid: all targets refuse, and no change says so. */
export const breaks = ['die-unsaid'];

export const load =
  '200 replacements of one target of three; the one that leaves refuses connections at once or 200 ms after the change is written, every other time (die_closing) it closes its idle connections too; 600/s new connections, 1,000/s POSTs on 64 kept connections; no retries';

const rounds = 200;
const targets = 6;

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const origin = await startOrigin({ http: targets });
  const [port = 0] = await freePorts(1);
  const file = (serving: readonly number[]) =>
    JSON.stringify({
      name: 'bench/web',
      http: { port, rules: [{ host: 'main.test' }] },
      targets: serving.map((index) => ({ address: '127.0.0.1', port: origin.http[index] ?? 1 })),
    });
  let serving = [0, 1, 2];
  const edge = await startEdge({ services: { 'web.json': file(serving) } });
  const asks = [{ authority: 'main.test' }];
  const loads: readonly LoadSpec[] = [
    { name: 'new', kind: 'new', port, connections: 32, perSecond: 600, asks },
    { name: 'posts', kind: 'pool', port, connections: 64, perSecond: 1_000, asks },
  ];
  const swarm = await startSwarm({ loads, ...(raw === undefined ? {} : { raw }) });
  const failed = { 'refuse at once': 0, 'refuse after 200 ms': 0, 'close at once': 0, 'close after 200 ms': 0 };
  try {
    for (let i = 0; i < rounds; i++) {
      const before = swarm.total().failed;
      const [gone = 0, ...rest] = serving;
      const fresh = Array.from({ length: targets }, (_, index) => index).find((index) => !serving.includes(index)) ?? 0;
      serving = [...rest, fresh];
      const sinceMs = monotonicMs();
      if (breakName !== 'die-unsaid') await edge.write('web.json', file(serving));
      const to = i % 4 < 2 ? 'refuse' : 'close';
      const when = i % 2 === 0 ? 'at once' : 'after 200 ms';
      if (when === 'after 200 ms') await sleep(200);
      await origin.order({ index: gone, to });
      if (breakName === 'die-unsaid') {
        for (const index of rest) await origin.order({ index, to });
        await sleep(6_000);
      } else
        await swarm.settled(
          ['new', 'posts'],
          serving.map((index) => `t${index}`),
          sinceMs,
        );
      await sleep(100);
      await origin.order({ index: gone, to: 'live' });
      failed[`${to} ${when}`] += swarm.total().failed - before;
      if (breakName !== undefined) break;
    }
    if (breakName === undefined) await swarm.until('enough requests', () => swarm.total().sent > 50_000, 60_000);
    const { sent } = swarm.total();
    const refused = failed['refuse at once'] + failed['refuse after 200 ms'];
    const closed = failed['close at once'] + failed['close after 200 ms'];
    process.stderr.write(`failed ${JSON.stringify(failed)}; failures ${JSON.stringify(swarm.errors())}\n`);
    return [
      { figure: 'haproxy.die_failed', value: refused, unit: 'requests', n: sent },
      { figure: 'haproxy.die_closing_failed', value: closed, unit: 'requests', n: sent },
      { figure: 'haproxy.die_requests', value: sent, unit: 'requests', n: rounds },
    ];
  } finally {
    await swarm.stop();
    await edge.end();
    await origin.end();
  }
}
