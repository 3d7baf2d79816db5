import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A lock on announcing in this network namespace: the kernel gives it up with the process, however that ends. */
export interface Lock {
  release(): void;
}

/**
 * Takes the lock; undefined when another weir has it. An abstract socket belongs to the network namespace, as the gates do. One that was killed
 * has it for a moment still, until the kernel has taken it apart.
 */
export async function takeLock(name = 'weir-l2', patienceMs = 500): Promise<Lock | undefined> {
  for (let waitedMs = 0; ; waitedMs += lookMs) {
    const lock = await tryLock(name);
    if (lock !== undefined || waitedMs >= patienceMs) return lock;
    await sleep(lookMs);
  }
}

const lookMs = 20;

function tryLock(name: string): Promise<Lock | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(`\0${name}`, () => {
      server.unref();
      resolve({ release: () => server.close() });
    });
  });
}
