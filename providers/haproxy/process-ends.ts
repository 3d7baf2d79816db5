/** The two ends of a process: why it did not start, whether it still listens, and how it is ended. */
import { connect } from 'node:net';
import { type Context, WeirError } from '../../src/model/index.ts';
import { configName } from './files.ts';
import { askMaster, type Processes, reasonOf } from './master.ts';
import { isAlive } from './process-id.ts';
import type { Whose } from './process-masters.ts';

/** Whether somebody listens on a UNIX socket. */
export function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** SIGTERM, then SIGKILL after ten seconds; the master takes its workers along. */
export async function endProcess(pid: number, clock: Context['clock']): Promise<void> {
  for (const [kill, waitMs] of [
    ['SIGTERM', 10_000],
    ['SIGKILL', 2_000],
  ] as const) {
    if (!isAlive(pid)) return;
    process.kill(pid, kill);
    const deadline = clock.now() + waitMs;
    while (isAlive(pid) && clock.now() < deadline) await clock.sleep(10);
  }
}

export interface End {
  readonly pid: number;
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * How a process ended, in words. `messages`: what HAProxy wrote last, which tells of its worker; `end`: of a master that we started.
 * Of one that an earlier weir started nobody tells us.
 */
export function describeEnd({ master, workers }: Processes, end: End | undefined, messages: string): string {
  const lines = [...messages.matchAll(/orker \((\d+)\) exited with code (\d+)(?: \(([^)\n]*)\))?/g)];
  const [, worker, code, words] = lines.findLast(([, pid]) => workers.includes(Number(pid))) ?? [];
  if (worker !== undefined) {
    const signal = Number(code) > 128 ? `signal ${Number(code) - 128}` : `exit code ${code}`;
    return `worker ${worker} ended with ${signal}${words === undefined ? '' : ` (${words})`}`;
  }
  if (end?.pid !== master) return `master ${master} is gone, and HAProxy wrote no reason`;
  return `master ${master} ended with ${end.signal ?? `exit code ${end.code}`}`;
}

/** What HAProxy wrote while it did not start, as the error that fits. */
export function startFailure(messages: string, how: string): WeirError {
  const reason = reasonOf(messages);
  if (/FD limit|maxsock|open files/i.test(reason)) return new WeirError('E_FD_LIMIT', reason);
  if (/cannot bind (?:UNIX )?socket.*Address already in use/i.test(reason))
    return new WeirError('E_PORT_TAKEN', reason);
  if (/cannot bind (?:UNIX )?socket.*Permission denied/i.test(reason))
    return new WeirError('E_PORT_PERMISSION', reason);
  return new WeirError('E_HAPROXY_START', `${how}: ${reason}`);
}

/** Why one that somebody else starts does not serve, with what to start. */
export async function absence({ directory, masterSocket }: Whose): Promise<WeirError> {
  const reason = await askMaster(masterSocket, 'show proc', 2_000).then(
    () => `${masterSocket}: HAProxy has no worker`,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return new WeirError(
    'E_HAPROXY_SOCKET',
    `${reason}; ${directory}/${configName} is written: start HAProxy as an account that may read it, with -W -f ${directory}/${configName} -S ${masterSocket}`,
  );
}
