/**
 * What shall be reachable, free of any provider's vocabulary. Plain JSON: it can be printed, stored and read back.
 * A source emits the same object as before when nothing changed; everything behind it relies on that to stay cheap.
 */
import type { Json } from './json.ts';

export type ServiceId = string;
/** Stands for a service that no source has told of: whether such a one could exist is asked by it. No service has this id. */
export const untold: ServiceId = '';

export type Protocol = 'tcp' | 'udp' | 'tcp_udp' | 'http' | 'https' | 'tls' | 'quic';

/** Where a service was read: enough to name it to its owner and to order services by age. */
export interface Origin {
  /** Name of the source in the configuration, e.g. `files`, `kubernetes`. */
  readonly source: string;
  readonly cluster?: string;
  /** Kind as its owner writes it: `Service`, `Ingress`, `ExportedService`, `ExportService`, … */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  /** Milliseconds since the epoch; the older of two conflicting services wins. */
  readonly createdMs?: number;
  /** Since when the source knows it, for services that do not say when they were created. */
  readonly seenMs?: number;
  readonly revision?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly file?: string;
  /** 1-based line in `file`. */
  readonly line?: number;
}

/** When it came to be, as far as anybody knows: the smaller is the older; unknown is younger than all. */
export function bornMs({ createdMs, seenMs }: Pick<Origin, 'createdMs' | 'seenMs'>): number {
  return createdMs ?? seenMs ?? Number.POSITIVE_INFINITY;
}

export interface ExportedService {
  /** Unique over all sources: `namespace/name`, Ingresses `ingress/namespace/name`; `cluster:` before it when there are several. */
  readonly id: ServiceId;
  readonly origin: Origin;
  /** Groups that a balancer may select by. */
  readonly groups: readonly string[];
  /** loadBalancerClass or ingress class, when the owner named one. */
  readonly class?: string;
  /** Services that share one load balancer (IngressGroup, shared LB, explicit load balancer id). */
  readonly bundle?: { readonly key: string; readonly order: number };
  /** Names of balancers that shall take it; absent: chosen by groups and class. */
  readonly balancers?: readonly string[];
  readonly address?: AddressRequest;
  readonly fronts: readonly Front[];
  readonly backends: Readonly<Record<string, Backend>>;
  /** Per provider name: settings as its owner wrote them, validated by the provider's `serviceOptions`. */
  readonly settings: Readonly<Record<string, Json>>;
  /** Path in `settings` (dot separated), or `address.…` → annotation or field it came from, for errors. */
  readonly settingsOrigin: Readonly<Record<string, string>>;
}

export interface AddressRequest {
  readonly pool?: string;
  /** Addresses asked for by name. */
  readonly list?: readonly string[];
  /**
   * It asks for an address of its own where its balancer gives addresses out of pools: for these, or, where there are none, for any. Then
   * they count in place of those of `list`. Absent: for those of `list`; for any where it names a pool; else for none.
   */
  readonly fromPool?: readonly string[];
  readonly families: readonly ('ipv4' | 'ipv6')[];
  /** Of two families, prefer: the first will do where no pool gives both. Default: require. */
  readonly familyPolicy?: 'require' | 'prefer';
  readonly shareKey?: string;
  readonly backendKey?: string;
  /** Addresses it holds already (status): kept while they fit. */
  readonly held: readonly string[];
}

/** One listening port of a service. */
export interface Front {
  /** Unique in the service, stable over changes: port name or `port/protocol`. */
  readonly key: string;
  readonly port: number;
  /** Last port of a range, inclusive. */
  readonly endPort?: number;
  readonly protocol: Protocol;
  readonly tls?: FrontTls;
  /** CIDRs allowed in; absent: everyone. */
  readonly sourceRanges?: readonly string[];
  /** CIDRs kept out, also where `sourceRanges` has them. */
  readonly deniedRanges?: readonly string[];
  /** Accept the PROXY protocol from clients. */
  readonly proxyProtocol?: boolean;
  readonly timeouts?: Timeouts;
  /** Concurrent connections accepted at this front. */
  readonly maxConnections?: number;
  /** Layer 7: for every route and the default, before what a route has of its own. */
  readonly filters?: readonly Filter[];
  /** HTTP routes. For TLS that is passed through: by the name in the client's hello, nothing but `hosts` counts. Else empty at layer 4. */
  readonly routes: readonly Route[];
  /** Layer 4: the one action. Layer 7: what no route took. */
  readonly default?: Action;
}

