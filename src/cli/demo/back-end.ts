/** A small web and TCP back end of the demo: says its name. In this process, so that nothing of it can be left behind. */
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { freePort } from './ports.ts';

export interface BackEnd {
  readonly name: string;
  /** Ports on 127.0.0.1; the same ones after a `start` that follows a `kill`. */
  readonly httpPort: number;
  readonly tcpPort: number;
  /** As if its process was killed: ports and connections are gone at once, answered or not. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

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
      const closed = [http, tcp].filter(({ listening }) => listening).map((server) => close(server));
      for (const socket of connections) socket.resetAndDestroy();
      await Promise.all(closed);
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

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
