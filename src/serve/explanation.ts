import type {
  Action,
  AnnouncedAddress,
  Backend,
  ExportedService,
  Front,
  Json,
  PathMatch,
  Problem,
  ServiceId,
  ServiceState,
  State,
  Target,
} from '../model/index.ts';

import { backendDetails, frontDetails, routeDetails, ruleDetails } from './explain-details.ts';

/** Why a service is as it is: the path client → front → backend → targets, with reasons. A JSON contract (`weir explain -o json`, /api/v1/explain). */
export interface Explanation {
  readonly service: ServiceId;
  readonly kind: string;
  /** `source`, or file and line. */
  readonly from: string;
  readonly health: ServiceState['health'];
  readonly reason: string;
  readonly balancers: readonly string[];
  readonly addresses: readonly string[];
  /** The pool that it has its addresses from; absent: none. */
  readonly pool?: string;
  /** Who answers for its addresses on the local network, and who may; absent: nobody announces any. */
  readonly announced?: readonly AnnouncedAddress[];
  readonly fronts: readonly ExplainedFront[];
  readonly backends: readonly ExplainedBackend[];
  readonly conditions: readonly {
    readonly type: string;
    readonly status: boolean;
    readonly reason: string;
    readonly message: string;
  }[];
  readonly settings: readonly { readonly path: string; readonly value: Json; readonly origin?: string }[];
  readonly problems: readonly Problem[];
  /** What stands in the file now cannot be used: what is told here is its last good version, and why. */
  readonly lastGood?: string;
  readonly lastChange?: {
    readonly id: string;
    readonly startedMs: number;
    readonly cause: string;
    readonly result: string;
  };
}

export interface ExplainedFront {
  readonly key: string;
  readonly port: string;
  readonly protocol: string;
  readonly tls?: string;
  /** Host and path of a route, `*` for everything; what it does; the backends it reaches. */
  readonly routes: readonly ExplainedRoute[];
  /** What holds for all of its routes: ranges, limits, filters. Absent: nothing. */
  readonly details?: readonly string[];
}

export interface ExplainedRoute {
  readonly match: string;
  readonly does: string;
  readonly backends: readonly string[];
  /** Conditions beside host and path, then filters in their order. Absent: none. */
  readonly details?: readonly string[];
}

export interface ExplainedBackend {
  readonly key: string;
  readonly protocol: string;
  readonly balance: string;
  readonly targets: readonly ExplainedTarget[];
  /** Check, retries, PROXY protocol and the like. Absent: as by default. */
  readonly details?: readonly string[];
}

export interface ExplainedTarget {
  readonly key: string;
  readonly state: Target['state'];
  readonly weight: number;
  readonly health?: string;
  readonly reason?: string;
  readonly node?: string;
  readonly pod?: string;
}

/** Pure: the service as read, and what the state says of it. Undefined when neither knows the name. */
export function explainService(
  id: ServiceId,
  services: readonly ExportedService[],
  state: State,
): Explanation | undefined {
  const service = services.find((candidate) => candidate.id === id);
  const known = state.services.find((candidate) => candidate.id === id);
  const own = known?.problems ?? state.problems.filter((problem) => problem.service === id);
  const ofFile = service === undefined ? [] : state.problems.filter((problem) => breaksFile(problem, service));
  const problems = [...own, ...ofFile];
  const kept = service === undefined ? undefined : (ofFile[0] ?? own.find(({ message }) => keptText.test(message)));
  // A service that is refused whole is known by its problems alone: broken input is shown, never absent.
  if (service === undefined && known === undefined && problems.length === 0) return undefined;
  const reported = new Map(known?.reports.flatMap(({ targets }) => targets.map((target) => [target.key, target])));
  const announced = known?.reports.flatMap((report) => report.announced ?? []) ?? [];
  const last = state.plans.find(({ steps }) => steps.some(({ serves }) => serves.includes(id)));
  return {
    service: id,
    kind: service?.origin.kind ?? known?.kind ?? 'Service',
    from: service === undefined ? (known?.source ?? problems[0]?.source ?? '') : originOf(service),
    health: known?.health ?? (service === undefined ? 'error' : 'pending'),
    reason: known?.reason ?? '',
    balancers: known?.balancers ?? [],
    addresses: [
      ...new Set(known?.reports.flatMap(({ addresses }) => addresses.map(({ ip, host }) => host ?? ip ?? '')) ?? []),
    ],
    ...(known?.pool === undefined ? {} : { pool: known.pool }),
    ...(announced.length === 0 ? {} : { announced }),
    fronts: service?.fronts.map((front) => explainFront(front, service)) ?? [],
    backends: Object.entries(service?.backends ?? {}).map(([key, backend]) => explainBackend(key, backend, reported)),
    conditions: known?.reports.flatMap(({ conditions }) => conditions) ?? [],
    settings: service === undefined ? [] : settingsOf(service),
    problems,
    ...(kept === undefined ? {} : { lastGood: `${placeOf(kept)}${kept.code}: ${kept.message}` }),
    ...(last === undefined
      ? {}
      : { lastChange: { id: last.id, startedMs: last.startedMs, cause: last.cause, result: last.result } }),
  };
}

