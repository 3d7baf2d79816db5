/** A small web and TCP back end of the demo: says its name. In this process, so that nothing of it can be left behind. */
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer, Server, type Socket } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import { freePort } from './ports.ts';

export interface BackEnd {
  readonly name: string;
  /** Ports on 127.0.0.1; the same ones after a `start` that follows a `kill`. */
  readonly httpPort: number;
  readonly tcpPort: number;
  /** As a process that is told to end: its ports are closed at once and nobody is warned; what it had accepted it still answers. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** What it had accepted may take this long. */
const graceMs = 300;

/** Starts a back end on two free loopback ports. */
export async function startBackEnd(name: string): Promise<BackEnd> {
  const connections = new Set<Socket>();
  const http = createHttp((request, response) => {
    response.setHeader('x-target', name);
    response.end(`${name} ${request.headers.host ?? ''}${request.url}\n`);
  });
  const tcp = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => socket.write(`${name} ${data}`));
  });
  for (const server of [http, tcp]) {
    server.on('connection', (socket: Socket) => {
      connections.add(socket);
      socket.on('close', () => connections.delete(socket));
    });
  }
  // Ports that nobody else is handed while the back end is dead.
  const [httpPort, tcpPort] = [await freePort(), await freePort()];
  await listen(http, httpPort);
  await listen(tcp, tcpPort);
  return {
    name,
    httpPort,
    tcpPort,
    async kill() {
      // Right after the loop has taken every connection that waited: the kernel resets those that still wait when a port is closed.
      await immediate();
      const closed = [http, tcp].filter(({ listening }) => listening).map((server) => close(server));
      const late = setTimeout(() => {
        for (const socket of connections) socket.resetAndDestroy();
      }, graceMs);
      await Promise.all(closed);
      clearTimeout(late);
    },
    async start() {
      await listen(http, httpPort);
      await listen(tcp, tcpPort);
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

/** Closes the port only: http's own close would end a connection whose request is on its way. */
async function close(server: Server): Promise<void> {
  Server.prototype.close.call(server);
  await once(server, 'close');
}
