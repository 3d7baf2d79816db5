/** Virtual addresses that move: after a death, a stop, a cut and on purpose; and what it costs to be ready for it. */
import { type BenchOptions, type Figure, type FigureSpec, median } from './figure.ts';
import { measureDrains } from './vip/drains.ts';
import { measureIdle } from './vip/idle.ts';
import { type Blow, type Moves, measureMoves } from './vip/moves.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'vip.failover_ms_p50', unit: 'ms', limit: 350, direction: 'lower' },
  { name: 'vip.failover_ms_max', unit: 'ms', limit: 500, direction: 'lower' },
  { name: 'vip.failover_loss30_ms_max', unit: 'ms', limit: 700, direction: 'lower' },
  { name: 'vip.drain_ms', unit: 'ms', limit: 50, direction: 'lower' },
  { name: 'vip.drain_failed', unit: 'requests', limit: 0, direction: 'lower' },
  { name: 'vip.double_answers', unit: 'observations', limit: 0, direction: 'lower' },
  { name: 'vip.idle_cpu_pct', unit: 'percent', limit: 2, direction: 'lower' },
];

/** vip-slow-beat: beats of 300 ms. vip-ungated: no gate closes by itself. vip-hasty-beat: ten times as many beats. */
export const breaks = ['vip-slow-beat', 'vip-ungated', 'vip-hasty-beat'];
export const load =
  'three nodes in network namespaces, a client that asks every millisecond; each blow 20 times at a random time between beats; drains under 500 requests a second, a connection each; idle: six nodes, 100 addresses';

const rounds = Number(process.env.WEIR_ROUNDS ?? 20);

export async function run({ breakName }: BenchOptions): Promise<readonly Figure[]> {
  if (breakName === 'vip-hasty-beat') return measureIdle(true);
  const options = breakName === 'vip-slow-beat' ? { beatMs: 300 } : { ungated: breakName === 'vip-ungated' };
  const times = breakName === undefined ? rounds : 3;
  const blows: readonly Blow[] = ['kill', 'stop', 'cut'];
  const calm = await measureMoves(blows, times, 0, options);
  const lossy = await measureMoves(blows, times, 30, options);
  const drains = await measureDrains(times, options);
  const all = (moves: ReadonlyMap<string, Moves>) => [...moves.values()].flatMap(({ ms }) => ms);
  const [failover, withLoss, drain] = [all(calm), all(lossy), drains.ms];
  const moved = [...calm.values(), ...lossy.values()].reduce((sum, one) => sum + one.doubles, 0);
  const doubles = moved + drains.doubles;
  const row = (figure: string, value: number, unit: string, n: number): Figure => ({ figure, value, unit, n });
  return [
    row('vip.failover_ms_p50', median(failover), 'ms', failover.length),
    row('vip.failover_ms_max', Math.max(...failover), 'ms', failover.length),
    row('vip.failover_loss30_ms_max', Math.max(...withLoss), 'ms', withLoss.length),
    row('vip.drain_ms', Math.max(...drain), 'ms', drain.length),
    row('vip.drain_failed', drains.failed, 'requests', drains.requests),
    row('vip.double_answers', doubles, 'observations', failover.length + withLoss.length + drain.length),
    ...(breakName === undefined ? await measureIdle(false) : []),
  ];
}
