import { createServer } from 'node:net';

/** A lock on announcing in this network namespace: the kernel gives it up with the process, however that ends. */
export interface Lock {
  release(): void;
}

/** Takes the lock; undefined when another weir has it. An abstract socket belongs to the network namespace, as the gates do. */
export function takeLock(name = 'weir-l2'): Promise<Lock | undefined> {
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
