/** A web back end that says who it is: answers `<name> <method> <host><path>` and keeps what it saw. */
import { createServer, type IncomingMessage } from 'node:http';
import { listen } from './listen.ts';

export interface Echo {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Requests answered so far. */
  count(): number;
  last(): IncomingMessage | undefined;
  close(): Promise<void>;
}

export async function startEcho(name: string, address = '127.0.0.1', port = 0): Promise<Echo> {
  let count = 0;
  let last: IncomingMessage | undefined;
  const server = createServer((request, response) => {
    count++;
    last = request;
    request.resume();
    request.on('end', () => {
      response.setHeader('x-target', name);
      response.end(`${name} ${request.method} ${request.headers.host}${request.url}\n`);
    });
  });
  const taken = await listen(server, address, port);
  return {
    name,
    address,
    port: taken,
    count: () => count,
    last: () => last,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
