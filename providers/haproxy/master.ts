/** The master CLI (`-S`): which processes there are, and a reload whose end is known. HAProxy 2.6 answers `reload` with nothing; newer versions with the result. */
import { connect } from 'node:net';
import { WeirError } from '../../src/model/index.ts';

export interface Processes {
  readonly master: number;
  /** Reloads that failed since the last one that did not. */
  readonly failed: number;
  readonly workers: readonly number[];
  /** Workers of earlier configurations that still serve their last connections. */
  readonly oldWorkers: readonly number[];
}

/** What `show proc` says; undefined when it is no such answer. */
export function parseProcesses(text: string): Processes | undefined {
  const workers: number[] = [];
  const oldWorkers: number[] = [];
  let master: { pid: number; failed: number } | undefined;
  let old = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('# ')) old = line.startsWith('# old workers');
    const match = /^(\d+)\s+(master|worker)\s+\d+(?: \[failed: (\d+)\])?/.exec(line);
    if (match === null) continue;
    const [, pid, type, failed = '0'] = match;
    if (type === 'master') master = { pid: Number(pid), failed: Number(failed) };
    else (old ? oldWorkers : workers).push(Number(pid));
  }
  return master === undefined ? undefined : { master: master.pid, failed: master.failed, workers, oldWorkers };
}

/** Sends one line and reads to the end. The master keeps the connection open until we close our half. */
export function askMaster(path: string, line: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({ path });
    socket.setEncoding('utf8');
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    socket.on('connect', () => socket.end(`${line}\n`));
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('error', (error) =>
      reject(new WeirError('E_HAPROXY_SOCKET', `${path}: ${withoutPath(error.message, path)}`)),
    );
    socket.on('close', () => resolve(answer));
  });
}

/** What Node says of a connection to a path ends with that path. */
export function withoutPath(message: string, path: string): string {
  return message.endsWith(` ${path}`) ? message.slice(0, -path.length - 1) : message;
}

/** The processes of the master behind the socket; undefined when none answers. */
export async function showProcesses(path: string, timeoutMs = 2_000): Promise<Processes | undefined> {
  try {
    return parseProcesses(await askMaster(path, 'show proc', timeoutMs));
  } catch (error) {
    if (error instanceof WeirError) return undefined;
    throw error;
  }
}

export interface ReloadWatch {
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
  /** What HAProxy wrote since the reload began. */
  readonly messages: () => Promise<string>;
  /** The master is a living process. */
  readonly alive: () => boolean | Promise<boolean>;
  readonly timeoutMs: number;
}

/**
 * Reloads and waits for the end: a new worker and no failure counted. During the reload the socket refuses for some 100 ms.
 * @returns the processes afterwards.
 * @throws WeirError E_HAPROXY_RELOAD with what HAProxy wrote; the old worker serves on.
 */
export async function reloadMaster(path: string, watch: ReloadWatch): Promise<Processes> {
  const before = await showProcesses(path);
  if (before === undefined) throw new WeirError('E_HAPROXY_SOCKET', `${path}: the master does not answer`);
  const deadline = watch.now() + watch.timeoutMs;
  const answer = await askMaster(path, 'reload', watch.timeoutMs).catch(() => '');
  if (/^Success=0/m.test(answer)) throw new WeirError('E_HAPROXY_RELOAD', reasonOf(answer));
  while (watch.now() < deadline) {
    if (!(await watch.alive()))
      throw new WeirError('E_HAPROXY_RELOAD', `HAProxy ended during the reload: ${reasonOf(await watch.messages())}`);
    const now = await showProcesses(path);
    if (now !== undefined) {
      const fresh = now.workers.filter((pid) => !before.workers.includes(pid));
      if (now.failed === 0 && fresh.length > 0) return now;
      if (now.failed > before.failed) throw new WeirError('E_HAPROXY_RELOAD', reasonOf(await watch.messages()));
    }
    await watch.sleep(10);
  }
  throw new WeirError(
    'E_HAPROXY_RELOAD',
    `the reload did not end within ${watch.timeoutMs} ms: ${reasonOf(await watch.messages())}`,
  );
}

/** The alerts in what HAProxy wrote, without their stamps, in one line; all of it when there is none. */
export function reasonOf(messages: string): string {
  const lines = messages.split('\n').filter((line) => line.trim() !== '');
  const alerts = lines
    .filter((line) => line.startsWith('[ALERT]'))
    .map((line) => line.replace(/^\[ALERT\]\s+\(\d+\)\s+: /, ''));
  const chosen = alerts.length > 0 ? alerts : lines.slice(-5);
  const text = chosen.slice(0, 8).join('; ');
  return text === '' ? 'HAProxy said nothing' : text.slice(0, 2_000);
}
