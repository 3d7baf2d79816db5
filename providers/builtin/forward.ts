/** Forwards one HTTP request to a target of its backend, streaming both ways. */
import { type ClientRequest, type IncomingMessage, request as requestPlain, type ServerResponse } from 'node:http';
import { request as requestTls } from 'node:https';
import { pipeline } from 'node:stream';
import type { LiveBackend } from './backend.ts';
import { type Origin, requestHeaders, responseHeaders, rewrittenUri } from './headers.ts';
import { type Decision, sendFixed } from './http.ts';
import type { Seen } from './match.ts';
import type { LiveTarget } from './target.ts';
import { candidates, chooseBackend, type Traffic } from './traffic.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly seen: Seen;
  readonly origin: Origin;
  readonly decision: Extract<Decision, { type: 'forward' }>;
  readonly traffic: Traffic;
}

/**
 * done: the client has (or is getting) an answer, or is gone. again: another target may be asked, nothing has been acted on.
 * stale: the target had closed the idle connection, which says nothing about it: it may be asked over a new one.
 */
type Outcome = 'done' | 'again' | 'stale' | { readonly status: 502 | 504 };

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

export async function forward(exchange: Exchange): Promise<void> {
  const { response, seen, decision, traffic } = exchange;
  response.on('error', () => response.destroy());
  const backend = chooseBackend(traffic, decision.shares);
  const uri = rewrittenUri(seen, decision.route.filters);
  let status = 503;
  if (backend !== undefined) {
    for (const target of candidates(traffic, backend, { client: seen.client, uri: seen.path })) {
      const first = await attempt(exchange, backend, target, uri, true);
      const outcome = first === 'stale' ? await attempt(exchange, backend, target, uri, false) : first;
      if (outcome === 'done') return;
      status = typeof outcome === 'string' ? 502 : outcome.status;
      if (typeof outcome !== 'string') break;
      target.refused();
    }
  }
  traffic.count('failed');
  exchange.request.resume();
  if (!response.headersSent && !response.destroyed) sendFixed(response, status);
}

/**
 * One try. Nothing is written before the connection stands, so a target that refuses costs nothing. A request that may have side effects
 * or carries a body never rides on an idle connection (a target may close one as the request arrives) and is never sent twice.
 */
function attempt(
  exchange: Exchange,
  backend: LiveBackend,
  target: LiveTarget,
  uri: string,
  reuse: boolean,
): Promise<Outcome> {
  const { request, response, decision, traffic } = exchange;
  const { timeouts } = decision.route;
  const body = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  const repeatable = !body && idempotent.has(request.method ?? '');
  return new Promise((resolve) => {
    if (response.destroyed) return resolve('done');
    const upstream = openRequest(exchange, backend, target, uri, repeatable && reuse);
    const release = target.use(() => upstream.destroy());
    let sending = false;
    let answered = false;
    let failure: 502 | 504 = 502;

    const begin = () => {
      sending = true;
      if (body) request.pipe(upstream);
      else upstream.end();
    };
    onConnected(upstream, backend.tls !== undefined, timeouts.connectMs ?? traffic.options.connectMs, begin);
    upstream.setTimeout(timeouts.serverMs ?? traffic.options.serverMs, () => {
      failure = 504;
      upstream.destroy(new Error('time-out'));
    });
    upstream.on('response', (answer) => {
      answered = true;
      response.writeHead(
        answer.statusCode ?? 502,
        answer.statusMessage,
        responseHeaders(answer.rawHeaders, decision.route.filters),
      );
      response.flushHeaders();
      // A cut-off answer must look cut off to the client too: pipeline destroys the response then.
      pipeline(answer, response, () => resolve('done'));
    });
    const gone = () => upstream.destroy();
    response.once('close', gone);
    upstream.on('error', () => {});
    upstream.on('close', () => {
      release();
      response.off('close', gone);
      request.unpipe(upstream);
      if (answered || response.destroyed) return resolve('done');
      if (failure === 504 || (sending && !repeatable)) return resolve({ status: failure });
      resolve(upstream.reusedSocket ? 'stale' : 'again');
    });
  });
}

function openRequest(
  exchange: Exchange,
  backend: LiveBackend,
  target: LiveTarget,
  uri: string,
  reuse: boolean,
): ClientRequest {
  const { request, origin, decision } = exchange;
  const settings = {
    host: target.address,
    port: target.port,
    path: uri,
    method: request.method,
    headers: requestHeaders(request, origin, decision.route.filters),
    setHost: false,
    agent: reuse ? target.agent : false,
  } as const;
  return backend.tls === undefined ? requestPlain(settings) : requestTls({ ...settings, ...backend.tls });
}

/** Calls back once the connection stands; ends the request when that takes longer than `timeoutMs`. */
export function onConnected(upstream: ClientRequest, secure: boolean, timeoutMs: number, begin: () => void): void {
  upstream.once('socket', (socket) => {
    if (!socket.connecting && upstream.reusedSocket) return begin();
    const timer = setTimeout(() => upstream.destroy(new Error('connect time-out')), timeoutMs);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      begin();
    });
    socket.once('close', () => clearTimeout(timer));
  });
}
