import type { Backend, CertRef, HealthCheck, Timeouts } from '../../model/index.ts';
import type { OwnAnnotations } from './own-annotations.ts';
import { noTargets, type RestingTargets, withTargets } from './resting-targets.ts';
import type { ServiceView } from './service.ts';
import type { ServicePort } from './service-port.ts';

/** appProtocol (Kubernetes and IANA names) → what targets speak, where the front speaks HTTP. */
const spoken: Readonly<Record<string, Backend['protocol']>> = {
  http: 'http',
  'kubernetes.io/ws': 'http',
  https: 'https',
  'kubernetes.io/wss': 'https',
  'kubernetes.io/h2c': 'h2c',
  grpc: 'grpc',
  grpcs: 'grpcs',
};

export interface BackendParts {
  readonly service: ServiceView | undefined;
  readonly port: ServicePort | undefined;
  readonly targets: RestingTargets;
  /** http: the front routes HTTP. */
  readonly layer: 'tcp' | 'udp' | 'http';
  /** Annotations of the Service, then of the Ingress: the first that says something counts. */
  readonly own: readonly OwnAnnotations[];
  /** spec.sessionAffinity counts: the Service itself is exported. */
  readonly direct: boolean;
  /** Authorities of the targets by the namespace and name of a Secret; undefined: they cannot be read. */
  readonly authority: (secret: string) => CertRef | undefined;
}

/** The backend of one Service port. */
export function makeBackend(parts: BackendParts): Backend {
  const { service, port, targets, layer, own } = parts;
  const pick = <K extends keyof OwnAnnotations>(key: K): OwnAnnotations[K] | undefined =>
    own.find((annotations) => annotations[key] !== undefined)?.[key];
  const protocol = layer === 'http' ? (pick('backendProtocol') ?? spokenBy(port)) : layer;
  const encrypted = protocol === 'https' || protocol === 'grpcs';
  const serverName = pick('backendTlsServerName');
  const affinity = affinityOf(parts, pick);
  const health = healthOf(pick);
  const drainMs = pick('drainMs');
  const maxConnections = pick('backendMaxConnections');
  const [sendProxy, retries, reuse] = [pick('backendSendProxy'), pick('backendRetries'), pick('backendReuse')];
  const caSecret = pick('backendCaSecret');
  const ca = encrypted && caSecret !== undefined ? parts.authority(caSecret) : undefined;
  // Targets that cannot be verified as asked get nothing.
  const unverified = encrypted && caSecret !== undefined && ca === undefined;
  const verify = pick('backendTlsVerify') ?? caSecret !== undefined;
  return withTargets(unverified ? noTargets : targets, {
    targetKind: 'ip',
    ...(port?.nodePort === undefined ? {} : { nodePort: port.nodePort }),
    ...(service?.localOnly === true ? { localOnly: true } : {}),
    ...(service?.localOnly === true && service.healthCheckNodePort !== undefined
      ? { healthCheckNodePort: service.healthCheckNodePort }
      : {}),
    protocol,
    ...(encrypted
      ? {
          tls: {
            verify,
            ...(ca === undefined ? {} : { ca }),
            ...(serverName === undefined ? {} : { serverName }),
          },
        }
      : {}),
    balance: pick('balance') ?? 'roundrobin',
    ...(affinity === undefined ? {} : { affinity }),
    ...(health === undefined ? {} : { health }),
    ...(drainMs === undefined ? {} : { drainMs }),
    ...(maxConnections === undefined ? {} : { maxConnections }),
    ...(sendProxy === undefined ? {} : { sendProxy }),
    ...(retries === undefined ? {} : { retries }),
    ...(reuse === undefined ? {} : { reuse }),
  });
}

function spokenBy(port: ServicePort | undefined): Backend['protocol'] {
  const name = port?.appProtocol?.toLowerCase() ?? '';
  return (Object.hasOwn(spoken, name) ? spoken[name] : undefined) ?? 'http';
}

type Pick = <K extends keyof OwnAnnotations>(key: K) => OwnAnnotations[K] | undefined;

function affinityOf({ service, layer, direct }: BackendParts, pick: Pick): Backend['affinity'] {
  const wish = pick('affinity');
  const timeoutMs = pick('affinityTimeoutMs');
  const timeout = timeoutMs === undefined ? {} : { timeoutMs };
  if (wish === 'none') return undefined;
  // A cookie needs HTTP; without it the nearest that holds a client is its address.
  if (wish === 'cookie' && layer === 'http') {
    const cookie = pick('affinityCookie');
    return { type: 'cookie', ...(cookie === undefined ? {} : { cookie }), ...timeout };
  }
  if (wish !== undefined) return { type: 'source', ...timeout };
  if (!direct || service?.affinityMs === undefined) return undefined;
  return { type: 'source', timeoutMs: timeoutMs ?? service.affinityMs };
}

function healthOf(pick: Pick): HealthCheck | undefined {
  const wish = pick('healthCheck');
  const [path, host, method, expect] = [
    pick('healthPath'),
    pick('healthHost'),
    pick('healthMethod'),
    pick('healthExpect'),
  ];
  const [port, intervalMs, timeoutMs, rise, fall] = [
    pick('healthPort'),
    pick('healthIntervalMs'),
    pick('healthTimeoutMs'),
    pick('healthRise'),
    pick('healthFall'),
  ];
  const asked = [path, host, method, expect, port, intervalMs, timeoutMs, rise, fall].some(
    (value) => value !== undefined,
  );
  if (wish === 'none' || (wish === undefined && !asked)) return undefined;
  const type =
    wish ?? (path === undefined && host === undefined && method === undefined && expect === undefined ? 'tcp' : 'http');
  return {
    type,
    ...(port === undefined ? {} : { port }),
    ...(type === 'tcp' || path === undefined ? {} : { path }),
    ...(type === 'tcp' || host === undefined ? {} : { host }),
    ...(type === 'tcp' || method === undefined ? {} : { method }),
    ...(type === 'tcp' || expect === undefined ? {} : { expect }),
    ...(intervalMs === undefined ? {} : { intervalMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(rise === undefined ? {} : { rise }),
    ...(fall === undefined ? {} : { fall }),
  };
}

/** Timeouts of a front; undefined when none is set. */
export function timeoutsOf(own: OwnAnnotations): Timeouts | undefined {
  const { connectMs, clientMs, serverMs, queueMs, requestMs, keepAliveMs, tunnelMs } = own;
  const entries = Object.entries({ connectMs, clientMs, serverMs, queueMs, requestMs, keepAliveMs, tunnelMs }).filter(
    ([, value]) => value !== undefined,
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
