import type { FrontendAttrs } from './attrs.ts';
import type { Bind } from './layout.ts';
import { answerName, certPath, crtListPath, drainVariable, frontendName, mapPath } from './names.ts';
import { directoryOf, type Options } from './options.ts';
import { literal, word } from './quote.ts';
import type { RouteTable } from './route-table.ts';
import { refusalLines } from './section-answer.ts';
import { clientLines } from './section-client.ts';
import { forwardedLines, proxyRanges } from './section-forwarded.ts';
import { fromRanges } from './section-guard.ts';
import { hopLines } from './section-hops.ts';
import { connectionLines, errorLogLines, isNaming, serviceLines } from './section-log.ts';
import { routeLines } from './section-routes.ts';
import { handOverSocket, misdirectedLines, sniLines } from './section-sni.ts';

/** The addresses and port that a frontend listens on. */
export function bindsOf(frontend: string, attrs: FrontendAttrs, options: Options): readonly Bind[] {
  return listenAddresses(options, attrs.addresses).map((address) => ({
    ...{ address, port: attrs.port, frontend },
    ...(attrs.brought === undefined ? {} : { brought: attrs.brought }),
  }));
}

/** `own`, else the balancer's addresses, without those that the kernel has not. */
export function listenAddresses(options: Options, own: readonly string[] = []): readonly string[] {
  const addresses = own.length === 0 ? options.addresses : own;
  return addresses.filter((address) => options.ipv6 !== 'off' || !address.includes(':'));
}

/** Lines of a frontend for HTTP or HTTPS. */
export function httpFrontendLines(
  frontend: string,
  attrs: FrontendAttrs,
  table: RouteTable,
  options: Options,
): readonly string[] {
  return [
    ...commonLines(frontend, attrs, options),
    ...(attrs.requestMs === undefined ? [] : [`timeout http-request ${attrs.requestMs}`]),
    ...(attrs.keepAliveMs === undefined ? [] : [`timeout http-keep-alive ${attrs.keepAliveMs}`]),
    ...refusalLines,
    ...tunnelLines,
    ...ownHopLines,
    ...hopLines,
    ...forwardedLines(attrs, options),
    ...clientLines(attrs, options),
    ...serviceLines(options),
    drainLine,
    // The last rules: they end the section's early.
    ...routeLines(frontend, table, {
      first: attrs.behind === undefined ? [] : misdirectedLines(frontendName(attrs.behind), frontend),
      // The log tells it; certificates of clients are for one host.
      host: isNaming(options) || attrs.tls,
      climbing: options.climbingPaths === 'refuse',
    }),
    `default_backend ${answerName(404)}`,
  ];
}

/**
 * Ways to a tunnel in which a client would speak HTTP with the target past every rule: nobody asks a reverse proxy for CONNECT, and what
 * clients of HTTP/1 once used to change to HTTP/2 (RFC 9113, 3.1: obsolete) is not passed on; the request itself is served.
 */
const tunnelLines = [
  'http-request deny deny_status 405 if { method CONNECT }',
  'http-request del-header Upgrade if { req.hdr(upgrade) -m sub -i h2c }',
] as const;

/** A header named in `Connection` is for the next hop alone (RFC 9110, 7.6.1): a proxy behind this one would leave out what it is told of the client. */
const otherHops = `{ req.hdr(connection) -m reg -i -- ${literal('^(?!(?:close|keep-alive|upgrade|te)?$)')} }`;

/** Also for the bench, whose other side says the same. `Proxy` is a setting to programs behind CGI (CVE-2016-5385), and no header of HTTP. */
export const ownHopLines = [
  `http-request set-header Connection upgrade if ${otherHops} { req.hdr(connection) -m str -i upgrade }`,
  `http-request del-header Connection if ${otherHops}`,
  'http-request del-header Proxy',
] as const;

/** While this weir is to leave, connections end between two requests. HAProxy 2.6 knows no such thing for HTTP/2. */
const drainLine = `http-after-response set-header Connection close if { var(${drainVariable}) -m bool }`;

