import type { Attrs, FrontGroup, Listener, Member, MergedAction, Resource } from '../../src/model/index.ts';
import { parseAddress, parseHost } from '../../src/net/index.ts';
import type { FrontendAttrs } from './attrs.ts';
import type { BackendUse } from './model-backend.ts';
import type { Fault } from './model-problem.ts';
import { accessOf, leadsOf, treatmentOf } from './model-route.ts';

export interface FrontendResult {
  readonly resource: Resource;
  readonly uses: readonly BackendUse[];
}

export function frontendId(group: FrontGroup, listener: Listener): string {
  return `${group.key}|${listener.key}`;
}

/** Where a group listens cannot be used: nothing of it is served. */
export function addressFault(group: FrontGroup): Fault | undefined {
  for (const address of group.addresses) {
    const parsed = parseAddress(address);
    if (!parsed.ok) return { code: parsed.code, field: 'address.list', value: address, reason: parsed.reason };
  }
  return undefined;
}

/** The Frontend of a listener. `fallback` is its default where that can be served; `brought`: its addresses may come to this machine later. */
export function buildFrontend(
  unit: string,
  group: FrontGroup,
  listener: Listener,
  fallback: MergedAction | undefined,
  brought = false,
): FrontendResult {
  const id = frontendId(group, listener);
  const mode = listener.protocol === 'http' || listener.protocol === 'https' ? 'http' : 'tcp';
  const leads = fallback === undefined ? undefined : leadsOf(fallback, mode, 'default');
  const resource: Resource = {
    kind: 'Frontend',
    id,
    unit,
    serves: [...new Set(listener.fronts.map(({ service }) => service.id))],
    attrs: Object.freeze({ ...toAttrs(attrsOf(id, group, listener, mode, fallback)), ...(brought ? { brought } : {}) }),
    refs: { ...leads?.refs },
    sets: { ...leads?.sets, ...(endsTls(listener) ? { certs: certsOf(listener) } : {}) },
  };
  return { resource, uses: leads?.uses ?? [] };
}

function attrsOf(
  id: string,
  group: FrontGroup,
  listener: Listener,
  mode: 'http' | 'tcp',
  fallback: MergedAction | undefined,
): FrontendAttrs {
  const [first] = listener.fronts;
  const timeouts = first?.front.timeouts;
  // On a port that services share, nobody may slow down or cap the others: only a port of one front has limits of its own.
  const alone = listener.fronts.length === 1;
  const byName = mode === 'tcp' && listener.hosts.length > 0;
  return {
    key: id,
    mode,
    tls: endsTls(listener),
    port: listener.port,
    addresses: [...group.addresses],
    ...(first?.front.proxyProtocol === true ? { acceptProxy: true } : {}),
    ...(alone && first?.front.maxConnections !== undefined ? { maxConnections: first.front.maxConnections } : {}),
    ...(alone && timeouts?.clientMs !== undefined ? { clientMs: timeouts.clientMs } : {}),
    ...(alone && timeouts?.requestMs !== undefined ? { requestMs: timeouts.requestMs } : {}),
    ...(alone && timeouts?.keepAliveMs !== undefined ? { keepAliveMs: timeouts.keepAliveMs } : {}),
    ...(listener.clientCa === undefined ? {} : { clientCa: listener.clientCa.sha256 }),
    ...(byName ? { sni: true } : {}),
    ...(listener.beside === undefined
      ? {}
      : { [mode === 'http' ? 'behind' : 'beside']: `${group.key}|${listener.beside}` }),
    ...(fallback !== undefined && (mode === 'http' || byName) ? treatmentOf(fallback, []) : {}),
    ...(mode === 'tcp' && !byName && first !== undefined ? accessOf(first.front) : {}),
  };
}

function toAttrs(attrs: FrontendAttrs): Attrs {
  return { ...attrs };
}

/** TLS ends at this listener. */
function endsTls(listener: Listener): boolean {
  if (listener.protocol === 'https') return true;
  return listener.protocol === 'tls' && listener.fronts[0]?.front.tls?.mode !== 'passthrough';
}

function certsOf(listener: Listener): ReadonlyMap<string, Member> {
  const certs = new Map<string, Member>();
  for (const { cert, hosts, verified } of listener.certs) {
    if (!/^[0-9a-f]{64}$/.test(cert.sha256)) continue;
    // Names of a certificate that are no host names (addresses, other forms) cannot be asked for by SNI.
    const names = hosts.filter((host) => parseHost(host).ok);
    const asked = verified === undefined ? {} : { verified: verified.filter((host) => parseHost(host).ok) };
    const ocsp = /^[0-9a-f]{64}$/.test(cert.ocsp?.sha256 ?? '') ? { ocsp: cert.ocsp?.sha256 ?? '' } : {};
    certs.set(cert.sha256, { attrs: Object.freeze({ hosts: names, ...asked, isDefault: certs.size === 0, ...ocsp }) });
  }
  return certs;
}
