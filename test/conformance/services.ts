import type { Backend, ExportedService, Front, Target } from '../../src/model/index.ts';

let created = 0;

/** An HTTP service: one host, every path, one backend. */
export function httpService(
  id: string,
  port: number,
  targets: readonly Target[],
  rest: Partial<Backend> = {},
): ExportedService {
  const action = { type: 'forward', to: [{ backend: 'main', weight: 1 }] } as const;
  const host = `${id.replace('/', '.')}.test`;
  const route = { hosts: [host], path: { type: 'prefix', value: '/' }, filters: [], action, order: 0 } as const;
  const front: Front = { key: 'http', port, protocol: 'http', routes: [route] };
  return service(id, [front], { main: backend(targets, { protocol: 'http', ...rest }) });
}

/** A TCP service: one port, one backend. */
export function tcpService(id: string, port: number, targets: readonly Target[]): ExportedService {
  const action = { type: 'forward', to: [{ backend: 'main', weight: 1 }] } as const;
  return service(id, [{ key: 'tcp', port, protocol: 'tcp', routes: [], default: action }], { main: backend(targets) });
}

export function hostOf(subject: ExportedService): string | undefined {
  return subject.fronts[0]?.routes[0]?.hosts[0];
}

/** The service with other targets. */
export function withTargets(subject: ExportedService, targets: readonly Target[]): ExportedService {
  return { ...subject, backends: mapBackends(subject, (main) => ({ ...main, targets })) };
}

export function withBackend(subject: ExportedService, change: Partial<Backend>): ExportedService {
  return { ...subject, backends: mapBackends(subject, (main) => ({ ...main, ...change })) };
}

export function onPort(subject: ExportedService, port: number): ExportedService {
  return { ...subject, fronts: subject.fronts.map((front) => ({ ...front, port })) };
}

export function keyOf(target: Target): string {
  return `${target.address}:${target.port}`;
}

function mapBackends({ backends }: ExportedService, change: (main: Backend) => Backend): ExportedService['backends'] {
  return Object.fromEntries(Object.entries(backends).map(([key, main]) => [key, change(main)]));
}

function backend(targets: readonly Target[], rest: Partial<Backend> = {}): Backend {
  return { targets, targetKind: 'ip', protocol: 'tcp', balance: 'roundrobin', ...rest };
}

function service(id: string, fronts: readonly Front[], backends: ExportedService['backends']): ExportedService {
  const [namespace = '', name = ''] = id.split('/');
  created++;
  const origin = { source: 'script', kind: 'ExportedService', namespace, name, createdMs: created, labels: {} };
  return { id, origin, groups: [], fronts, backends, settings: {}, settingsOrigin: {} };
}