export interface FrontTls {
  readonly mode: 'terminate' | 'passthrough' | 'mutual';
  readonly certs: readonly CertRef[];
  readonly ca?: CertRef;
}

/** Something secret by content. The material never travels in the model: `ctx.secret(ref)` fetches it. */
export interface SecretRef {
  /** Lower-case hex SHA-256 of the text. */
  readonly sha256: string;
  /** `Secret ns/name`, `file path`: for messages only. */
  readonly origin: string;
}

/** A certificate with key: the PEM bundle (chain, then key). */
export interface CertRef extends SecretRef {
  /** Names it is valid for (SAN, else CN), lower case, wildcards kept. */
  readonly names: readonly string[];
  /** Serve it only for these hosts (tls.hosts); absent: for `names`. */
  readonly hosts?: readonly string[];
  readonly notAfterMs?: number;
  /** OCSP response to show with it: base64 of the DER. */
  readonly ocsp?: SecretRef;
}

export interface Timeouts {
  readonly connectMs?: number;
  readonly clientMs?: number;
  readonly serverMs?: number;
  readonly queueMs?: number;
  readonly requestMs?: number;
  readonly keepAliveMs?: number;
  readonly tunnelMs?: number;
}

export interface Route {
  /** Lower-case host names, exact or `*.one.label`; empty: every host. */
  readonly hosts: readonly string[];
  readonly path?: PathMatch;
  readonly methods?: readonly string[];
  readonly headers?: readonly NameMatch[];
  readonly query?: readonly NameMatch[];
  readonly sourceIps?: readonly string[];
  readonly filters: readonly Filter[];
  readonly action: Action;
  /** Breaks ties between otherwise equal routes of one service; lower first. */
  readonly order: number;
  /** Name of what only a provider can say about it (`settings.<provider>.rules.<name>`): part of what the route claims. */
  readonly rule?: string;
}

/** exact: byte-equal. prefix: by path element (Kubernetes Prefix). stringPrefix: by characters. regex: RE2-style, anchored by its author. */
export interface PathMatch {
  readonly type: 'exact' | 'prefix' | 'stringPrefix' | 'regex';
  readonly value: string;
}

export interface NameMatch {
  readonly name: string;
  readonly type: 'exact' | 'regex' | 'present';
  readonly value?: string;
}

export type Filter =
  | {
      readonly type: 'requestHeader' | 'responseHeader';
      readonly op: 'set' | 'add' | 'remove';
      readonly name: string;
      readonly value?: string;
    }
  | { readonly type: 'rewritePrefix'; readonly from: string; readonly to: string }
  /** `$1` to `$9` in `to` are groups of the pattern. */
  | { readonly type: 'rewriteRegex'; readonly pattern: string; readonly to: string }
  | { readonly type: 'host'; readonly value: string }
  /** Who may ask: 403 for those who are in `deny`, and for those who are not in `allow` where that is given. */
  | { readonly type: 'sourceRanges'; readonly allow?: readonly string[]; readonly deny?: readonly string[] }
  /** 413 for larger request bodies, 411 for those whose length is not told before. */
  | { readonly type: 'bodyLimit'; readonly bytes: number }
  /** For each client address over all routes of the service with the same limit; 429 above it. `burst` at once; default: `requests`. */
  | { readonly type: 'rateLimit'; readonly requestsPerSecond: number; readonly burst?: number }
  | BasicAuthFilter
  | CorsFilter;

