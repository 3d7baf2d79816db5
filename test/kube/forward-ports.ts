/** Ports of a node that lead to Pods, and the health check ports beside them; part of the process of echo-pods.ts. */
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Target {
  readonly address: string;
  readonly port: number;
}

interface Place {
  readonly address: string;
  readonly port: number;
}

const forwards = new Map<string, { readonly server: Server; targets: readonly Target[] }>();
const healths = new Map<string, { readonly server: Server; local: number }>();

/** New connections go to these in turn; without any the port refuses. Connections that there are stay where they are. */
export async function forward(place: Place, targets: readonly Target[]): Promise<void> {
  const key = `${place.address} ${place.port}`;
  const old = forwards.get(key);
  if (targets.length === 0) {
    old?.server.close();
    healths.get(key)?.server.close();
    forwards.delete(key);
    healths.delete(key);
  } else if (old !== undefined) {
    old.targets = targets;
  } else {
    let turn = 0;
    const one = {
      targets,
      server: createServer({ allowHalfOpen: true }, (client) => {
        const target = one.targets[turn++ % one.targets.length];
        if (target === undefined) client.destroy();
        else join(client, connect({ host: target.address, port: target.port, allowHalfOpen: true }));
      }),
    };
    forwards.set(key, one);
    await listen(one.server, place);
  }
}

/** Answers as kube-proxy: 200 while there are endpoints on this node, else 503. */
export async function health(place: Place, local: number): Promise<void> {
  const key = `${place.address} ${place.port}`;
  const old = healths.get(key);
  if (old !== undefined) {
    old.local = local;
    return;
  }
  const one = {
    local,
    server: createHttpServer((_, reply) => {
      reply.writeHead(one.local > 0 ? 200 : 503, { 'content-type': 'application/json' });
      reply.end(JSON.stringify({ localEndpoints: one.local }));
    }),
  };
  healths.set(key, one);
  await listen(one.server, place);
}

function join(a: Socket, b: Socket): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroySoon());
  }
}

function listen(server: Server, { address, port }: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port }, resolve);
  });
}