/** Lines of a frontend for TLS that is passed through, by the name in the client's hello. */
export function sniFrontendLines(frontend: string, attrs: FrontendAttrs, options: Options): readonly string[] {
  const ended = attrs.beside === undefined ? undefined : frontendName(attrs.beside);
  return [...commonLines(frontend, attrs, options), ...sniLines(frontend, options, ended)];
}

/** Lines of a frontend for TCP, with or without TLS ended here. One backend is a choice of one: another needs no reload. */
export function tcpFrontendLines(frontend: string, attrs: FrontendAttrs, options: Options): readonly string[] {
  return [...commonLines(frontend, attrs, options), ...rangeLines(attrs), ...shareLines(frontend, options)];
}

/** In a rule of its own: HAProxy opens maps named in use_backend after it has left the directory of the file. */
function shareLines(frontend: string, options: Options): readonly string[] {
  const map = word(mapPath(frontend, 'shares'));
  return [
    `tcp-request session set-var(sess.b) rand(10000),add(10000),map_beg(${map})`,
    ...connectionLines(options, 'tcp-request session', 'var(sess.b)'),
    'use_backend %[var(sess.b)]',
  ];
}

function commonLines(frontend: string, attrs: FrontendAttrs, options: Options): readonly string[] {
  const lines =
    attrs.behind === undefined
      ? bindsOf(frontend, attrs, options).map((bind) => bindLine(bind, attrs, options))
      : [
          `bind ${handOverSocket(frontend, directoryOf(options))} accept-proxy ${tlsWords(frontend, attrs, options).join(' ')}`,
        ];
  if (attrs.behind === undefined) lines.push(...proxyLines(attrs, options));
  if (attrs.maxConnections !== undefined) lines.push(`maxconn ${attrs.maxConnections}`);
  if (attrs.clientMs !== undefined) lines.push(`timeout client ${attrs.clientMs}`);
  lines.push(...errorLogLines(options));
  return lines;
}

function bindLine({ address, port, frontend, brought }: Bind, attrs: FrontendAttrs, options: Options): string {
  const sixth = address.includes(':');
  const parts = ['bind', `${sixth ? `[${word(address)}]` : word(address)}:${port}`];
  // Each family has its own line, so that one that the kernel lacks can be left out alone.
  if (sixth) parts.push('v6only');
  // Binds what the machine does not have yet, without any right (IP_FREEBIND).
  if (brought === true) parts.push('transparent');
  if (attrs.acceptProxy === true && proxyRanges(options) === undefined) parts.push('accept-proxy');
  return [...parts, ...tlsWords(frontend, attrs, options)].join(' ');
}

/** Who may say for whom it speaks. The first rules: what follows sees the client that the PROXY header names. */
function proxyLines({ acceptProxy }: FrontendAttrs, options: Options): readonly string[] {
  const ranges = proxyRanges(options);
  if (acceptProxy !== true || ranges === undefined) return [];
  const reject = `tcp-request connection reject if !${fromRanges(ranges)}`;
  return [reject, 'tcp-request connection expect-proxy layer4'];
}

function tlsWords(frontend: string, attrs: FrontendAttrs, options: Options): readonly string[] {
  const parts: string[] = [];
  if (attrs.tls) parts.push('ssl', 'crt-list', word(crtListPath(frontend)));
  // In TCP the port has one front: its clients are asked whatever name they say.
  if (attrs.clientCa !== undefined && attrs.mode === 'tcp')
    parts.push('ca-file', word(certPath(attrs.clientCa)), 'verify', 'required');
  if (attrs.tls && attrs.mode === 'http') parts.push('alpn', options.alpn.map(word).join(','));
  return parts;
}

/** Before TLS and before anything is read; behind the PROXY header where there is one, since only it knows the client. */
function rangeLines({ ranges, denied, acceptProxy }: FrontendAttrs): readonly string[] {
  const reject = `tcp-request ${acceptProxy === true ? 'session' : 'connection'} reject if`;
  return [
    ...(ranges === undefined ? [] : [`${reject} !${fromRanges(ranges)}`]),
    ...(denied === undefined ? [] : [`${reject} ${fromRanges(denied)}`]),
  ];
}
