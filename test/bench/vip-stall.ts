/** Whether addresses stay where they are on machines that have too much to do. */
import type { BenchOptions, Figure, FigureSpec } from './figure.ts';
import { measureStalls } from './vip/stalls.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'vip.false_takeovers', unit: 'moves', limit: 0, direction: 'lower' },
];

/** Beats of 10 ms and gates of 30 ms, which no busy machine can keep open. */
export const breaks = ['vip-hasty'];
export const load = 'three nodes, a busy loop for each core, 300 stalls of 500 ms in the main threads in five minutes';

export async function run({ breakName }: BenchOptions): Promise<readonly Figure[]> {
  return measureStalls(breakName === undefined ? Number(process.env.WEIR_SECONDS ?? 300) : 20, breakName !== undefined);
}
