/**
 * The containers of all Pods of one node, in one process: HTTP servers that answer the name of their Pod; and the node's own
 * ports. Reads orders from standard
 * input, a line of JSON each, and ends with it.
 */
import { createServer, type Server } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { forward, health } from './forward-ports.ts';

interface Order {
  readonly id: number;
  readonly op: 'open' | 'refuse' | 'kill' | 'forward' | 'health';
  readonly name: string;
  readonly address: string;
  readonly ports?: readonly number[];
  readonly port?: number;
  readonly targets?: readonly { readonly address: string; readonly port: number }[];
  readonly local?: number;
}

const servers = new Map<string, readonly Server[]>();

async function open({ name, address, ports = [] }: Order): Promise<void> {
  const made = ports.map((port) => ({ port, server: answer(name) }));
  servers.set(
    name,
    made.map(({ server }) => server),
  );
  await Promise.all(
    made.map(
      ({ port, server }) =>
        new Promise<void>((resolve, reject) => {
          server.once('error', reject);
          server.listen({ host: address, port, backlog: 1024 }, resolve);
        }),
    ),
  );
}

function answer(name: string): Server {
  const server = createServer({ keepAliveTimeout: 60_000 }, async (request, reply) => {
    const delayMs = Number(new URL(request.url ?? '/', 'http://pod').searchParams.get('delay') ?? 0);
    if (delayMs > 0) await sleep(delayMs);
    const pod = name.slice(name.indexOf('/') + 1);
    // The clients of the benchmarks know their targets by `x-target`, and wait for nothing that has no length.
    const said = { 'x-pod': name, 'x-target': pod, 'content-length': Buffer.byteLength(pod) + 1 };
    reply.writeHead(200, { 'content-type': 'text/plain', ...said });
    reply.end(`${pod}\n`);
  });
  return server;
}

function refuse({ name }: Order): void {
  for (const server of servers.get(name) ?? []) {
    server.close();
    server.closeIdleConnections();
  }
}

function kill(order: Order): void {
  refuse(order);
  for (const server of servers.get(order.name) ?? []) server.closeAllConnections();
  servers.delete(order.name);
}

const does = {
  open,
  refuse,
  kill,
  forward: ({ address, port = 0, targets = [] }: Order) => forward({ address, port }, targets),
  health: ({ address, port = 0, local = 0 }: Order) => health({ address, port }, local),
};

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const order: Order = JSON.parse(line);
    let error: string | undefined;
    try {
      await does[order.op](order);
    } catch (thrown) {
      error = String(thrown);
    }
    process.stdout.write(`${JSON.stringify({ id: order.id, error })}\n`);
  })
  .on('close', () => process.exit(0));
