/** Pods that go away: they refuse connections as soon as the API server has been told that they end, or 200 ms later. */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from './client/monotonic.ts';
import type { LoadSpec } from './client/swarm-words.ts';
import type { BenchOptions, Figure, FigureSpec } from './figure.ts';
import { startSwarm } from './haproxy/swarm.ts';
import { makeKubeBed } from './kube/bed.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'kube.die_failed', unit: 'requests', limit: 0, direction: 'lower' },
  { name: 'kube.die_reloads', unit: 'reloads', limit: 0, direction: 'lower' },
  { name: 'kube.die_requests', unit: 'requests', limit: 20_000, direction: 'higher' },
];

/** kube-die-unsaid: all Pods refuse, and nobody tells the API server. */
export const breaks = ['kube-die-unsaid'];

export const load =
  '100 replacements of one Pod of three; the old one refuses connections at once when the API server has the change, or 200 ms later; every other time it stands in its EndpointSlice as terminating until then; 400/s new connections, 600/s POSTs on 64 kept connections; no retries';

const rounds = 100;
const leastRequests = 20_000;
const host = 'main.test';

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const bed = await makeKubeBed({ pods: 6, host });
  try {
    let serving = bed.pods.slice(0, 3);
    await bed.putEndpoints(serving.map((address) => ({ address })));
    const to = { host: bed.address, port: 80, asks: [{ authority: host }] };
    const loads: readonly LoadSpec[] = [
      { name: 'new', kind: 'new', connections: 32, perSecond: 400, ...to },
      { name: 'posts', kind: 'pool', connections: 64, perSecond: 600, ...to },
    ];
    const swarm = await startSwarm({ loads, ...(raw === undefined ? {} : { raw }) });
    try {
      await swarm.settled(['new', 'posts'], serving, monotonicMs());
      const reloads = await bed.metric('weir_haproxy_reloads_total');
      for (let i = 0; i < (breakName === undefined ? rounds : 1); i++) {
        const [old = '', ...rest] = serving;
        const fresh = bed.pods.find((address) => !serving.includes(address)) ?? '';
        serving = [...rest, fresh];
        const sinceMs = monotonicMs();
        const ready = serving.map((address) => ({ address }));
        const unsaid = breakName === 'kube-die-unsaid';
        if (!unsaid) await bed.putEndpoints(i % 4 < 2 ? ready : [...ready, { address: old, ending: true }]);
        if (i % 2 === 1) await sleep(200);
        for (const address of unsaid ? [old, ...rest] : [old]) await bed.order({ address, to: 'refuse' });
        if (unsaid) {
          await sleep(6_000);
          continue;
        }
        await swarm.settled(['new', 'posts'], serving, sinceMs);
        if (i % 4 >= 2) await bed.putEndpoints(ready);
        await sleep(50);
        await bed.order({ address: old, to: 'live' });
      }
      if (breakName === undefined)
        await swarm.until('enough requests', () => swarm.total().sent > leastRequests, 60_000);
      const { sent, failed } = swarm.total();
      process.stderr.write(`failures ${JSON.stringify(swarm.errors())}\n`);
      const reloaded = (await bed.metric('weir_haproxy_reloads_total')) - reloads;
      return [
        { figure: 'kube.die_failed', value: failed, unit: 'requests', n: sent },
        { figure: 'kube.die_reloads', value: reloaded, unit: 'reloads', n: rounds },
        { figure: 'kube.die_requests', value: sent, unit: 'requests', n: rounds },
      ];
    } finally {
      await swarm.stop();
    }
  } finally {
    await bed.end();
  }
}
