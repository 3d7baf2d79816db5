/** Request and response heads as they pass: hop-by-hop fields stay behind, X-Forwarded-* are added, filters apply. Pure. */
import type { IncomingMessage } from 'node:http';
import type { RouteAttrs } from './kinds.ts';
import { expression, type Seen } from './match.ts';

type Filters = RouteAttrs['filters'];

/** Name, value, name, value …: keeps duplicates, order and spelling. */
export type RawHeaders = readonly string[];

/** RFC 9110, 7.6.1: meant for the next hop only. Trailers are not passed on, so they are not announced either. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Ours alone: what a client says there is not believed. */
const forwarded = new Set(['x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-for']);

/** What is known of the connection that a request came over. */
export interface Origin {
  readonly client: string;
  readonly port: number;
  readonly secure: boolean;
}

/** The request's head for the target. `upgrade` keeps the fields of a protocol switch. */
export function requestHeaders(request: IncomingMessage, origin: Origin, filters: Filters, upgrade = false): string[] {
  const kept = passing(request.rawHeaders, (name) => !forwarded.has(name));
  const before = request.headers['x-forwarded-for'];
  const host = request.headers.host ?? '';
  const headers = [
    ...kept,
    ...['X-Forwarded-For', before === undefined ? origin.client : `${before}, ${origin.client}`],
    ...['X-Forwarded-Proto', origin.secure ? 'https' : 'http'],
    ...['X-Forwarded-Port', String(origin.port)],
    ...(host === '' ? [] : ['X-Forwarded-Host', host]),
  ];
  // A body of unknown length stays one: without the field a target would read it as the next request.
  if (request.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked');
  if (upgrade) headers.push('Connection', 'Upgrade', 'Upgrade', request.headers.upgrade ?? '');
  const filtered = applyHeaderFilters(headers, filters, 'requestHeader');
  const replaced = filters.findLast((filter) => filter.type === 'host');
  return replaced === undefined ? filtered : [...without(filtered, 'host'), 'Host', replaced.value];
}

/** The answer's head for the client. */
export function responseHeaders(raw: RawHeaders, filters: Filters): string[] {
  return applyHeaderFilters(passing(raw), filters, 'responseHeader');
}

function passing(raw: RawHeaders, keep: (name: string) => boolean = () => true): string[] {
  const named = new Set(
    pairs(raw)
      .filter(([name]) => name.toLowerCase() === 'connection')
      .flatMap(([, value]) => value.toLowerCase().split(/[\s,]+/)),
  );
  return pairs(raw)
    .filter(([name]) => {
      const lower = name.toLowerCase();
      return !hopByHop.has(lower) && !named.has(lower) && keep(lower);
    })
    .flat();
}

function applyHeaderFilters(headers: string[], filters: Filters, type: 'requestHeader' | 'responseHeader'): string[] {
  let result = headers;
  for (const filter of filters) {
    if (filter.type !== type || !('op' in filter)) continue;
    if (filter.op !== 'add') result = without(result, filter.name);
    if (filter.op !== 'remove') result = [...result, filter.name, filter.value ?? ''];
  }
  return result;
}

function without(headers: RawHeaders, name: string): string[] {
  return pairs(headers)
    .filter(([given]) => given.toLowerCase() !== name.toLowerCase())
    .flat();
}

function pairs(raw: RawHeaders): readonly (readonly [string, string])[] {
  return raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? ''] as const] : []));
}

/** Path and query for the target. */
export function rewrittenUri({ path, query }: Seen, filters: Filters): string {
  let result = path;
  for (const filter of filters) {
    if (filter.type === 'rewriteRegex') result = result.replace(expression(filter.pattern), replacement(filter.to));
    if (filter.type === 'rewritePrefix' && result.startsWith(filter.from)) {
      const rest = result.slice(filter.from.length);
      // `/api` → `/` must not make `//x`, and `/api/` → `/v2` must not make `/v2x`.
      const joined = `${filter.to.replace(/\/$/, '')}${rest === '' || rest.startsWith('/') ? rest : `/${rest}`}`;
      result = joined === '' ? '/' : joined;
    }
  }
  return query === '' ? result : `${result}?${query}`;
}

/** `\1` names a group; `$` is itself. */
function replacement(text: string): string {
  return text.replaceAll('$', '$$$$').replace(/\\([1-9])/g, '$$$1');
}
