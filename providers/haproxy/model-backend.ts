import {
  type Attrs,
  type Backend,
  backendKey,
  type ExportedService,
  type Front,
  type Member,
  type Node,
  type Resource,
  type Target,
} from '../../src/model/index.ts';
import {
  formatAuthority,
  parseAddress,
  parseCookieName,
  parseHost,
  parseMethod,
  parsePath,
  parsePort,
} from '../../src/net/index.ts';
import type { BackendAttrs } from './attrs.ts';
import { type Fault, faultOf, firstFault } from './model-problem.ts';
import { cookieName } from './names.ts';
import { durationMs, type Options, type ServiceOptions } from './options.ts';

/** A backend that some route or front leads to. */
export interface BackendUse {
  readonly id: string;
  readonly service: ExportedService;
  readonly name: string;
  readonly backend: Backend;
  /** The front whose timeouts hold towards the targets. */
  readonly front: Front;
  readonly mode: 'http' | 'tcp';
}

/**
 * The id of a backend's resource: `backendKey()` in the mode that its own protocol asks for; reached the other way round it is a second
 * section with the mode behind its id.
 */
export function backendId(service: ExportedService, name: string, backend: Backend, mode: 'http' | 'tcp'): string {
  const own = backend.protocol === 'tcp' || backend.protocol === 'udp' ? 'tcp' : 'http';
  const key = backendKey(service.id, name);
  return own === mode ? key : `${key}|${mode}`;
}

export interface BackendResult {
  readonly resource: Resource;
  readonly faults: readonly Fault[];
}

export interface BackendContext {
  readonly unit: string;
  readonly options: Options;
  readonly settings: ServiceOptions;
  readonly nodes: ReadonlyMap<string, Node>;
}

/**
 * The resource of a backend. A target that cannot be used is left out and told; what concerns all targets leaves the backend without any,
 * so that its routes answer 503 and never reach another service.
 */
export function buildBackend(use: BackendUse, context: BackendContext): BackendResult {
  const { backend, name } = use;
  const field = `backends[${JSON.stringify(name)}]`;
  const common = { kind: 'Backend', id: use.id, unit: context.unit, serves: [use.service.id], refs: {} };
  const fatal = backendFault(backend, field);
  if (fatal !== undefined) {
    const attrs = Object.freeze({ mode: use.mode, balance: 'roundrobin' });
    return { resource: { ...common, attrs, sets: { servers: new Map() } }, faults: [fatal] };
  }
  const faults: Fault[] = [];
  const servers = serversOf(backend, field, context.nodes, faults);
  if (use.mode === 'tcp' && backend.affinity?.type === 'cookie') {
    const reason = 'needs HTTP; in TCP clients stay with their target by address';
    faults.push({ code: 'W_FEATURE', field: `${field}.affinity.type`, value: 'cookie', reason });
  }
  return { resource: { ...common, attrs: attrsOf(use, context), sets: { servers } }, faults };
}

function backendFault(backend: Backend, field: string): Fault | undefined {
  const { affinity, health, tls } = backend;
  return firstFault([
    backend.protocol === 'udp'
      ? {
          code: 'E_PROTOCOL',
          field: `${field}.protocol`,
          value: 'udp',
          reason: 'is not served by HAProxy; UDP is for provider nginx, which this version does not have yet',
        }
      : undefined,
    tls?.serverName === undefined
      ? undefined
      : faultOf(`${field}.tls.serverName`, tls.serverName, parseHost(tls.serverName, { wildcard: false })),
    tls?.ca === undefined || /^[0-9a-f]{64}$/.test(tls.ca.sha256)
      ? undefined
      : { code: 'E_CERT_INVALID', field: `${field}.tls.ca`, value: tls.ca.origin, reason: 'has no SHA-256' },
    affinity?.cookie === undefined
      ? undefined
      : faultOf(`${field}.affinity.cookie`, affinity.cookie, parseCookieName(affinity.cookie)),
    health?.port === undefined ? undefined : faultOf(`${field}.health.port`, health.port, parsePort(health.port)),
    health?.method === undefined
      ? undefined
      : faultOf(`${field}.health.method`, health.method, parseMethod(health.method)),
    health?.host === undefined
      ? undefined
      : faultOf(`${field}.health.host`, health.host, parseHost(health.host, { address: true, wildcard: false })),
    health?.path === undefined ? undefined : checkPathFault(health.path, `${field}.health.path`),
  ]);
}

