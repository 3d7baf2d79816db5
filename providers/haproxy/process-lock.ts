/** One weir at a time writes a directory: an advisory lock of the kernel, which ends with its holder however that dies. */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { WeirError } from '../../src/model/index.ts';

const mostTries = 10;
const againMs = 50;

export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a directory. `flock` of util-linux or busybox locks the open file that it inherits from us; the lock stays with our descriptor.
 * @throws WeirError E_LOCKED when another process holds it, E_STATE_DIR when it cannot be tried.
 */
export async function lockDirectory(directory: string): Promise<Lock> {
  const path = `${directory}/lock`;
  const file = await openLock(path);
  const code = await lock(file.fd).catch(async (error: unknown) => {
    await file.close();
    throw new WeirError('E_STATE_DIR', `${path}: the program flock (util-linux) cannot be run`, { cause: error });
  });
  if (code !== 0) {
    const holder = (await file.readFile('utf8').catch(() => '')).trim();
    await file.close();
    throw new WeirError(
      'E_LOCKED',
      `${directory} is driven by another weir${/^\d+$/.test(holder) ? ` (process ${holder})` : ''}`,
    );
  }
  // A word to whoever comes second, no more: the lock holds without it, also where nothing can be written.
  await file
    .truncate(0)
    .then(() => file.write(`${process.pid}\n`, 0))
    .catch(() => undefined);
  return { release: () => file.close() };
}

async function openLock(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw new WeirError('E_STATE_DIR', `${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** Of a weir that was killed while it took the lock, `flock` still ends, and holds it until then. */
async function lock(fd: number): Promise<number> {
  for (let tries = 1; ; tries++) {
    const code = await flock(fd);
    if (code === 0 || tries === mostTries) return code;
    await sleep(againMs);
  }
}

/** The exit code of `flock`: 0 locked, 1 held by another. */
function flock(fd: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
