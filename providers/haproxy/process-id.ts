/** Living processes by number, as Linux shows them under /proc. */
import { readFileSync } from 'node:fs';

/** A process lives (a zombie does not serve and does not count). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return !/^State:\s+[ZX]/m.test(readProc(pid, 'status'));
}

/** A file of /proc/PID; empty when it cannot be read. */
export function readProc(pid: number | 'self', file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
