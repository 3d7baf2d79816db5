import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Puts the sessions of these processes before or behind all other work of the machine. Linux divides the processors among sessions first and looks at
 * the niceness of processes within each only, so that what is compared must stand in sessions of its own (`detached`) with the same niceness.
 * Answers whether that was allowed: only root may go below 0.
 */
export function setApart(pids: readonly number[], nice: number): boolean {
  try {
    for (const pid of pids) writeFileSync(`/proc/${pid}/autogroup`, `${nice}`);
    return true;
  } catch {
    process.stderr.write('not root, or no groups by session: what is measured shares the processors with other work\n');
    return false;
  }
}

/** Time on a processor so far, in microseconds. */
export function cpuUs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[0]) / 1_000;
}
