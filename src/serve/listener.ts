import { createServer, IncomingMessage } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Listen } from '../config/index.ts';
import { WeirError } from '../model/index.ts';
import { findPortHolder } from './port-holder.ts';

/** What answers requests: a Hono app. */
export interface Routes {
  fetch(request: Request, env: Partial<HttpBindings>): Response | Promise<Response>;
}

export interface Listening {
  /** `http://127.0.0.1:8377`, with the port really taken. */
  readonly url: string;
  close(): Promise<void>;
}

/** Opens one HTTP listener with tight limits. `key` names the setting in errors (E_PORT_TAKEN, E_PORT_PERMISSION). */
export async function openListener(routes: Routes, listen: Listen, key: string): Promise<Listening> {
  const listener = getRequestListener((request, env) => routes.fetch(request, onHttp1(env)), {
    overrideGlobalObjects: false,
  });
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 5_000,
      maxHeaderSize: 16_384,
      connectionsCheckingInterval: 5_000,
    },
    (request, response) => void listener(request, response),
  );
  server.maxConnections = 512;
  server.maxRequestsPerSocket = 1_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => void listenError(error, listen, key).then(reject));
    server.listen({ host: listen.host, port: listen.port }, resolve);
  });
  // A fault of one connection is that client's; the server goes on.
  server.on('error', () => undefined);
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : listen.port;
  return {
    url: `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The bindings without those of HTTP/2, which this server never speaks. */
function onHttp1(env: object): Partial<HttpBindings> {
  return 'incoming' in env && env.incoming instanceof IncomingMessage ? { incoming: env.incoming } : {};
}

async function listenError(error: Error, { host, port }: Listen, key: string): Promise<Error> {
  const code = 'code' in error ? error.code : undefined;
  const where = `${key}: ${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (code === 'EADDRINUSE') {
    const holder = (await findPortHolder(port)) ?? 'another process';
    const hint = `Stop it, or give ${key} another port (0: any free one; empty: off).`;
    return new WeirError('E_PORT_TAKEN', `${where} is taken by ${holder}`, { cause: error, hint });
  }
  if (code === 'EACCES') return new WeirError('E_PORT_PERMISSION', `${where} may not be listened on`, { cause: error });
  return new WeirError('E_CONFIG', `${where} cannot be listened on: ${error.message}`, { cause: error });
}
