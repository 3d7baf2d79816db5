/** Layer 7: one HTTP/1 server for a listener; finds the rule of a request and answers or forwards. */
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { forward } from './forward.ts';
import type { Origin } from './headers.ts';
import type { OwnAction } from './kinds.ts';
import { covers, findRoute, type Seen } from './match.ts';
import type { RouteSettings, Share } from './table.ts';
import { clientOf, type Traffic } from './traffic.ts';
import { upgrade } from './upgrade.ts';

/** What a request shall get. */
export type Decision =
  | {
      readonly type: 'forward';
      readonly shares: readonly Share[];
      readonly route: Pick<RouteSettings, 'filters' | 'timeouts'>;
    }
  | OwnAction;

/** A server that listens nowhere: the listener hands it accepted connections with `emit('connection')`. */
export function createRelayServer(traffic: Traffic): Server {
  const server = createServer({ keepAliveTimeout: 65_000, headersTimeout: 30_000, requestTimeout: 0 });
  server.on('request', (request, response) => {
    const { seen, origin, decision } = judge(request, traffic);
    traffic.count('request');
    if (traffic.leaving()) response.shouldKeepAlive = false;
    if (decision.type === 'forward') void forward({ request, response, seen, origin, decision, traffic });
    else answer(request, response, seen, origin, decision);
  });
  server.on('upgrade', (request, socket, head) => {
    const { seen, origin, decision } = judge(request, traffic);
    traffic.count('request');
    void upgrade({ request, socket, head, seen, origin, decision, traffic });
  });
  // Starts the server's own watch over slow heads, which otherwise begins with listen().
  server.emit('listening');
  return server;
}

function judge(request: IncomingMessage, traffic: Traffic) {
  const settings = traffic.settings();
  const seen = see(request);
  const origin: Origin = { client: seen.client, port: settings.port, secure: settings.tls !== undefined };
  return { seen, origin, decision: decide(settings, seen) };
}

function see(request: IncomingMessage): Seen {
  const { url = '/', headers, method = 'GET', socket } = request;
  // The absolute form names the host in the request line, which then counts (RFC 9112, 3.2.2).
  const absolute = /^https?:\/\/([^/?]*)(.*)$/i.exec(url);
  const target = absolute === null ? url : absolute[2] || '/';
  const mark = target.indexOf('?');
  return {
    method,
    host: hostName(absolute?.[1] ?? headers.host ?? ''),
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    client: clientOf(socket),
    headers,
  };
}

/** `Shop.test.:8080` → `shop.test`. */
function hostName(authority: string): string {
  return authority.replace(/^.*@/, '').replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
}

function decide(settings: ReturnType<Traffic['settings']>, seen: Seen): Decision {
  const route = findRoute(settings, seen);
  if (route === undefined) {
    if (settings.action !== undefined) return settings.action;
    if (settings.shares.length === 0) return { type: 'fixed', status: 404 };
    return { type: 'forward', shares: settings.shares, route: { filters: [], timeouts: settings.timeouts } };
  }
  if (route.sourceRanges !== undefined && !covers(route.sourceRanges, seen.client))
    return { type: 'fixed', status: 403 };
  if (route.action !== undefined) return route.action;
  // A rule whose backends cannot be used keeps its host and path: nobody else's rule may answer in its place.
  if (route.shares.length === 0) return { type: 'fixed', status: 503 };
  return { type: 'forward', shares: route.shares, route };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  seen: Seen,
  origin: Origin,
  action: OwnAction,
): void {
  // An unread body would be taken for the next request.
  request.resume();
  if (action.type === 'redirect') {
    response.writeHead(action.code, { Location: location(seen, origin, action), 'Content-Length': 0 }).end();
    return;
  }
  sendFixed(response, action.status, action.body, action.contentType);
}

/** An answer of the relay's own. */
export function sendFixed(
  response: ServerResponse,
  status: number,
  body?: string,
  contentType = 'text/plain; charset=utf-8',
): void {
  const text = body ?? `${status} ${STATUS_CODES[status] ?? ''}\n`;
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) }).end(text);
}

function location(seen: Seen, origin: Origin, action: Extract<OwnAction, { type: 'redirect' }>): string {
  const scheme = action.scheme ?? (origin.secure ? 'https' : 'http');
  // Another scheme means its usual port unless one is named.
  const port = action.port ?? (action.scheme === undefined ? origin.port : undefined);
  const usual = port === undefined || port === (scheme === 'https' ? 443 : 80);
  const path = action.path ?? `${seen.path}${seen.query === '' ? '' : `?${seen.query}`}`;
  return `${scheme}://${action.host ?? seen.host}${usual ? '' : `:${port}`}${path}`;
}

/** Hands an accepted connection over. */
export function serveHttp(server: Server, socket: Socket): void {
  server.emit('connection', socket);
}
