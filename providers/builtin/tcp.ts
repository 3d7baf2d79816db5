/** Layer 4: bytes both ways between a client and a target. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { LiveBackend } from './backend.ts';
import type { LiveTarget } from './target.ts';
import { candidates, chooseBackend, clientOf, type Timeouts, type Traffic } from './traffic.ts';

/** Relays one accepted connection until either side has closed it. A target that refuses is passed over before a byte is sent. */
export async function relayTcp(client: Socket, traffic: Traffic): Promise<void> {
  const { shares, timeouts } = traffic.settings();
  client.on('error', () => client.destroy());
  const backend = chooseBackend(traffic, shares);
  if (backend === undefined) return void client.destroy();
  const asker = { client: clientOf(client), uri: clientOf(client) };
  for (const target of candidates(traffic, backend, asker)) {
    const upstream = await reach(target, backend, timeouts.connectMs ?? traffic.options.connectMs);
    if (client.destroyed) return void upstream?.destroy();
    if (upstream === undefined) {
      target.refused();
      continue;
    }
    return join(client, upstream, target, timeouts);
  }
  traffic.count('failed');
  // A reset tells the client that nobody served it; an orderly end could be read as an empty answer.
  client.resetAndDestroy();
}

/** A connection to the target, or undefined when it cannot be had in time. */
function reach({ address, port }: LiveTarget, backend: LiveBackend, timeoutMs: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const place = { host: address, port, allowHalfOpen: true };
    const socket = backend.tls === undefined ? connect(place) : connectTls({ ...place, ...backend.tls });
    const fail = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(undefined);
    };
    const timer = setTimeout(fail, timeoutMs);
    socket.on('error', fail);
    socket.once(backend.tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}

/** Half-closed connections stay half open: one side may still send. */
export function join(client: Socket, upstream: Socket, target: LiveTarget, timeouts: Timeouts): void {
  const end = () => {
    client.destroy();
    upstream.destroy();
  };
  const release = target.use(end);
  const idleMs = timeouts.tunnelMs ?? timeouts.clientMs;
  for (const socket of [client, upstream]) {
    socket.setNoDelay(true);
    if (idleMs !== undefined) socket.setTimeout(idleMs, end);
    socket.on('error', end);
  }
  client.on('close', () => {
    release();
    upstream.destroy();
  });
  upstream.on('close', () => client.destroySoon());
  client.pipe(upstream);
  upstream.pipe(client);
}
