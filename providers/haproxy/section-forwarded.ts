import { parseCidr } from '../../src/net/index.ts';
import type { FrontendAttrs } from './attrs.ts';
import type { Options } from './options.ts';
import { literal } from './quote.ts';
import { fromRanges } from './section-guard.ts';

/** The ranges of proxies that are believed, in canonical form; undefined: nobody is. */
export function trustedRanges({ trustedProxies }: Options): readonly string[] | undefined {
  return trustedProxies.length === 0 ? undefined : canonical(trustedProxies);
}

/** The ranges of proxies that may speak the PROXY protocol, in canonical form; undefined: everybody may. */
export function proxyRanges({ proxyFrom }: Options): readonly string[] | undefined {
  return proxyFrom.length === 0 ? undefined : canonical(proxyFrom);
}

function canonical(ranges: readonly string[]): readonly string[] {
  const texts = ranges.flatMap((range) => {
    const parsed = parseCidr(range);
    return parsed.ok ? [parsed.value.text] : [];
  });
  return [...new Set(texts)].sort();
}

/**
 * Names that CGI and WSGI do not tell from ours: they have `_` for `-` (RFC 3875, 4.1.18). No proxy says them, a trusted one neither. The
 * names are tried one by one only where any has `_`.
 */
const twins = literal(
  '^x(_(ssl[-_]client[-_]|forwarded[-_]|real[-_]ip$)|-(ssl_client[-_]|ssl-client(_|-.*_)|forwarded_|real_ip$))',
);
export const twinLine = `http-request del-header ${twins} -m reg if { req.hdr_names -m sub _ }`;

/** Proxies in a row that are followed back to the client. */
const mostHops = 4;

/** What the targets are told about the client: what a client says of itself is replaced, what a trusted proxy says is believed. */
export function forwardedLines(attrs: FrontendAttrs, options: Options): readonly string[] {
  if (options.forwardedHeaders === 'keep') return [];
  const told = [
    ['X-Forwarded-Proto', attrs.tls ? 'https' : 'http'],
    ['X-Forwarded-Host', '%[req.fhdr(host)]'],
    ['X-Forwarded-Port', `${attrs.port}`],
  ] as const;
  const ranges = trustedRanges(options);
  if (ranges === undefined) {
    return [
      twinLine,
      'http-request set-header X-Forwarded-For %[src]',
      'http-request set-header X-Real-IP %[src]',
      ...told.map(([name, value]) => `http-request set-header ${name} ${value}`),
      'http-request del-header Forwarded',
    ];
  }
  const trusted = '{ var(txn.t) -m bool }';
  return [
    twinLine,
    `http-request set-var(txn.t) bool(true) if ${fromRanges(ranges)}`,
    'http-request set-var(txn.p) src',
    ...['X-Forwarded-For', 'Forwarded'].map((name) => `http-request del-header ${name} if !${trusted}`),
    ...told.map(
      ([name, value]) =>
        `http-request set-header ${name} ${value} if !${trusted} || !{ req.hdr(${name.toLowerCase()}) -m found }`,
    ),
    ...clientLines(ranges, trusted),
    'http-request set-header X-Real-IP %[src]',
    // A line of its own continues the list (RFC 9110, 5.3).
    'http-request add-header X-Forwarded-For %[var(txn.p)]',
  ];
}

/** From the last entry backwards: each that is a trusted proxy itself tells who came before it. */
function clientLines(ranges: readonly string[], trusted: string): readonly string[] {
  const list = 'req.hdr(x-forwarded-for)';
  return [
    `http-request set-src req.hdr_ip(x-real-ip) if ${trusted} !{ ${list} -m found } { req.hdr_ip(x-real-ip) -m found }`,
    ...Array.from({ length: mostHops }, (_, i) => {
      const entry = `req.hdr_ip(x-forwarded-for,-${i + 1})`;
      return `http-request set-src ${entry} if ${trusted} ${fromRanges(ranges)} { ${entry} -m found }`;
    }),
  ];
}
