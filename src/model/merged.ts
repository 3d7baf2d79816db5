/** The services of one balancer merged: what `src/front` makes and every provider's `model()` reads. */
import type {
  Action,
  Backend,
  CertRef,
  ExportedService,
  Front,
  PathMatch,
  Protocol,
  Route,
  ServiceId,
} from './service.ts';

/** Services that share listening addresses: all of a proxy's, or those of one bundle in a cloud. */
export interface FrontGroup {
  /** `default` for the balancer's own addresses, an address for a service with its own, the bundle key or service id in a cloud. */
  readonly key: string;
  readonly services: readonly ExportedService[];
  /** Addresses to listen on; empty: the balancer's own. */
  readonly addresses: readonly string[];
  readonly listeners: readonly Listener[];
}

/** One port of a group after every conflict is settled. */
export interface Listener {
  /** `port/tcp` or `port/udp`, with `/names` or `/https` behind it for the later half of a port (see `beside`); the identity within the group. */
  readonly key: string;
  readonly port: number;
  readonly endPort?: number;
  readonly protocol: Protocol;
  /** Layer 4: one front. Layer 7: every front that shares the port, oldest first. */
  readonly fronts: readonly { readonly service: ExportedService; readonly front: Front }[];
  /** Certificates of all fronts, first wins for a host; the first of the list is the default one. */
  readonly certs: readonly {
    readonly cert: CertRef;
    readonly hosts: readonly string[];
    /** Those of the hosts whose clients must show a certificate; absent: none. */
    readonly verified?: readonly string[];
    readonly service: ServiceId;
  }[];
  /** Authorities that client certificates must come from, where any front asks for them. */
  readonly clientCa?: CertRef;
  /** Layer 7, and TLS that is passed through: hosts in order exact before wildcard before any (`''`), each with its rules in match order. */
  readonly hosts: readonly MergedHost[];
  /**
   * Key of the other listener of this port: TLS is passed through for the hosts of one and ends here for all others, which are the
   * other's. Only with the feature `sniBeside`.
   */
  readonly beside?: string;
  /** Layer 4: where connections go. Layer 7: what no host and path took. */
  readonly default?: MergedAction;
}

export interface MergedHost {
  /** Lower case; `*.foo.com` covers one label; `''` is every host. */
  readonly host: string;
  /** Longest path first, exact before prefix at equal length, then conditions, then age. */
  readonly rules: readonly MergedRule[];
  /** What no rule of this host took; absent: the listener's default, then 404. */
  readonly default?: MergedAction;
}

export interface MergedRule extends MergedAction {
  readonly path: PathMatch;
  readonly route: Route;
}

export interface MergedAction {
  readonly service: ExportedService;
  readonly front: Front;
  readonly action: Action;
}

/** Key of a backend over all services of a balancer. */
export function backendKey(service: ServiceId, backend: string): string {
  return `${service}#${backend}`;
}

/** A backend of the service itself: `constructor` and its like, which every object has, are not. */
export function backendNamed({ backends }: Pick<ExportedService, 'backends'>, name: string): Backend | undefined {
  return Object.hasOwn(backends, name) ? backends[name] : undefined;
}

/** The backends that an action forwards to, with their share. */
export function forwards(
  merged: MergedAction,
): readonly { readonly key: string; readonly backend: Backend; readonly weight: number }[] {
  if (merged.action.type !== 'forward') return [];
  return merged.action.to.flatMap(({ backend: name, weight }) => {
    const backend = backendNamed(merged.service, name);
    return backend === undefined ? [] : [{ key: backendKey(merged.service.id, name), backend, weight }];
  });
}
