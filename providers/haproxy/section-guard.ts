import type { RouteFilter } from './attrs.ts';
import type { Section } from './layout.ts';
import { ownSocket, rangesPath, shortHash } from './names.ts';
import { bytes, word } from './quote.ts';
import { corsLines } from './section-cors.ts';
import { authLines } from './section-users.ts';

/** The client's address is in these ranges. */
export function fromRanges(ranges: readonly string[]): string {
  return `{ src,map_ip(${word(rangesPath(ranges))}) -m found }`;
}

type Guard = Pick<Extract<RouteFilter, { readonly type: 'sourceRanges' }>, 'type'> & {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
};

/** The rules that keep requests out; none for a filter that only changes them. `chosen`: the condition that the filter is meant. */
export function guardLines(filter: RouteFilter | Guard, chosen: string): readonly string[] {
  switch (filter.type) {
    case 'sourceRanges':
      return accessLines(filter, chosen);
    case 'rateLimit':
      return rateLines(filter, chosen);
    case 'bodyLimit':
      return bodyLines(filter.bytes, chosen);
    case 'basicAuth':
      return authLines(filter, chosen);
    case 'cors':
      return corsLines(filter, chosen);
    default:
      return [];
  }
}

/** Ranges fail closed: who is not found in the map of those allowed is denied, also when the map is empty. */
function accessLines({ allow, deny }: Guard, chosen: string): readonly string[] {
  const refuse = `http-request deny deny_status 403 if ${chosen}`;
  return [
    ...(allow === undefined ? [] : [`${refuse} !${fromRanges(allow)}`]),
    ...(deny === undefined ? [] : [`${refuse} ${fromRanges(deny)}`]),
  ];
}

type RateLimit = Extract<RouteFilter, { readonly type: 'rateLimit' }>;

const peersName = 'weir';

/** Who the process is to itself: a stopping worker tells the next one what it counted. */
export const localPeer = 'localpeer weir';

/** Where workers meet for that. */
export function peersSection(directory: string): Section {
  return { head: `peers ${peersName}`, lines: [`peer weir ${ownSocket(directory, 'peers')}`] };
}

/** Name of the section that holds the counters of a limit: one for each service and limit. */
export function tableName({ scope, burst, windowMs }: RateLimit): string {
  return `t_${shortHash(JSON.stringify([scope, burst, windowMs]))}`;
}

/** The counters of a limit: requests let through in the last window, for each address. */
export function tableLine({ windowMs }: RateLimit): string {
  return `stick-table type ipv6 size 100k expire ${windowMs * 2}ms store gpc0_rate(${windowMs}ms) peers ${peersName}`;
}

/** Only what is let through counts, so a client that goes on asking is served at the rate it may have. An IPv6 client owns a /64. */
function rateLines(limit: RateLimit, chosen: string): readonly string[] {
  const table = word(tableName(limit));
  const answer = `content-type text/plain string ${bytes('429: too many requests\n')} hdr Retry-After 1`;
  return [
    `http-request track-sc0 src,ipmask(32,64) table ${table} if ${chosen}`,
    `http-request deny deny_status 429 ${answer} if ${chosen} { sc0_gpc0_rate(${table}) ge ${limit.burst} }`,
    `http-request sc-inc-gpc0(0) if ${chosen}`,
  ];
}

/** A body of unknown length could not be stopped at the limit, so its length must be told. */
function bodyLines(limit: number, chosen: string): readonly string[] {
  // What becomes a WebSocket has no end yet, and no body.
  const bare = `${chosen} !{ req.hdr(content-length) -m found } !{ req.hdr(upgrade) -m found }`;
  return [
    `http-request deny deny_status 413 if ${chosen} { req.hdr_val(content-length) gt ${limit} }`,
    `http-request return status 411 if ${chosen} !{ req.hdr(content-length) -m found } !{ method GET HEAD OPTIONS TRACE }`,
    `http-request return status 411 if ${chosen} { req.hdr(transfer-encoding) -m found }`,
    // In HTTP/2 those methods may bring a body without either header. Who announces one and keeps it back gets 408.
    `http-request wait-for-body time 5s at-least 1 if ${bare}`,
    `http-request return status 411 if ${bare} { req.body_size gt 0 }`,
  ];
}
