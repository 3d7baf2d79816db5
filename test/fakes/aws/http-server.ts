import { createServer, type IncomingMessage } from 'node:http';
import { listen } from '../listen.ts';
import type { Account } from './core/account.ts';
import { BrokenConnection } from './core/aws-error.ts';
import { answer, type WireReply } from './wire/front.ts';

/** The account on a port of loopback: what `AWS_ENDPOINT_URL` may name. */
export interface FakeServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves every API of the account on one free port, or on the given one. */
export async function serveHttp(account: Account, port = 0): Promise<FakeServer> {
  const server = createServer(async (request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    let reply: WireReply;
    try {
      const body = await bodyOf(request);
      reply = await answer(account, { headers: flat(request), body, signal: gone.signal });
    } catch (error) {
      // Lost request or lost reply: the caller sees the connection break, whatever was done.
      if (!(error instanceof BrokenConnection)) account.loud.push(String(error));
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.status, reply.headers).end(reply.body);
  });
  const bound = await listen(server, '127.0.0.1', port);
  return {
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}

function flat({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );
}
