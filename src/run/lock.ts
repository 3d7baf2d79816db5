import { type FileHandle, mkdir, open, rmdir, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { WeirError } from '../model/index.ts';
import type { Clock } from './clock.ts';

/** Longest path of a socket that every system takes. */
const maxSocketPath = 100;
/** Taking the lock needs milliseconds: a guard older than this belongs to a process that died within them. */
const guardMs = 5000;
/** So long an owner may take to answer, less than the guard's time; one that is stopped never does. */
const answerMs = 2000;
const lookMs = 20;
const unknown = 'another process';

export interface Lock {
  release(): Promise<void>;
}

/**
 * The lock of a state directory: a socket in it that its owner listens on. The kernel ends it with the process, however that ends,
 * so there is no process id to mistake, over reboots and between containers that share the directory too.
 * Throws E_LOCKED with the owner's process id, E_STATE_DIR when the directory cannot hold a socket.
 */
export async function takeLock(stateDir: string, clock: Clock): Promise<Lock> {
  const place = await socketPlace(stateDir);
  try {
    await takeGuard(stateDir, clock);
    try {
      const server = await listen(place.path, stateDir, clock);
      return {
        async release() {
          await new Promise((resolve) => server.close(resolve));
          await place.close();
        },
      };
    } finally {
      await rmdir(guardOf(stateDir)).catch(() => {});
    }
  } catch (error) {
    await place.close();
    if (error instanceof WeirError) throw error;
    throw new WeirError('E_STATE_DIR', `stateDir ${stateDir}: ${messageOf(error)}`, { cause: error });
  }
}

/** Under the guard: a socket that nobody answers has no owner and goes. */
async function listen(path: string, stateDir: string, clock: Clock): Promise<Server> {
  const untilMs = clock.now() + answerMs;
  let owner = await ask(path);
  while (owner === 'leaving' && clock.now() < untilMs) {
    await clock.sleep(lookMs);
    owner = await ask(path);
  }
  if (owner !== undefined)
    throw new WeirError('E_LOCKED', `stateDir ${stateDir} is in use by ${owner === 'leaving' ? unknown : owner}`);
  await unlink(path).catch(() => {});
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(`process ${process.pid}`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, exclusive: true }, resolve);
  });
  server.unref();
  return server;
}

/**
 * Who listens, in words; undefined when nobody does. leaving: whoever listened has hung up without a word, as the kernel does for a process
 * that was killed, which it takes apart for a while, the longer the more memory there was.
 */
function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let answer = '';
    let silent = false;
    const socket = connect(path);
    socket.setTimeout(answerMs, () => {
      silent = true;
      socket.destroy();
    });
    socket.on('data', (data) => {
      answer += data.toString('latin1').slice(0, 40);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      // Full backlog, no permission: somebody is there.
      else if (error.code === 'EAGAIN' || error.code === 'EACCES') resolve(unknown);
      else if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => {
      if (answer === '' && !silent) resolve('leaving');
      else resolve(/^process \d+$/.test(answer) ? answer : unknown);
    });
  });
}

/** Only one at a time looks whether the owner is alive: else two could both find the dead one and one would unlink the other. */
async function takeGuard(stateDir: string, clock: Clock): Promise<void> {
  const guard = guardOf(stateDir);
  for (let waitedMs = 0; ; waitedMs += 20) {
    try {
      await mkdir(guard, { mode: 0o700 });
      return;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    const made = await stat(guard).catch(() => undefined);
    if (made !== undefined && clock.wall() - made.mtimeMs > guardMs) await rmdir(guard).catch(() => {});
    if (waitedMs > 2 * guardMs) throw new WeirError('E_LOCKED', `${guard} does not go away; remove it`);
    await clock.sleep(20);
  }
}

function guardOf(stateDir: string): string {
  return join(stateDir, 'lock.guard');
}

interface Place {
  readonly path: string;
  close(): Promise<void>;
}

/** A path short enough for a socket: a long one is reached through the open directory (Linux). */
async function socketPlace(stateDir: string): Promise<Place> {
  const path = join(stateDir, 'lock.sock');
  if (Buffer.byteLength(path) <= maxSocketPath) return { path, close: async () => {} };
  if (process.platform !== 'linux') {
    throw new WeirError('E_STATE_DIR', `stateDir ${stateDir} is longer than ${maxSocketPath - 10} characters`);
  }
  let folder: FileHandle | undefined;
  try {
    folder = await open(stateDir, 'r');
  } catch (error) {
    throw new WeirError('E_STATE_DIR', `stateDir ${stateDir}: ${messageOf(error)}`, { cause: error });
  }
  const opened = folder;
  return { path: `/proc/self/fd/${opened.fd}/lock.sock`, close: () => opened.close() };
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
