/** The figures of the whole path by size: a real `weir run` on a folder of services, one file each, with a real HAProxy. */
import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchOptions, type Figure, type FigureSpec, median } from './figure.ts';
import { makeCrowd } from './pipeline/crowd.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'pipeline.20_change_ms', unit: 'ms', limit: 30, direction: 'lower' },
  { name: 'pipeline.1k_change_ms', unit: 'ms', limit: 60, direction: 'lower' },
  { name: 'pipeline.5k_change_ms', unit: 'ms', limit: 100, direction: 'lower' },
  { name: 'pipeline.5k_start_ms', unit: 'ms', limit: 10_000, direction: 'lower' },
  { name: 'pipeline.5k_block_ms', unit: 'ms', limit: 50, direction: 'lower' },
  { name: 'pipeline.5k_rss_mb', unit: 'MB', direction: 'lower' },
];

/** slow-file: each change is held up by 300 ms. */
export const breaks = ['slow-file'];

export const load =
  'weir run on a folder, one file a service: 20 services of 2 targets, 1,000 of 10, 5,000 of 2; one target of one service is exchanged for another, from the write to its first answer; HAProxy on loopback';

const sizes = [
  { name: '20', services: 20, targets: 2, changes: 60 },
  { name: '1k', services: 1_000, targets: 10, changes: 40 },
  { name: '5k', services: 5_000, targets: 2, changes: 40 },
] as const;

/** What a change leaves to be done (state kept, health looked at) is done before the next. */
const pauseMs = 400;

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const measured: Figure[] = [];
  for (const { name, services, targets, changes } of sizes) {
    const delay = breakName === 'slow-file' ? { delay: () => sleep(300) } : {};
    const crowd = await makeCrowd({ services, targets, ...delay });
    try {
      const blockMs = await crowd.longestBlockMs();
      const changeMs: number[] = [];
      for (let i = 0; i < changes; i++) {
        await sleep(pauseMs);
        changeMs.push(await crowd.change());
      }
      const { weirMb, haproxyMb } = await crowd.memory();
      const sorted = changeMs.toSorted((a, b) => a - b).map(round);
      process.stderr.write(
        `${services} services of ${targets} targets: ready in ${Math.round(crowd.startMs)} ms, event loop blocked for ${round(blockMs)} ms, weir ${round(weirMb)} MB, HAProxy ${round(haproxyMb)} MB, changes ${sorted[0]} to ${sorted.at(-1)} ms\n`,
      );
      if (raw !== undefined)
        await appendFile(
          `${raw}/pipeline.jsonl`,
          `${JSON.stringify({ services, targets, startMs: crowd.startMs, blockMs, weirMb, haproxyMb, changeMs })}\n`,
        );
      measured.push({ figure: `pipeline.${name}_change_ms`, value: round(median(changeMs)), unit: 'ms', n: changes });
      if (name !== '5k') continue;
      measured.push({ figure: 'pipeline.5k_start_ms', value: Math.round(crowd.startMs), unit: 'ms', n: 1 });
      measured.push({ figure: 'pipeline.5k_block_ms', value: Math.round(blockMs), unit: 'ms', n: 1 });
      measured.push({ figure: 'pipeline.5k_rss_mb', value: Math.round(weirMb), unit: 'MB', n: 1 });
    } finally {
      await crowd.end();
    }
  }
  return measured;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
