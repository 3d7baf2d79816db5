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
    service: text('var(txn.service)'),
    backend: '"%b"',
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
    backend: '"%b"',
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

/** Looked up here and not in the log's format: HAProxy opens maps named there after it has left the directory of the file. */
export function serviceLines({ log, logFormat }: Options): readonly string[] {
  const wanted = log !== undefined && logFormat === 'json';
  return wanted ? [`http-after-response set-var(txn.service) be_name,map_str(${servicesPath})`] : [];
}

/** A service id that can stand in a map, and in a command that changes it. */
export function isLoggable(id: string): boolean {
  return /^[A-Za-z0-9_.:/-]{1,500}$/.test(id);
}
