import type { Options } from './options.ts';
import { literal } from './quote.ts';

/** Path of the map from sections to services, for the log. */
export const servicesPath = 'maps/services.map';

const text = (sample: string): string => `"%[${sample},json(utf8s)]"`;

/** Times in milliseconds, -1 where it never came so far. What clients write is escaped by HAProxy. */
const fields: Readonly<Record<'http' | 'tcp', Readonly<Record<string, string>>>> = {
  http: {
    time: '%[date(0,ms)]',
    client: '"%ci"',
    clientPort: '%cp',
    service: text('var(txn.service),field(1,#)'),
    backend: text('var(txn.service),field(2,#)'),
    server: '"%s"',
    method: text('capture.req.method'),
    host: text('var(txn.h)'),
    uri: text('capture.req.uri'),
    status: '%ST',
    bytes: '%B',
    queueMs: '%Tw',
    connectMs: '%Tc',
    responseMs: '%Tr',
    totalMs: '%Ta',
    end: '"%ts"',
  },
  tcp: {
    time: '%[date(0,ms)]',
    client: '"%ci"',
    clientPort: '%cp',
    service: text('var(sess.service),field(1,#)'),
    backend: text('var(sess.service),field(2,#)'),
    server: '"%s"',
    bytes: '%B',
    queueMs: '%Tw',
    connectMs: '%Tc',
    totalMs: '%Tt',
    end: '"%ts"',
  },
};

/** How requests or connections are logged. */
export function logLine(mode: 'http' | 'tcp', { logFormat }: Options): string {
  if (logFormat === 'standard') return `option ${mode}log`;
  const parts = Object.entries(fields[mode]).map(([name, value]) => `"${name}":${value}`);
  return `log-format ${literal(`{${parts.join(',')}}`)}`;
}

/** How what never became a request is logged: a TLS handshake or a PROXY header that failed. */
export function errorLogLines(options: Options): readonly string[] {
  if (!isNaming(options)) return [];
  const parts = Object.entries(failed).map(([name, value]) => `"${name}":${value}`);
  return [`error-log-format ${literal(`{${parts.join(',')}}`)}`];
}

const failed: Readonly<Record<string, string>> = {
  time: '%[date(0,ms)]',
  client: '"%ci"',
  clientPort: '%cp',
  frontend: '"%f"',
  error: text('fc_err_str'),
  tls: text('ssl_fc_err_str'),
};

/** Whether the log names services; the standard form is HAProxy's own. */
export function isNaming({ log, logFormat }: Options): boolean {
  return log !== undefined && logFormat === 'json';
}

/**
 * What of a section is named in the log, for a frontend for HTTP. Looked up here and not in the log's format: HAProxy opens maps named
 * there after it has left the directory of the file.
 */
export function serviceLines(options: Options): readonly string[] {
  return isNaming(options) ? [`http-after-response set-var(txn.service) be_name,map_str(${servicesPath})`] : [];
}

/** The same in TCP, where `section` is what was chosen. `rules`: `tcp-request session` or `tcp-request content`. */
export function connectionLines(options: Options, rules: string, section: string): readonly string[] {
  return isNaming(options) ? [`${rules} set-var(sess.service) ${section},map_str(${servicesPath})`] : [];
}

/** `service#backend`, where that can stand in a map and in a command that changes it. */
export function loggedName(service: string, backend: string): string | undefined {
  const name = backend.startsWith(`${service}#`) ? backend.slice(service.length + 1) : backend;
  if (!isLoggable(service)) return undefined;
  return isLoggable(name) ? `${service}#${name}` : service;
}

function isLoggable(id: string): boolean {
  return /^[A-Za-z0-9_.:/-]{1,500}$/.test(id);
}
