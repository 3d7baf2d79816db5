import type { Backend, ExportedService, Front, Timeouts } from '../../model/index.ts';
import { addressOf, type Draft, originOf } from './draft.ts';
import type { FoundTargets } from './find-targets.ts';
import type { IngressView } from './ingress.ts';
import { timeoutsOf } from './make-backend.ts';
import type { Lookup } from './object-store.ts';
import type { KubernetesReadOptions } from './options.ts';
import type { OwnAnnotations } from './own-annotations.ts';
import type { PeerView } from './peer-object.ts';
import { asksPools, poolRequest, tellPoolless } from './pool-request.ts';
import type { ServiceView } from './service.ts';
import type { ServicePort } from './service-port.ts';

/** What one join needs. It reads other objects through `lookup` only, so that whoever calls it knows what the result hangs on. */
export interface JoinContext {
  readonly options: KubernetesReadOptions;
  readonly lookup: Lookup;
  /** Targets of a Service port, the same array as before while they are equal. */
  readonly targets: (service: ServiceView, port: ServicePort) => FoundTargets;
}

export interface Joined {
  /** Absent: not ours, not to be exported, or refused (then `draft.problems` says why). */
  readonly service?: ExportedService;
  readonly draft: Draft;
  /** Not exported any more, and held until what was made for it is gone. */
  readonly leaving?: ExportedService;
  /** The object belongs to another controller: nothing is said about it. */
  readonly silent?: ServiceView | IngressView | PeerView;
}

/** What annotations say about every front of an object. */
export interface FrontTerms {
  readonly sourceRanges?: readonly string[];
  readonly proxyProtocol?: boolean;
  readonly timeouts?: Timeouts;
  readonly maxConnections?: number;
  readonly deniedRanges?: readonly string[];
}

export function frontTerms(own: OwnAnnotations, sourceRanges = own.sourceRanges): FrontTerms {
  const timeouts = timeoutsOf(own);
  return {
    ...(sourceRanges === undefined ? {} : { sourceRanges }),
    ...(own.deniedRanges === undefined ? {} : { deniedRanges: own.deniedRanges }),
    ...(own.proxyProtocol === undefined ? {} : { proxyProtocol: own.proxyProtocol }),
    ...(timeouts === undefined ? {} : { timeouts }),
    ...(own.maxConnections === undefined ? {} : { maxConnections: own.maxConnections }),
  };
}

const noGroups: readonly string[] = [];

/** Puts the parts together that Services and Ingresses have in common. Without a front there is nothing to export. */
export function assemble(
  view: ServiceView | IngressView,
  className: string | undefined,
  draft: Draft,
  parts: { readonly fronts: readonly Front[]; readonly backends: ReadonlyMap<string, Backend> },
): Joined {
  if (parts.fronts.length === 0) return { draft };
  const { own } = view;
  const isService = view.kind === 'Service';
  const plain = addressOf(own, isService ? view.addresses : [], isService ? view.families : [], view.held);
  const pooled = isService && asksPools(view, draft.options);
  if (!pooled) tellPoolless(own, draft);
  const asked = pooled ? poolRequest(view, plain, draft) : { address: plain };
  if (asked === 'refused') return { draft };
  const { address, origin } = asked;
  const service: ExportedService = {
    id: view.id,
    origin: originOf(view.kind, view.meta, view.place, draft.options),
    groups: own.groups ?? (isService ? view.bcs?.groups : undefined) ?? noGroups,
    ...(className === undefined ? {} : { class: className }),
    ...(own.bundle === undefined ? {} : { bundle: { key: own.bundle, order: own.bundleOrder ?? 0 } }),
    ...(own.balancers === undefined ? {} : { balancers: own.balancers }),
    ...(address === undefined ? {} : { address }),
    // A list that has grown keeps room for many more.
    fronts: parts.fronts.slice(),
    backends: Object.fromEntries(parts.backends),
    settings: own.settings,
    settingsOrigin: origin === undefined ? own.settingsOrigin : { ...own.settingsOrigin, ...origin },
  };
  return { service, draft };
}