/** The words of the sources for a service whose description cannot be used as it is now. */
const keptText = /last good version of the service stays in force/;

/** Whether the file of a service, or a directory above it, cannot be read or parsed as a whole. */
function breaksFile({ code, service, file }: Problem, { origin }: ExportedService): boolean {
  if (service !== undefined || file === undefined || origin.file === undefined || !code.startsWith('E_FILE_')) {
    return false;
  }
  return origin.file === file || origin.file.startsWith(`${file}/`);
}

function placeOf({ file, line }: Problem): string {
  return file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`} `;
}

function originOf({ origin }: ExportedService): string {
  if (origin.file === undefined) return origin.source;
  return origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`;
}

function explainFront(front: Front, { settings }: ExportedService): ExplainedFront {
  const routes = front.routes.map((route) => ({
    match: `${route.hosts.length === 0 ? '*' : route.hosts.join(' ')}${pathText(route.path)}`,
    ...explainAction(route.action),
    ...listed([...routeDetails(route), ...ruleDetails(route.rule, settings)]),
  }));
  const rest = front.default === undefined ? [] : [{ match: '*', ...explainAction(front.default) }];
  return {
    key: front.key,
    port: front.endPort === undefined ? String(front.port) : `${front.port}-${front.endPort}`,
    protocol: front.protocol,
    ...(front.tls === undefined ? {} : { tls: front.tls.mode }),
    routes: [...routes, ...rest],
    ...listed(frontDetails(front)),
  };
}

function listed(details: readonly string[]): { readonly details?: readonly string[] } {
  return details.length === 0 ? {} : { details };
}

function pathText(path: PathMatch | undefined): string {
  if (path === undefined) return '';
  const mark = { exact: ' (exact)', prefix: '', stringPrefix: '*', regex: ' (regex)' }[path.type];
  return path.type === 'regex' ? ` ${path.value}${mark}` : `${path.value}${mark}`;
}

function explainAction(action: Action): { does: string; backends: readonly string[] } {
  switch (action.type) {
    case 'forward': {
      const shares = action.to.map(({ backend, weight }) =>
        action.to.length > 1 ? `${backend} (${weight})` : backend,
      );
      return { does: `to ${shares.join(', ')}`, backends: action.to.map(({ backend }) => backend) };
    }
    case 'redirect': {
      const { scheme, path = '' } = action;
      const usual = (scheme === 'https' && action.port === 443) || (scheme === 'http' && action.port === 80);
      const port = action.port === undefined || usual ? '' : `:${action.port}`;
      const host = action.host ?? (scheme === undefined && port === '' ? '' : '<host>');
      const target = `${scheme === undefined ? '' : `${scheme}://`}${host}${port}${path}`;
      return { does: `redirects ${action.code}${target === '' ? '' : ` to ${target}`}`, backends: [] };
    }
    default:
      return { does: `answers ${action.status}`, backends: [] };
  }
}

function explainBackend(
  key: string,
  backend: Backend,
  reported: ReadonlyMap<string, { readonly health: string; readonly reason?: string }>,
): ExplainedBackend {
  const targets = backend.targets.map((target): ExplainedTarget => {
    const name = `${target.address.includes(':') ? `[${target.address}]` : target.address}:${target.port}`;
    const report = reported.get(name) ?? reported.get(`${target.address}:${target.port}`);
    return {
      key: name,
      state: target.state,
      weight: target.weight,
      ...(report === undefined ? {} : { health: report.health }),
      ...(report?.reason === undefined ? {} : { reason: report.reason }),
      ...(target.node === undefined ? {} : { node: target.node }),
      ...(target.pod === undefined ? {} : { pod: target.pod }),
    };
  });
  return { key, protocol: backend.protocol, balance: backend.balance, targets, ...listed(backendDetails(backend)) };
}

/** Settings with the annotation or field that each came from; the innermost origin known counts. */
function settingsOf(service: ExportedService): Explanation['settings'] {
  return Object.entries(service.settings).flatMap(([provider, value]) =>
    leaves(value, provider).map(({ path, value: leaf }) => {
      const origin = originAt(path, service.settingsOrigin);
      return { path, value: leaf, ...(origin === undefined ? {} : { origin }) };
    }),
  );
}

function leaves(value: Json, path: string): readonly { path: string; value: Json }[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [{ path, value }];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, `${path}.${key}`));
}

function originAt(path: string, origins: Readonly<Record<string, string>>): string | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const origin = origins[at];
    if (origin !== undefined) return origin;
  }
  return undefined;
}