/** The path of a check may carry a query. */
function checkPathFault(path: string, field: string): Fault | undefined {
  const [bare = '', ...query] = path.split('?');
  if (query.every((part) => /^[!-~]*$/.test(part))) return faultOf(field, path, parsePath(bare, 'stringPrefix'));
  return { code: 'E_PATH', field, value: path, reason: 'must be of printable ASCII characters without spaces' };
}

function attrsOf({ id, backend, front, mode }: BackendUse, { options, settings }: BackendContext): Attrs {
  const { timeouts } = front;
  // In TCP the bytes are passed on as they are, unless TLS towards the targets is asked for by name.
  const tls = backend.tls !== undefined || (mode === 'http' && speaksTls(backend));
  const h2 =
    mode === 'http' && (backend.protocol === 'h2c' || backend.protocol === 'grpc' || backend.protocol === 'grpcs');
  const attrs: BackendAttrs = {
    mode,
    // Affinity by source is the source algorithm: the same client, the same target, while that one is there.
    balance: holdsBySource(backend, mode) ? 'source' : (options.balance ?? backend.balance),
    ...given('connectMs', timeouts?.connectMs),
    ...given('serverMs', timeouts?.serverMs),
    ...given('queueMs', timeouts?.queueMs),
    ...given('tunnelMs', timeouts?.tunnelMs),
    ...given('check', checkOf(backend, options, mode === 'tcp' && !tls)),
    ...(tls ? { tls: tlsOf(backend) } : {}),
    ...(h2 ? { h2: true } : {}),
    ...(mode === 'http' && backend.affinity?.type === 'cookie' ? { cookie: cookieOf(id, backend.affinity) } : {}),
    ...given('retries', settings.retries ?? backend.retries),
    ...given('sendProxy', settings.proxyProtocolOut ?? backend.sendProxy),
    ...(mode === 'http' && !h2 && backend.reuse === 'never' ? { fresh: true } : {}),
    ...given('slowStartMs', settings.slowStart === undefined ? undefined : durationMs(settings.slowStart)),
  };
  return Object.freeze(attrs);
}

/** There are no cookies in TCP: the nearest that holds a client is its address. */
function holdsBySource({ affinity }: Backend, mode: BackendUse['mode']): boolean {
  return affinity?.type === 'source' || (affinity?.type === 'cookie' && mode === 'tcp');
}

function cookieOf(id: string, affinity: NonNullable<Backend['affinity']>): NonNullable<BackendAttrs['cookie']> {
  return { name: affinity.cookie ?? cookieName(id), ...given('maxIdleMs', affinity.timeoutMs) };
}

function speaksTls({ protocol }: Backend): boolean {
  return protocol === 'https' || protocol === 'grpcs';
}

function checkOf(backend: Backend, options: Options, raw: boolean): BackendAttrs['check'] {
  const { health } = backend;
  if (health === undefined) return undefined;
  const { check } = options;
  const intervalMs = health.intervalMs ?? durationMs(check.interval);
  const standard = check.timeout === undefined ? undefined : durationMs(check.timeout);
  return {
    type: health.type,
    ...given('port', health.port),
    ...(raw && health.type === 'http' && speaksTls(backend) ? { tls: true } : {}),
    ...given('method', health.method?.toUpperCase()),
    ...given('path', health.path),
    ...given('host', health.host),
    ...given(
      'expect',
      health.expect?.map(({ from, to }) => ({ from, to })),
    ),
    intervalMs,
    ...given('timeoutMs', health.timeoutMs ?? standard),
    rise: health.rise ?? check.rise,
    fall: health.fall ?? check.fall,
  };
}

