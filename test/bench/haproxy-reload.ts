/** A reload every second under clients that keep their connections: HTTP/1.1 that does not look before it uses one again, TLS, HTTP/2, and long streams. */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from './client/monotonic.ts';
import type { BenchOptions, Figure, FigureSpec } from './figure.ts';
import { type LoadPorts, main, startChurn } from './haproxy/churn.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'haproxy.reload_failed', unit: 'requests', limit: 0, direction: 'lower' },
  { name: 'haproxy.reload_requests', unit: 'requests', limit: 200_000, direction: 'higher' },
  { name: 'haproxy.reload_count', unit: 'reloads', limit: 60, direction: 'higher' },
  { name: 'haproxy.reload_streams', unit: 'streams', limit: 0, direction: 'lower' },
];

/** reload-master: HAProxy's master is killed in the middle of the run. */
export const breaks = ['reload-master'];

export const load =
  'a port comes or goes every second, so HAProxy reloads; 1,600/s POSTs on a pool of 200 connections that are not looked at, 150/s on 20 such TLS connections, 150/s on 4 HTTP/2 sessions, 100/s new connections, 25 TCP echoes, 25 endless answers; no retries';

const requests = 200_000;
const longestMs = 200_000;

function loads({ port, tlsPort, ca }: LoadPorts) {
  return [
    { name: 'posts', kind: 'pool', port, connections: 200, perSecond: 1_600, asks: main, blind: true },
    { name: 'tls', kind: 'pool', port: tlsPort, connections: 20, perSecond: 150, asks: main, blind: true, ca },
    { name: 'h2', kind: 'h2', port: tlsPort, connections: 4, perSecond: 150, asks: main, ca },
    { name: 'new', kind: 'new', port, connections: 16, perSecond: 100, asks: main },
  ] as const;
}

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const churn = await startChurn({ seed: 5, raw, loads });
  const { edge, swarm, world } = churn;
  try {
    const before = await edge.processes();
    const startMs = monotonicMs();
    for (let turn = 1; swarm.load('posts').ok < requests && monotonicMs() - startMs < longestMs; turn++) {
      await churn.make(world.toggleSparePort());
      if (breakName === 'reload-master' && turn === 5) process.kill((await edge.processes()).master, 'SIGKILL');
      if (breakName !== undefined && turn === 15) break;
      await sleep(Math.max(0, startMs + turn * 1_000 - monotonicMs()));
    }
    const { sent, failed, cut } = swarm.total();
    const after = await edge.processes();
    const counts = ['posts', 'tls', 'h2', 'new'].map((name) => `${name} ${swarm.load(name).ok}`).join(', ');
    process.stderr.write(
      `${counts}; old workers ${after.oldWorkers.length}; failures ${JSON.stringify(swarm.errors())}\n`,
    );
    return [
      { figure: 'haproxy.reload_failed', value: failed, unit: 'requests', n: sent },
      { figure: 'haproxy.reload_requests', value: swarm.load('posts').ok, unit: 'requests', n: 200 },
      { figure: 'haproxy.reload_count', value: after.reloads - before.reloads, unit: 'reloads', n: sent },
      { figure: 'haproxy.reload_streams', value: cut, unit: 'streams', n: 50 },
    ];
  } finally {
    await churn.end();
  }
}
