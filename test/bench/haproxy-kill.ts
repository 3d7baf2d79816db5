/** weir killed at random moments of the churn; then HAProxy's own processes killed, until it serves again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from './client/monotonic.ts';
import { type BenchOptions, type Figure, type FigureSpec, median } from './figure.ts';
import { type Churn, seeded, startChurn } from './haproxy/churn.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'haproxy.kill_failed', unit: 'requests', limit: 0, direction: 'lower' },
  { name: 'haproxy.kill_requests', unit: 'requests', limit: 50_000, direction: 'higher' },
  { name: 'haproxy.kill_streams', unit: 'streams', limit: 0, direction: 'lower' },
  { name: 'haproxy.kill_masters', unit: 'masters', limit: 0, direction: 'lower' },
  { name: 'haproxy.revive_ms', unit: 'ms', limit: 1_000, direction: 'lower' },
];

/** kill-worker: HAProxy's worker dies with weir once. revive-late: weir is stopped for a second when HAProxy dies. */
export const breaks = ['kill-worker', 'revive-late'];

export const load =
  'kill -9 of weir at 20 random moments of the churn (as haproxy.churn), started again at once; then kill -9 of worker and master in turn, 3 times each, until a new request is answered';

const kills = 20;
const revivals = 6;

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const churn = await startChurn({ seed: 6, raw });
  try {
    return [...(await measureKills(churn, breakName)), await measureRevival(churn, breakName)];
  } finally {
    await churn.end();
  }
}

async function measureKills(churn: Churn, breakName: string | undefined): Promise<readonly Figure[]> {
  const { edge, swarm, world } = churn;
  const random = seeded(7);
  const before = await edge.processes();
  const killing = { ended: false };
  const count = breakName === undefined ? kills : breakName === 'kill-worker' ? 7 : 0;
  const killer = (async () => {
    for (let i = 0; i < count && !killing.ended; i++) {
      await sleep(500 + random() * 2_000);
      const { worker } = await edge.processes();
      await edge.killWeir();
      if (breakName === 'kill-worker' && i === 5) process.kill(worker, 'SIGKILL');
      await edge.startAgain();
    }
    killing.ended = true;
  })();
  let made = 0;
  const changing = (async () => {
    for (; !killing.ended; made++) await churn.make(world.next());
  })();
  try {
    await Promise.all([killer, changing]);
  } finally {
    killing.ended = true;
    // Nothing may be started again behind the end.
    await Promise.allSettled([killer, changing]);
  }
  const after = await edge.processes();
  const { sent, failed, cut } = swarm.total();
  process.stderr.write(
    `${count} kills, ${made} changes, ${after.reloads - before.reloads} reloads; failures ${JSON.stringify(swarm.errors())}\n`,
  );
  return [
    { figure: 'haproxy.kill_failed', value: failed, unit: 'requests', n: sent },
    { figure: 'haproxy.kill_requests', value: sent, unit: 'requests', n: kills },
    { figure: 'haproxy.kill_streams', value: cut, unit: 'streams', n: 50 },
    { figure: 'haproxy.kill_masters', value: after.master === before.master ? 0 : 1, unit: 'masters', n: kills },
  ];
}

/** From the kill to the first answer to a request that began after it. */
async function measureRevival({ edge, swarm }: Churn, breakName: string | undefined): Promise<Figure> {
  const times: number[] = [];
  for (let i = 0; i < revivals; i++) {
    await sleep(1_500);
    const { master, worker } = await edge.processes();
    const late = breakName === 'revive-late';
    if (late) process.kill(edge.weir.pid, 'SIGSTOP');
    const startMs = monotonicMs();
    process.kill(i % 2 === 0 ? worker : master, 'SIGKILL');
    if (late) setTimeout(() => process.kill(edge.weir.pid, 'SIGCONT'), 1_500);
    // What was under way may still be answered: only requests that began later tell.
    const answered = () => Object.values(swarm.load('new').targets).some(([, lastMs]) => lastMs > startMs + 5);
    await swarm.until('HAProxy serves again', answered, 10_000);
    times.push(monotonicMs() - startMs);
  }
  process.stderr.write(`revived after ${times.map((ms) => Math.round(ms)).join(' ')} ms (worker, master in turn)\n`);
  return { figure: 'haproxy.revive_ms', value: Math.round(median(times)), unit: 'ms', n: times.length };
}
