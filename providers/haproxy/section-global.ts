import type { Section } from './layout.ts';
import { defaultConnections, durationMs, type Options } from './options.ts';
import { word } from './quote.ts';
import { localPeer } from './section-guard.ts';
import { logLine } from './section-log.ts';

/** What the whole process obeys. The line of the runtime socket is added when the text is made: its path is the session's matter. */
export function globalSection(options: Options): Section {
  const lines = [
    'default-path config',
    localPeer,
    `maxconn ${options.maxConnections ?? defaultConnections}`,
    `hard-stop-after ${durationMs(options.hardStopAfter)}`,
    `mworker-max-reloads ${options.maxOldWorkers}`,
    'stats timeout 1h',
    `ssl-default-bind-options ssl-min-ver TLSv${options.tlsMin}`,
    `ssl-default-bind-ciphers ${ciphers}`,
    'ssl-default-server-options ssl-min-ver TLSv1.2',
    'tune.ssl.default-dh-param 2048',
    // Nothing here asks anybody by HTTP. To be ready for it, each start and each check would read all authorities of the system: 20 ms.
    'httpclient.ssl.verify none',
  ];
  if (options.threads !== undefined) lines.push(`nbthread ${options.threads}`);
  if (options.user !== undefined) lines.push(`user ${word(options.user)}`);
  if (options.group !== undefined) lines.push(`group ${word(options.group)}`);
  lines.push(...tuningLines(options, globalKeywords));
  if (options.log !== undefined)
    lines.push(`log ${word(options.log)} len 8192 format ${logFormatOf(options.log)} local0`);
  return { head: 'global', lines };
}

/** TLS 1.2 with forward secrecy and authenticated encryption only (Mozilla "intermediate"); TLS 1.3 has no others. */
const ciphers = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Defaults for the HTTP sections that follow, or for the TCP ones. */
export function defaultsSection(mode: 'http' | 'tcp', options: Options): Section {
  const { timeouts } = options;
  const lines = [
    `mode ${mode}`,
    `timeout connect ${durationMs(timeouts.connect)}`,
    `timeout client ${durationMs(timeouts.client)}`,
    `timeout server ${durationMs(timeouts.server)}`,
    `timeout queue ${durationMs(timeouts.queue)}`,
    `timeout tunnel ${durationMs(timeouts.tunnel)}`,
    `retries ${options.retries}`,
    // At the first failure to connect, not at the last: a target that just went away refuses at once.
    'option redispatch 1',
  ];
  if (mode === 'http') {
    lines.push(
      `timeout http-request ${durationMs(timeouts.request)}`,
      `timeout http-keep-alive ${durationMs(timeouts.keepAlive)}`,
      // Nothing was sent, or nothing came back: the second only for methods that may be sent twice (see the backends).
      'retry-on conn-failure empty-response',
      // A stopping worker answers once more with `Connection: close` instead of closing under a request that is on its way.
      'option idle-close-on-response',
    );
  }
  if (mode === 'http') lines.push(...tuningLines(options, ['http-reuse']), ...compressionLines(options));
  if (options.log !== undefined) lines.push('log global', logLine(mode, options), 'option dontlognull');
  return { head: `defaults ${mode}`, lines };
}

const globalKeywords = [
  ...(['tune.bufsize', 'tune.maxrewrite', 'tune.http.maxhdr', 'tune.h2.max-concurrent-streams'] as const),
  ...(['tune.ssl.cachesize', 'tune.ssl.lifetime', 'spread-checks'] as const),
] as const;

function tuningLines(
  { tuning }: Options,
  keywords: readonly Exclude<keyof Options['tuning'], 'compression'>[],
): readonly string[] {
  return keywords.flatMap((keyword) => {
    const value = tuning[keyword];
    return value === undefined ? [] : [`${keyword} ${value}`];
  });
}

function compressionLines({ tuning }: Options): readonly string[] {
  if (tuning.compression === undefined) return [];
  return ['compression algo gzip', `compression type ${tuning.compression.map(word).join(' ')}`];
}

/** A terminal or file gets the bare line, a log daemon what it expects. */
function logFormatOf(target: string): string {
  return target === 'stdout' || target === 'stderr' ? 'raw' : 'rfc5424';
}
