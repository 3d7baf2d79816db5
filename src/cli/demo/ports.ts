/** Free loopback ports: the well-known ones of the examples where they are free, others where not. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Answers a port for each wanted one, itself where it is free. Nobody keeps them for us. */
export async function findPorts(wanted: readonly number[]): Promise<readonly number[]> {
  const found = new Set<number>();
  for (const port of wanted) {
    let chosen = (await isTaken(port)) ? await freePort() : port;
    while (found.has(chosen)) chosen = await freePort();
    found.add(chosen);
  }
  return [...found];
}

/**
 * A port that nobody listens on now. Never one that the kernel hands out by itself (Linux from 32768, others from 49152 on):
 * any connection that is opened meanwhile could take that one.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1000; tries++) {
    const port = randomInt(20_000, 32_000);
    if (!(await isTaken(port))) return port;
  }
  throw new Error('there is no free port on 127.0.0.1 between 20000 and 32000');
}

/** Whether somebody listens on the loopback port. */
export async function isTaken(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return true;
  }
  server.close();
  await once(server, 'close');
  return false;
}
