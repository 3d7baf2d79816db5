/** Protocol switches over HTTP/1.1 (WebSocket): the head is forwarded, then bytes flow both ways. */
import { type IncomingMessage, request as requestPlain, STATUS_CODES } from 'node:http';
import { request as requestTls } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { LiveBackend } from './backend.ts';
import { onConnected } from './forward.ts';
import { type Origin, type RawHeaders, requestHeaders, responseHeaders, rewrittenUri } from './headers.ts';
import type { Decision } from './http.ts';
import type { Seen } from './match.ts';
import type { LiveTarget } from './target.ts';
import { join } from './tcp.ts';
import { candidates, chooseBackend, type Traffic } from './traffic.ts';

export interface Switch {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the client sent behind its head already. */
  readonly head: Buffer;
  readonly seen: Seen;
  readonly origin: Origin;
  readonly decision: Decision;
  readonly traffic: Traffic;
}

export async function upgrade(asked: Switch): Promise<void> {
  const { socket, seen, decision, traffic } = asked;
  socket.on('error', () => socket.destroy());
  if (decision.type !== 'forward') return refuse(socket, decision.type === 'fixed' ? decision.status : 426);
  const backend = chooseBackend(traffic, decision.shares);
  if (backend === undefined) return refuse(socket, 503);
  let status = 503;
  for (const target of candidates(traffic, backend, { client: seen.client, uri: seen.path })) {
    if (await attempt(asked, decision, backend, target)) return;
    status = 502;
    target.refused();
  }
  traffic.count('failed');
  refuse(socket, status);
}

/** True when the client has its answer or is gone. */
function attempt(
  asked: Switch,
  decision: Extract<Decision, { type: 'forward' }>,
  backend: LiveBackend,
  target: LiveTarget,
): Promise<boolean> {
  const { request, socket, head, seen, origin, traffic } = asked;
  const { filters, timeouts } = decision.route;
  return new Promise((resolve) => {
    const settings = {
      host: target.address,
      port: target.port,
      path: rewrittenUri(seen, filters),
      method: request.method,
      headers: requestHeaders(request, origin, filters, true),
      setHost: false,
      agent: false,
    } as const;
    const upstream = backend.tls === undefined ? requestPlain(settings) : requestTls({ ...settings, ...backend.tls });
    let sending = false;
    let answered = false;
    onConnected(upstream, backend.tls !== undefined, timeouts.connectMs ?? traffic.options.connectMs, () => {
      sending = true;
      upstream.end();
    });
    upstream.setTimeout(timeouts.serverMs ?? traffic.options.serverMs, () => upstream.destroy());
    upstream.on('upgrade', (answer, targetSocket, targetHead) => {
      answered = true;
      upstream.setTimeout(0);
      socket.write(
        headText(answer, [
          ...responseHeaders(answer.rawHeaders, filters),
          'Connection',
          'Upgrade',
          'Upgrade',
          answer.headers.upgrade ?? '',
        ]),
      );
      if (targetHead.length > 0) socket.write(targetHead);
      if (head.length > 0) targetSocket.write(head);
      if (socket instanceof Socket) join(socket, targetSocket, target, timeouts);
      else targetSocket.destroy();
      resolve(true);
    });
    upstream.on('response', (answer) => {
      answered = true;
      // The target declined to switch: its answer goes out whole, and the connection ends with it.
      socket.write(headText(answer, [...responseHeaders(answer.rawHeaders, filters), 'Connection', 'close']));
      answer.pipe(socket);
      resolve(true);
    });
    socket.once('close', () => upstream.destroy());
    upstream.on('error', () => {
      // After the head was sent the target may have acted on it: it is not sent again.
      if (sending && !answered && socket.writable) refuse(socket, 502);
      resolve(sending || socket.destroyed);
    });
  });
}

function headText({ statusCode = 502, statusMessage = '' }: IncomingMessage, headers: RawHeaders): string {
  const lines = headers.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${headers[i + 1] ?? ''}`] : []));
  return `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join('\r\n')}\r\n\r\n`;
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
