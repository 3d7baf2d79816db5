/** Listening on a free loopback port. */
import { once } from 'node:events';
import type { Server } from 'node:net';

/** Starts the server and answers its port. */
export async function listen(server: Server, host = '127.0.0.1', port = 0): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
