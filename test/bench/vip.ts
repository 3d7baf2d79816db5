/** Virtual addresses on the local network: how fast they are answered and how fast they move. */
import type { BenchOptions, Figure, FigureSpec } from './figure.ts';
import { measureAnnouncements } from './vip/announcements.ts';
import { measureAnswers } from './vip/answers.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'vip.arp_p99_ratio', unit: 'ratio', limit: 1.5, direction: 'lower' },
  { name: 'vip.ndp_p99_ratio', unit: 'ratio', limit: 1.5, direction: 'lower' },
  { name: 'vip.garp1000_ms', unit: 'ms', limit: 250, direction: 'lower' },
];
export const breaks = ['vip-long-chain', 'vip-stall'];
export const load = 'nodes in network namespaces on one bridge, a client that asks';

export async function run({ breakName }: BenchOptions): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  if (breakName !== 'vip-stall') figures.push(...(await measureAnswers(breakName === 'vip-long-chain')));
  if (breakName !== 'vip-long-chain') figures.push(...(await measureAnnouncements(breakName === 'vip-stall')));
  return figures;
}
