import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { loadFfi } from './load-ffi.ts';

const roundRobin = 2;
const leastNice = -10;

/**
 * Lets the calling thread, and the programs that it starts from now on, go before all ordinary work of the machine: in real time at the
 * lowest rank, as other keepers of a quorum do, or by niceness where that is not allowed. `usual`: neither is (CAP_SYS_NICE is missing).
 * The kernel keeps a share of each second free of real-time work, so that a thread that runs wild does not take a core for good.
 */
export async function raisePriority(): Promise<'realtime' | 'nice' | 'usual'> {
  const { dlopen } = await loadFfi();
  const { functions: libc } = dlopen(null, {
    sched_setscheduler: { arguments: ['int32', 'int32', 'buffer'], return: 'int32' },
  });
  raiseCleaners();
  const rank = new Uint8Array(Int32Array.of(1).buffer); // struct sched_param
  if (libc.sched_setscheduler(0, roundRobin, rank) === 0) return 'realtime';
  try {
    setPriority(0, leastNice);
    return 'nice';
  } catch {
    return 'usual';
  }
}

/**
 * Whenever memory is cleaned a thread waits for V8's helpers: on a busy machine, at ordinary priority, a quarter of a second and more. Not in
 * real time: they compile, too.
 */
function raiseCleaners(): void {
  for (const task of readdirSync('/proc/self/task'))
    try {
      if (/V8Worker/.test(readFileSync(`/proc/self/task/${task}/comm`, 'utf8'))) setPriority(Number(task), leastNice);
    } catch {
      // It has ended, or nothing may be raised.
    }
}
