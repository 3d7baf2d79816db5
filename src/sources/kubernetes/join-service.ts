import type { Action, Backend, Front, FrontTls } from '../../model/index.ts';
import { ownPrefix } from '../../model/prefix.ts';
import { Canonical } from './canonical.ts';
import { Draft } from './draft.ts';
import { assemble, frontTerms, type JoinContext, type Joined } from './join.ts';
import { claimOf, joinPeerService, tellMissed } from './join-peer.ts';
import { isHeld, leave } from './leaving.ts';
import { makeBackend } from './make-backend.ts';
import { guardsOf, ownFilters } from './own-filters.ts';
import { type PortProtocol, protocolOf } from './port-protocols.ts';
import type { ServiceView } from './service.ts';
import type { ServicePort } from './service-port.ts';
import { takeCertificate } from './take-certificate.ts';
import { takeService } from './take-class.ts';
import { takeAuthority, targetAuthority } from './take-material.ts';

/** An exported Service: one front and one backend for each port. A port that cannot be served is told; the others are. */
export function joinService(view: ServiceView, context: JoinContext): Joined {
  const draft = new Draft(view.id, view.place, context.options);
  const claim = claimOf(view, undefined);
  const taken = takeService(view, context.options, claim?.class, claim?.reader.controllers);
  if (taken.ours) return joinTaken(view, taken.class, claim, draft, context);
  if (isHeld(view, context.options)) return leave(view, joinTaken(view, undefined, claim, draft, context), context);
  return taken.foreign === true ? { draft, silent: view } : { draft };
}

function joinTaken(
  view: ServiceView,
  className: string | undefined,
  claim: ReturnType<typeof claimOf>,
  draft: Draft,
  context: JoinContext,
): Joined {
  if (claim !== undefined) return joinPeerService(view, claim, context);
  draft.uses.add(view);
  tellMissed(view, draft);
  if (view.refused) return { draft };
  if (view.type === 'ExternalName') {
    const reason =
      'cannot be exported: host names are not resolved into targets; write an EndpointSlice with addresses';
    draft.tell({ code: 'E_FEATURE', path: ['spec', 'type'], value: view.type, reason });
    return { draft };
  }
  if (view.ports.length === 0) {
    draft.tell({
      code: 'E_FIELD_MISSING',
      path: ['spec', 'ports'],
      reason: 'has no usable port, so nothing can be exported',
    });
  }
  const fronts: Front[] = [];
  const backends = new Map<string, Backend>();
  let http: ServicePort | undefined;
  for (const port of view.ports) {
    const protocol = frontProtocol(view, port);
    const front = makeFront(view, port, protocol, draft, context);
    if (front === undefined) continue;
    if (view.bcs !== undefined && protocol === 'http') {
      if (http !== undefined) tellSecondHttp(http, port, draft);
      http ??= port;
    }
    fronts.push(front);
    backends.set(port.key, backendOf(view, port, protocol, draft, context));
  }
  return assemble(view, className, draft, { fronts, backends });
}

/**
 * What a port speaks: our annotation, else the BCS form (80 is http, 443 https), else appProtocol, else its transport. appProtocol tells
 * what the targets speak; a TLS front follows from it only where a certificate is named, otherwise the bytes pass through.
 */
function frontProtocol({ own, bcs }: ServiceView, port: ServicePort): PortProtocol {
  const wish = protocolOf(own.protocol, port.name, port.port);
  if (wish !== undefined) return wish;
  if (port.transport === 'udp') return 'udp';
  if (port.written !== undefined) return port.written;
  if (bcs !== undefined && port.port === 80) return 'http';
  if (bcs !== undefined && port.port === 443) return 'https';
  switch (port.appProtocol?.toLowerCase()) {
    case 'http':
    case 'kubernetes.io/ws':
      return 'http';
    case 'https':
    case 'kubernetes.io/wss':
      return own.tlsSecret === undefined ? 'tcp' : 'https';
    case 'tls':
      return own.tlsSecret === undefined ? 'tcp' : 'tls';
    default:
      return 'tcp';
  }
}