function tlsOf({ tls }: Backend): NonNullable<BackendAttrs['tls']> {
  return {
    // What a service does not ask to be verified is not: its pods' certificates are their own more often than not.
    verify: tls?.verify ?? false,
    ...given('serverName', tls?.serverName),
    ...given('ca', tls?.ca?.sha256),
  };
}

function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  const found: { [P in K]?: V } = {};
  if (value !== undefined) found[key] = value;
  return found;
}

const known = new WeakMap<
  readonly Target[],
  { readonly limit: number | undefined; readonly servers: ReadonlyMap<string, Member> }
>();

function serversOf(
  backend: Backend,
  field: string,
  nodes: ReadonlyMap<string, Node>,
  faults: Fault[],
): ReadonlyMap<string, Member> {
  const { targets, maxConnections: limit } = backend;
  const memo = known.get(targets);
  if (memo !== undefined && memo.limit === limit) return memo.servers;
  const before = faults.length;
  const servers = new Map<string, Member>();
  const weightOf = weighing(targets);
  targets.forEach((target, i) => {
    const place = placeOf(target, backend, nodes);
    if ('reason' in place) {
      faults.push({ ...place, field: `${field}.targets[${i}]` });
      return;
    }
    const key = formatAuthority(place.address, place.port);
    const held = servers.get(key);
    // The same target twice (dual listing in slices): the one that takes traffic counts.
    const weight = weightOf(target);
    if (held === undefined || weight > Number(held.attrs.weight)) servers.set(key, memberOf(target, weight, limit));
  });
  // Instances are found through the nodes, which are not part of the key.
  if (faults.length === before && backend.targetKind === 'ip') known.set(targets, { limit, servers });
  return servers;
}

/**
 * A ready target has its weight, a draining one none: it keeps what it has. When nothing is ready but something that goes away still
 * serves, that takes the requests as long as it does: an answer is better than 503.
 */
function weighing(targets: readonly Target[]): (target: Target) => number {
  const share = ({ weight }: Target): number => Math.max(0, Math.min(256, Math.round(weight)));
  const serving = targets.some((target) => target.state === 'ready' && share(target) > 0) ? 'ready' : 'draining';
  return (target) => (target.state === serving ? share(target) : 0);
}

const members = new Map<string, Member>();
const mostMembers = 10_000;

/** One for all targets of a weight: there are more of them than of anything else. */
function memberOf({ state }: Target, weight: number, limit: number | undefined): Member {
  const gone = state === 'gone';
  const key = `${weight} ${limit ?? ''} ${gone}`;
  const known = members.get(key);
  if (known !== undefined) return known;
  const attrs = Object.freeze({ weight, ...given('maxConnections', limit) });
  const made: Member = Object.freeze(gone ? { attrs, gone } : { attrs });
  if (members.size >= mostMembers) members.clear();
  members.set(key, made);
  return made;
}

type Place = { readonly address: string; readonly port: number } | Omit<Fault, 'field'>;

function placeOf(target: Target, backend: Backend, nodes: ReadonlyMap<string, Node>): Place {
  const port = backend.targetKind === 'instance' ? (backend.nodePort ?? target.port) : target.port;
  const parsedPort = parsePort(port);
  if (!parsedPort.ok) return { code: parsedPort.code, value: port, reason: `has a port that ${parsedPort.reason}` };
  const address = parseAddress(target.address);
  if (address.ok) return { address: address.value, port: parsedPort.value };
  const node = backend.targetKind === 'instance' ? nodes.get(target.address) : undefined;
  const found = parseAddress(node?.addresses[0]);
  if (found.ok) return { address: found.value, port: parsedPort.value };
  const reason =
    backend.targetKind === 'instance'
      ? 'names a machine whose address is not known'
      : `has an address that ${address.reason}`;
  return { code: 'E_ADDRESS', value: target.address, reason };
}
