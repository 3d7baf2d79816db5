/**
 * HAProxy processes of one directory as Linux shows them, also while none of them answers: in the middle of a start or a reload, stopped
 * by somebody, or left by a weir that was killed while one took over from another. Only reads.
 */
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { uptime } from 'node:os';
import { basename, dirname } from 'node:path';
import { isListening } from './port-trial.ts';
import { readProc } from './process-id.ts';

export interface Master {
  readonly pid: number;
  readonly workers: readonly number[];
  readonly ageMs: number;
  /** Its directory has been deleted, and its sockets with it: nobody can ask it anything any more. */
  readonly lost: boolean;
  /** starting: no worker listens yet. serving: one does. ending: none does any more, behind their last connections. */
  readonly state: 'starting' | 'serving' | 'ending';
}

export interface Whose {
  readonly directory: string;
  readonly masterSocket: string;
}

/** A worker that is this old and does not listen will not begin to. */
export const startingMs = 10_000;
/** USER_HZ: in what /proc counts time, the same on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** Masters that were started with the master socket of this directory, and workers whose master is gone. */
export function findMasters(whose: Whose): readonly Master[] {
  const parents = new Map<number, number>();
  for (const pid of numbers()) if (isOf(pid, whose)) parents.set(pid, statOf(pid).parent);
  return [...parents]
    .filter(([, parent]) => !parents.has(parent))
    .map(([pid]) => {
      const workers = [...parents].filter(([, parent]) => parent === pid).map(([worker]) => worker);
      // A worker without a master serves until it notices.
      const state = stateOf(workers.length > 0 ? workers : [pid]);
      return { pid, workers, ageMs: ageMs(pid), lost: isLost(pid), state };
    });
}

/** Processes can be seen at all: elsewhere than on Linux they cannot. */
export function seesProcesses(): boolean {
  return readProc('self', 'cmdline') !== '';
}

function numbers(): readonly number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** Another container may have the same paths: what counts is the directory itself, or where the path leads for it. */
function isOf(pid: number, { directory, masterSocket }: Whose): boolean {
  const words = readProc(pid, 'cmdline').split('\0');
  const [socket] = (words[words.indexOf('-S') + 1] ?? '').split(',', 1);
  if (!words.includes('-W') || !words.includes('-S') || socket === undefined) return false;
  if (socket === masterSocket && hasOurView(pid, dirname(masterSocket))) return true;
  return basename(socket) === basename(masterSocket) && isSameFile(`/proc/${pid}/cwd`, directory);
}

/** Who was started in a namespace of mounts of its own (`ip netns exec` makes one each time) sees the same directory all the same. */
function hasOurView(pid: number, directory: string): boolean {
  try {
    const same = readlinkSync(`/proc/${pid}/ns/mnt`) === readlinkSync('/proc/self/ns/mnt');
    return same || isSameFile(`/proc/${pid}/root${directory}`, directory);
  } catch {
    // A program with capabilities of its own shows this to root alone; but of one in a container below us everybody sees two numbers.
    return /^NSpid:\t\d+$/m.test(readProc(pid, 'status'));
  }
}

function isSameFile(one: string, other: string): boolean {
  try {
    const [a, b] = [statSync(one), statSync(other)];
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    return false;
  }
}

function isLost(pid: number): boolean {
  try {
    return statSync(`/proc/${pid}/cwd`).nlink === 0;
  } catch {
    return false;
  }
}

function stateOf(workers: readonly number[]): Master['state'] {
  if (workers.some((pid) => isListening(pid) || hidesFiles(pid))) return 'serving';
  return workers.every((pid) => ageMs(pid) > startingMs) ? 'ending' : 'starting';
}

/** What nobody may look at is taken for what would be worse to take away. */
function hidesFiles(pid: number): boolean {
  try {
    readdirSync(`/proc/${pid}/fd`);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES';
  }
}

function ageMs(pid: number): number {
  return (uptime() - statOf(pid).startTicks / ticksPerSecond) * 1_000;
}

/** The name of the program stands in parentheses and may hold anything: fields are counted from behind it. */
function statOf(pid: number): { readonly parent: number; readonly startTicks: number } {
  const text = readProc(pid, 'stat');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), startTicks: Number(fields[19]) };
}
