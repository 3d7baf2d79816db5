/** Loaded into a weir before it starts: notes how long its event loop was kept from other work, and writes it down when it is asked by SIGUSR2. */
import { writeFileSync } from 'node:fs';

const everyMs = 2;
/** When each began, on the wall clock, how long it took, and for how much of it this thread had a processor: other work of the machine makes the rest. */
const blocks: { readonly atMs: number; readonly ms: number; readonly cpuMs: number }[] = [];

const file = process.env.WEIR_BENCH_BLOCKS;
if (file !== undefined) {
  const usedMs = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let lastMs = performance.now();
  let lastUsedMs = usedMs();
  setInterval(() => {
    const nowMs = performance.now();
    const nowUsedMs = usedMs();
    const ms = nowMs - lastMs - everyMs;
    if (ms > 10) blocks.push({ atMs: performance.timeOrigin + lastMs, ms, cpuMs: nowUsedMs - lastUsedMs });
    lastMs = nowMs;
    lastUsedMs = nowUsedMs;
  }, everyMs).unref();
  process.on('SIGUSR2', () => writeFileSync(file, JSON.stringify(blocks)));
}
