import type { FieldPath } from '../../model/located.ts';
import type { Backend, Front, Route, Target } from '../../model/service.ts';
import { type Cidr, formatAuthority, parseHost, parsePath, parsePort, parseTargetAddress } from '../../net/index.ts';
import type { ExportBackend, ExportPort, ExportService } from './export-service.ts';
import type { Tell } from './make-service.ts';
import { weigh } from './weigh.ts';

type BcsProtocol = 'http' | 'https' | 'tcp' | 'udp';

const protocols: ReadonlySet<string> = new Set<BcsProtocol>(['http', 'https', 'tcp', 'udp']);

interface Draft {
  readonly front: Front;
  readonly routes: Route[];
}

/**
 * The fronts of a service: one for each listening port, with a route for every host and path on it. What cannot be used is left out and
 * told, a backend alone, a port alone; the rest is served.
 */
export function makeFronts(
  parsed: ExportService,
  balance: Backend['balance'],
  allowed: readonly Cidr[],
  tell: Tell,
): { readonly fronts: readonly Front[]; readonly backends: Readonly<Record<string, Backend>> } {
  const drafts = new Map<string, Draft>();
  const backends: Record<string, Backend> = {};
  const limit = readLimit(parsed, tell);
  checkWeights(parsed, tell);
  for (const written of parsed.ports) {
    const protocol = readProtocol(written, tell);
    const port = parsePort(written.port);
    if (!port.ok) tell(port.code, [...written.path, 'servicePort'], port.reason, written.port ?? null);
    if (protocol === undefined || !port.ok) continue;
    const layer7 = protocol === 'http' || protocol === 'https';
    const place = layer7 ? readPlace(written, tell) : undefined;
    if (layer7 && place === undefined) continue;
    const transport = protocol === 'udp' ? 'udp' : 'tcp';
    const slot = `${port.value}/${transport}`;
    const taken = drafts.get(slot);
    const key = `${port.value}/${protocol}`;
    if (taken !== undefined && (taken.front.protocol !== protocol || !layer7)) {
      const reason = `is used a second time, by ${protocol} beside ${taken.front.protocol}; only the first is served, give the other its own port`;
      tell('E_PORT_CONFLICT', [...written.path, 'servicePort'], reason, port.value);
      continue;
    }
    const backendName = place === undefined ? key : `${key}/${place.host}${place.path}`;
    const action = { type: 'forward', to: [{ backend: backendName, weight: 1 }] } as const;
    if (
      place !== undefined &&
      taken?.routes.some((route) => route.hosts[0] === place.host && route.path?.value === place.path)
    ) {
      tell(
        'E_ROUTE_CONFLICT',
        written.path,
        `claims ${place.host}${place.path} on port ${port.value} a second time; only the first is served`,
      );
      continue;
    }
    const protocolOfTargets = layer7 ? 'http' : transport;
    backends[backendName] = {
      targets: makeTargets(written, parsed, allowed, tell),
      targetKind: 'ip',
      protocol: protocolOfTargets,
      balance,
    };
    const draft: Draft = taken ?? {
      front: {
        key,
        port: port.value,
        protocol,
        // BCS objects carry no certificate: other services on the port may, and the balancer tells when none does.
        ...(protocol === 'https' ? { tls: { mode: 'terminate', certs: [] } } : {}),
        ...(limit === undefined ? {} : { maxConnections: limit }),
        routes: [],
        ...(layer7 ? {} : { default: action }),
      },
      routes: [],
    };
    drafts.set(slot, draft);
    if (place !== undefined) {
      const path = { type: 'prefix', value: place.path } as const;
      draft.routes.push({ hosts: [place.host], path, filters: [], action, order: draft.routes.length });
    }
  }
  return { fronts: [...drafts.values()].map(({ front, routes }) => ({ ...front, routes })), backends };
}

function readProtocol(written: ExportPort, tell: Tell): BcsProtocol | undefined {
  const word = typeof written.protocol === 'string' ? written.protocol.toLowerCase() : '';
  if (isProtocol(word)) return word;
  tell('E_FIELD_VALUE', [...written.path, 'protocol'], 'must be http, https, tcp or udp', written.protocol ?? null);
  return undefined;
}

function isProtocol(word: string): word is BcsProtocol {
  return protocols.has(word);
}

function readPlace(written: ExportPort, tell: Tell): { readonly host: string; readonly path: string } | undefined {
  const hostPath = [...written.path, written.hostField];
  if (written.host === undefined || written.host === null || written.host === '') {
    tell('E_FIELD_MISSING', hostPath, 'is missing; http and https need a host');
    return undefined;
  }
  const host = parseHost(written.host, { address: true });
  if (!host.ok) tell(host.code, hostPath, host.reason, written.host);
  const text =
    written.urlPath === undefined || written.urlPath === null || written.urlPath === '' ? '/' : written.urlPath;
  const path = parsePath(text, 'prefix');
  if (!path.ok) tell(path.code, [...written.path, 'path'], path.reason, text);
  return host.ok && path.ok ? { host: host.value, path: path.value } : undefined;
}

function makeTargets(
  written: ExportPort,
  parsed: ExportService,
  allowed: readonly Cidr[],
  tell: Tell,
): readonly Target[] {
  const usable: { backend: ExportBackend; address: string; port: number }[] = [];
  const seen = new Set<string>();
  for (const backend of written.backends) {
    const at = (field: string): FieldPath => [...backend.path, field];
    const address = parseTargetAddress(backend.address, allowed);
    const port = parsePort(backend.port);
    if (!address.ok)
      tell(address.code, at('targetIP'), `${address.reason}; the backend is left out`, backend.address ?? null);
    if (!port.ok) tell(port.code, at('targetPort'), `${port.reason}; the backend is left out`, backend.port ?? null);
    if (!address.ok || !port.ok) continue;
    const key = formatAuthority(address.value, port.value);
    if (seen.has(key)) continue;
    seen.add(key);
    usable.push({ backend, address: address.value, port: port.value });
  }
  if (usable.length === 0) tell('W_NO_TARGETS', written.path, 'has no usable backends');
  const weights = weigh(
    usable.map(({ backend }) => backend),
    parsed.weights,
  );
  return usable.map(({ address, port }, i) => ({ address, port, weight: weights[i] ?? 1, state: 'ready' }));
}

function checkWeights(parsed: ExportService, tell: Tell): void {
  for (const { value, path } of parsed.weights.values()) {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 1_000_000) continue;
    tell('E_FIELD_VALUE', path, 'must be a whole number from 0; its backends count one each until then', value);
  }
}

/** What BCS writes into every object that says nothing. */
const unsaidLimit = 50_000;

/** BCS reads `maxconn` and ignores it; here it counts when somebody chose it. */
function readLimit(parsed: ExportService, tell: Tell): number | undefined {
  const value = parsed.maxconn;
  if (value === undefined || value === null || value === 0 || value === unsaidLimit) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 10_000_000) return value;
  tell('E_FIELD_VALUE', ['maxconn'], 'must be a whole number from 1 to 10000000', value);
  return undefined;
}
