/** Loaded into a weir before it starts: notes how long its event loop was kept from other work, and writes it down when it is asked by SIGUSR2. */
import { writeFileSync } from 'node:fs';

const everyMs = 2;
/** When each began, on the wall clock, and how long it took. */
const blocks: { readonly atMs: number; readonly ms: number }[] = [];

const file = process.env.WEIR_BENCH_BLOCKS;
if (file !== undefined) {
  let lastMs = performance.now();
  setInterval(() => {
    const nowMs = performance.now();
    const ms = nowMs - lastMs - everyMs;
    if (ms > 10) blocks.push({ atMs: performance.timeOrigin + lastMs, ms });
    lastMs = nowMs;
  }, everyMs).unref();
  process.on('SIGUSR2', () => writeFileSync(file, JSON.stringify(blocks)));
}
