import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import type { ExportedService, Target } from '../../src/model/index.ts';
import { hostOf, keyOf } from './services.ts';

/** Real targets and clients on loopback, for providers whose fronts are real ports. */
export class RealTraffic {
  readonly #address: string;
  readonly #servers: Server[] = [];

  /** Where the provider listens. */
  constructor(address: string) {
    this.#address = address;
  }

  async port(): Promise<number> {
    const server = await listen(this.#address, () => {});
    const port = portOf(server);
    server.close();
    await once(server, 'close');
    return port;
  }

  /** Servers that answer everything, HTTP or not, with their own `address:port`. */
  async targets(count: number): Promise<readonly Target[]> {
    const made: Target[] = [];
    for (let i = 0; i < count; i++) {
      let key = '';
      const server = await listen('127.0.0.1', () => key);
      this.#servers.push(server);
      const target = { address: '127.0.0.1', port: portOf(server), weight: 100, state: 'ready' } as const;
      key = keyOf(target);
      made.push(target);
    }
    return made;
  }

  /** Who answers a few connections in a row. */
  async answers(service: ExportedService): Promise<ReadonlySet<string>> {
    const [front] = service.fronts;
    const keys = new Set<string>();
    for (let i = 0; front !== undefined && i < 16; i++) {
      const answer = await ask(this.#address, front.port, hostOf(service) ?? 'none');
      const key = /target=([\d.:]+)/.exec(answer)?.[1];
      if (key !== undefined) keys.add(key);
    }
    return keys;
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.close();
      await once(server, 'close');
    }
  }
}

async function listen(address: string, key: () => string | undefined): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      const body = `target=${key()}`;
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
    });
  });
  server.listen(0, address);
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port');
  return address.port;
}

/** One request on a connection of its own; empty when nobody answers. */
function ask(address: string, port: number, host: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, address, () =>
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
    );
    socket.setTimeout(2000, () => socket.destroy());
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}