function makeFront(
  view: ServiceView,
  port: ServicePort,
  protocol: PortProtocol,
  draft: Draft,
  context: JoinContext,
): Front | undefined {
  if ((protocol === 'udp') !== (port.transport === 'udp')) {
    const reason = `is served as ${protocol} by the annotation weir-lb.dev/protocol, which a ${port.transport.toUpperCase()} port cannot be; the port is left out`;
    draft.tell({ code: 'E_PROTOCOL', path: port.at, reason });
    return undefined;
  }
  const tls = makeTls(view, port, protocol, draft, context);
  if (tls === 'missing') return undefined;
  const http = protocol === 'http' || protocol === 'https';
  const guard = http ? undefined : guardsOf(view.own);
  if (guard !== undefined) {
    const name = `${ownPrefix}${guard}`;
    const reason = `needs a port of protocol http or https (weir-lb.dev/protocol); port ${port.port} is ${protocol} and is not served without what it asks for`;
    draft.tell({ code: 'E_ANNOTATION_VALUE', path: ['metadata', 'annotations', name], name, reason });
    return undefined;
  }
  const filters = http ? ownFilters(view.own, view.meta.namespace, draft, context.lookup) : none;
  const forward = forwardTo(port.key);
  const hosts = protocol === 'tcp' || protocol === 'udp' ? [] : hostsOf(view);
  return {
    key: port.key,
    port: port.port,
    protocol,
    ...(tls === undefined ? {} : { tls }),
    ...frontTerms(view.own, view.sourceRanges),
    ...(filters.length === 0 ? {} : { filters }),
    ...(hosts.length === 0
      ? { routes: none, default: forward }
      : { routes: [{ hosts, filters: none, action: forward, order: 0 }] }),
  };
}

const none: readonly never[] = [];
const forwards = new Canonical<Action>();

function forwardTo(backend: string): Action {
  return forwards.of(backend, { type: 'forward', to: [{ backend, weight: 1 }] });
}

/** Hosts of our annotation; the BCS form names one, by default the name of the Service. */
function hostsOf({ own, bcs, meta }: ServiceView): readonly string[] {
  return own.hosts ?? (bcs === undefined ? [] : [bcs.vhost ?? meta.name]);
}

/** https ends TLS here and needs a certificate; tls without one passes the stream through by server name. */
function makeTls(
  view: ServiceView,
  port: ServicePort,
  protocol: PortProtocol,
  draft: Draft,
  { lookup }: JoinContext,
): FrontTls | 'missing' | undefined {
  if (protocol !== 'https' && protocol !== 'tls') return undefined;
  const secret = view.own.tlsSecret;
  if (secret === undefined) {
    if (protocol === 'tls') return { mode: 'passthrough', certs: [] };
    const reason =
      'is https but has no certificate; name its Secret in the annotation weir-lb.dev/tls-secret (the port is not served until then)';
    draft.tell({ code: 'E_CERT_MISSING', path: port.at, reason });
    return 'missing';
  }
  const hosts = hostsOf(view);
  const name = 'weir-lb.dev/tls-secret';
  const wish = {
    namespace: view.meta.namespace,
    secret,
    hosts: hosts.length === 0 ? undefined : hosts,
    path: ['metadata', 'annotations', name],
    name,
  };
  const cert = takeCertificate(wish, draft, lookup);
  if (cert === undefined) return 'missing';
  const authority = view.own.clientCaSecret;
  if (authority === undefined) return { mode: 'terminate', certs: [cert] };
  const from = { namespace: view.meta.namespace, secret: authority, annotation: 'client-ca-secret' };
  const ca = takeAuthority(from, `port ${port.port} is not served until then`, draft, lookup);
  return ca === undefined ? 'missing' : { mode: 'mutual', certs: [cert], ca };
}

function backendOf(
  view: ServiceView,
  port: ServicePort,
  protocol: PortProtocol,
  draft: Draft,
  context: JoinContext,
): Backend {
  for (const endpoints of context.lookup.endpointsOf(view.meta.namespace, view.meta.name)) draft.uses.add(endpoints);
  const found = context.targets(view, port);
  if (found.none !== undefined) draft.tell({ code: 'W_NO_TARGETS', path: port.at, reason: found.none });
  const layer = protocol === 'http' || protocol === 'https' ? 'http' : protocol === 'udp' ? 'udp' : 'tcp';
  const authority = targetAuthority(view.meta.namespace, draft, context.lookup);
  return makeBackend({ service: view, port, targets: found.targets, layer, own: [view.own], direct: true, authority });
}

/** BCS knows one http port for each Service and drops others without a word. */
function tellSecondHttp(first: ServicePort, port: ServicePort, draft: Draft): void {
  const reason = `is a second http port beside ${first.port}, which BCS itself would drop; weir serves both`;
  draft.tell({ code: 'W_FEATURE', path: port.at, reason });
}
