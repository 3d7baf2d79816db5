/** Free loopback ports: the well-known ones of the examples where they are free, others where not. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Answers a port for each wanted one. They are free now; nobody keeps them for us. */
export async function findPorts(wanted: readonly number[]): Promise<readonly number[]> {
  const held = [];
  for (const port of wanted) held.push((await hold(port)) ?? (await hold(0)));
  return Promise.all(
    held.map(async (server) => {
      if (server === undefined) throw new Error('there is no free port on 127.0.0.1');
      const address = server.address();
      server.close();
      await once(server, 'close');
      return address === null || typeof address === 'string' ? 0 : address.port;
    }),
  );
}

/** Whether somebody listens on the loopback port. */
export async function isTaken(port: number): Promise<boolean> {
  const server = await hold(port);
  server?.close();
  return server === undefined;
}

async function hold(port: number) {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
