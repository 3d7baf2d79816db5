/** Services for tests in a few words. */
import type { Backend, CertRef, ExportedService, Front, Route, Target } from '../../src/model/index.ts';

export function target(address: string, port = 80, more: Partial<Target> = {}): Target {
  return { address, port, weight: 1, state: 'ready', ...more };
}

export function backend(more: Partial<Backend> = {}): Backend {
  return { targets: [target('10.0.0.1')], targetKind: 'ip', protocol: 'http', balance: 'roundrobin', ...more };
}

export function route(hosts: readonly string[], path?: Route['path'], more: Partial<Route> = {}): Route {
  const action = { type: 'forward', to: [{ backend: 'web', weight: 1 }] } as const;
  return { hosts, ...(path === undefined ? {} : { path }), filters: [], action, order: 0, ...more };
}

export function prefix(value: string): NonNullable<Route['path']> {
  return { type: 'prefix', value };
}

export function exact(value: string): NonNullable<Route['path']> {
  return { type: 'exact', value };
}

export function http(routes: readonly Route[], more: Partial<Front> = {}): Front {
  return { key: 'http', port: 80, protocol: 'http', routes, ...more };
}

export function https(routes: readonly Route[], certs: readonly CertRef[], more: Partial<Front> = {}): Front {
  return { key: 'https', port: 443, protocol: 'https', tls: { mode: 'terminate', certs }, routes, ...more };
}

export function tcp(port: number, more: Partial<Front> = {}): Front {
  const action = { type: 'forward', to: [{ backend: 'web', weight: 1 }] } as const;
  return { key: `tcp-${port}`, port, protocol: 'tcp', routes: [], default: action, ...more };
}

export function cert(sha: string, names: readonly string[], more: Partial<CertRef> = {}): CertRef {
  return { sha256: sha.padEnd(64, '0'), origin: `Secret shop/${sha}`, names, ...more };
}

/** `namespace/name`; `createdMs` is its age. */
export function service(
  id: string,
  fronts: readonly Front[],
  more: Partial<Omit<ExportedService, 'origin'>> & { readonly createdMs?: number | undefined } = {},
): ExportedService {
  const { createdMs = 1, ...rest } = more;
  const [namespace = '', name = ''] = id.split('/');
  const origin = { source: 'files', kind: 'ExportedService', namespace, name, labels: {} };
  return {
    id,
    origin: 'createdMs' in more && more.createdMs === undefined ? origin : { ...origin, createdMs },
    groups: [],
    fronts,
    backends: { web: backend() },
    settings: {},
    settingsOrigin: {},
    ...rest,
  };
}