/** Who asks must give name and password (RFC 7617), else 401. */
export interface BasicAuthFilter {
  readonly type: 'basicAuth';
  /** What the browser shows. */
  readonly realm: string;
  /** Text of `usersText()`. Absent: they could not be read, so nobody gets in (503). */
  readonly users?: SecretRef;
}

/** Cross-origin requests (Fetch standard): preflights are answered, other answers get the headers. */
export interface CorsFilter {
  readonly type: 'cors';
  /** `https://shop.test`, `https://*.shop.test`, or `*` for all. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** Request headers that scripts may send; empty: those that the browser asks for. */
  readonly headers: readonly string[];
  /** Answer headers that scripts may read. */
  readonly exposeHeaders: readonly string[];
  readonly credentials: boolean;
  /** How long a browser may keep the answer of a preflight. */
  readonly maxAgeMs?: number;
}

export type Action =
  | { readonly type: 'forward'; readonly to: readonly { readonly backend: string; readonly weight: number }[] }
  | {
      readonly type: 'redirect';
      readonly code: 301 | 302 | 303 | 307 | 308;
      readonly scheme?: 'http' | 'https';
      readonly host?: string;
      readonly port?: number;
      /** Replaces the path; absent: path kept. */
      readonly path?: string;
    }
  | { readonly type: 'fixed'; readonly status: number; readonly contentType?: string; readonly body?: string };

export interface Backend {
  /** Shared: the same array while unchanged. */
  readonly targets: readonly Target[];
  readonly targetKind: 'ip' | 'instance';
  readonly nodePort?: number;
  /** externalTrafficPolicy Local. */
  readonly localOnly?: boolean;
  /** Where a node tells whether it has local targets (HTTP /healthz); only with localOnly. */
  readonly healthCheckNodePort?: number;
  readonly protocol: 'tcp' | 'udp' | 'http' | 'https' | 'h2c' | 'grpc' | 'grpcs';
  readonly tls?: { readonly verify: boolean; readonly ca?: CertRef; readonly serverName?: string };
  readonly balance: 'roundrobin' | 'leastconn' | 'source' | 'uri' | 'random';
  readonly affinity?: { readonly type: 'source' | 'cookie'; readonly cookie?: string; readonly timeoutMs?: number };
  readonly health?: HealthCheck;
  /** How long a removed target keeps its connections. */
  readonly drainMs?: number;
  /** Concurrent connections for each target; what comes above it waits in a queue. */
  readonly maxConnections?: number;
  /** Targets are told the client by the PROXY protocol. */
  readonly sendProxy?: 'v1' | 'v2';
  /** Attempts to connect elsewhere when a target refuses. */
  readonly retries?: number;
  /** never: a request never goes out on a connection that may be closing at this moment; each gets a new one. Default: safe. */
  readonly reuse?: 'safe' | 'never';
}

export interface HealthCheck {
  readonly type: 'tcp' | 'http';
  readonly port?: number;
  readonly path?: string;
  readonly host?: string;
  readonly method?: string;
  /** Inclusive status ranges, default 200-399. */
  readonly expect?: readonly { readonly from: number; readonly to: number }[];
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly rise?: number;
  readonly fall?: number;
}

export interface Target {
  /** IP address (canonical text) or instance id, by `Backend.targetKind`. */
  readonly address: string;
  readonly port: number;
  readonly node?: string;
  readonly zone?: string;
  readonly pod?: string;
  /** Relative share, 0..256; 0 takes no new connections. */
  readonly weight: number;
  readonly state: 'ready' | 'draining' | 'gone';
}

/** A machine of the cluster: one shared list beside the services. */
export interface Node {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly zone?: string;
  readonly instanceId?: string;
  readonly ready: boolean;
  readonly excluded?: boolean;
  /** It is about to be deleted. */
  readonly leaving?: true;
  /** Its network is not set up (condition NetworkUnavailable). */
  readonly networkUnavailable?: true;
}
