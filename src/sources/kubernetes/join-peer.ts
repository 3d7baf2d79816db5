import {
  type Intent,
  type PeerClass,
  type PeerContext,
  type PeerReader,
  type PeerSubject,
  peers,
} from '../../compat/index.ts';
import type { ExportedService, Json } from '../../model/index.ts';
import { addressOf, Draft, originOf } from './draft.ts';
import { type IngressView, parseIngress } from './ingress.ts';
import type { JoinContext, Joined } from './join.ts';
import { makeBackend } from './make-backend.ts';
import type { OwnAnnotations } from './own-annotations.ts';
import { besidePeer } from './own-beside-peer.ts';
import type { PeerView } from './peer-object.ts';
import type { Place } from './place.ts';
import { noTargets } from './resting-targets.ts';
import type { ServiceView } from './service.ts';
import { classOf, standsFor } from './take-class.ts';
import { takeClient, targetAuthority } from './take-material.ts';

/** The reader of the peer that would serve an object, and the class under which weir knows it. */
export interface Claim {
  readonly reader: PeerReader;
  readonly class: string;
}

/** Who claims a Service or Ingress; undefined: nobody, it is weir's own. */
export function claimOf(view: ServiceView | IngressView, known: PeerClass | undefined): Claim | undefined {
  for (const reader of peers) {
    const claim = reader.claims(view, known);
    if (claim !== undefined) return { reader, class: claim.class };
  }
  return undefined;
}

/** Whether Ingresses of some classes are read by the rules of a peer. */
export function readsPeers(options: JoinContext['options']): boolean {
  return peers.some(({ ingress, controllers }) => ingress !== undefined && standsFor(controllers, options));
}

/** The group that an Ingress names in the words of a peer, whether the rest of it can be used or not. */
export function peerGroup(view: IngressView, context: JoinContext): string | undefined {
  const known = classOf(view, context.lookup);
  const asked = contextOf(view.meta.namespace, new Draft(view.id, view.place, context.options), context, known);
  for (const { group } of peers) {
    const found = group?.(view, asked);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Tells of annotations for a peer that a balancer stands in for, at a Service that nobody reads as the peer's. */
export function tellMissed(view: ServiceView, draft: Draft): void {
  for (const { controllers, missed } of peers) {
    const found = standsFor(controllers, draft.options) ? missed?.(view) : undefined;
    if (found === undefined) continue;
    const { annotation: name, reason } = found;
    draft.tell({ code: 'W_ANNOTATION_IGNORED', path: ['metadata', 'annotations', name], name, reason });
  }
}

/** A Service written for a peer. */
export function joinPeerService(view: ServiceView, { reader, class: className }: Claim, context: JoinContext): Joined {
  const draft = new Draft(view.id, view.place, context.options);
  draft.uses.add(view);
  if (view.refused) return { draft };
  const intent = reader.service(view, contextOf(view.meta.namespace, draft, context, undefined));
  return { ...assemblePeer(view, 'Service', className, intent, draft, context), draft };
}

/** An Ingress written for a peer: read once more, because the peer may mean something else by a path. */
export function joinPeerIngress(
  view: IngressView,
  claim: Claim,
  known: PeerClass | undefined,
  context: JoinContext,
): Joined {
  const draft = new Draft(view.id, view.place, context.options);
  const { reader } = claim;
  const again = parseIngress(view.located, context.options.idPrefix, (type, text) =>
    reader.readPath?.(type, text, view.annotations),
  );
  draft.problems.push(...again.problems);
  const silent = view;
  // A path that is left out would fall to somebody else's: with a peer, a bad one stops the Ingress.
  if (
    again.view === undefined ||
    again.view.refused ||
    again.problems.some(({ severity, field }) => severity === 'error' && field?.startsWith('spec.'))
  )
    return { draft, silent };
  const asked = contextOf(view.meta.namespace, draft, context, known, view.own);
  const intent = reader.ingress?.(again.view, asked);
  return { ...assemblePeer(view, 'Ingress', claim.class, intent, draft, context), draft, silent };
}

/** An object of a peer's own kind that may mean a service. */
export function joinPeerObject(view: PeerView, context: JoinContext): Joined {
  const { namespace, name } = view.meta;
  const kind = view.type.split('/').at(-1) ?? view.type;
  const id = `${context.options.idPrefix ?? ''}${kind.toLowerCase()}/${namespace}/${name}`;
  const draft = new Draft(id, view.place, context.options);
  const reader = peers.find(({ kinds }) => Object.hasOwn(kinds, view.type));
  if (view.meta.deleting || reader?.resource === undefined) return { draft };
  if (!standsFor(reader.controllers, context.options)) {
    const reason = `this object is not used: no balancer stands in for ${reader.title}`;
    draft.tell({ code: 'W_OBJECT_IGNORED', path: [], reason });
    return { draft };
  }
  const { meta, annotations, spec, type } = view;
  const intent = reader.resource(
    { kind: type, meta, annotations, spec },
    contextOf(namespace, draft, context, undefined),
  );
  return { ...assemblePeer({ ...view, id }, kind, undefined, intent, draft, context), draft };
}

function contextOf(
  namespace: string,
  draft: Draft,
  { lookup, targets }: JoinContext,
  known: PeerClass | undefined,
  own?: OwnAnnotations,
): PeerContext {
  const places = new Map<PeerSubject, Place>();
  return {
    ...(known === undefined ? {} : { class: known }),
    service(name) {
      const view = lookup.service(namespace, name);
      if (view === undefined) return undefined;
      draft.uses.add(view);
      places.set(view, view.place);
      return view;
    },
    resource(kind, where, name) {
      const view = lookup.peer(kind, where, name);
      if (view === undefined) return undefined;
      const { meta, annotations, spec } = view;
      const resource = { kind, meta, annotations, spec };
      places.set(resource, view.place);
      return resource;
    },
    client: (name) => takeClient(namespace, name, draft, lookup),
    backend(subject, wanted, at, kind = 'ip') {
      const service = lookup.service(subject.meta.namespace, subject.meta.name);
      const port = service?.ports.find(({ key }) => key === wanted.key);
      const annotations = [...(service === undefined ? [] : [service.own]), ...(own === undefined ? [] : [own])];
      const authority = targetAuthority(namespace, draft, lookup);
      const base = { service, port, layer: 'tcp', own: annotations, direct: false, authority } as const;
      if (service === undefined || port === undefined) return makeBackend({ ...base, targets: noTargets });
      const slices = lookup.endpointsOf(namespace, service.meta.name);
      for (const endpoints of slices) draft.uses.add(endpoints);
      const found = targets(service, port);
      // Nodes serve a port for all: who reads no EndpointSlices misses none.
      const needed = kind === 'ip' || service.localOnly || slices.length > 0;
      if (found.none !== undefined && needed)
        draft.tell({ code: 'W_NO_TARGETS', path: at, value: `${service.meta.name}:${port.port}`, reason: found.none });
      return makeBackend({ ...base, targets: found.targets });
    },
    tell({ about, ...finding }) {
      draft.tell(finding, about === undefined ? undefined : places.get(about));
    },
  };
}

type Assembled = Pick<ServiceView, 'id' | 'meta' | 'place'> & {
  readonly own?: OwnAnnotations;
  readonly held?: readonly string[];
};

/** What the peer's object means, and what our own annotations say beside it: theirs is the word of the owner of both, ours counts first. */
function assemblePeer(
  view: Assembled,
  kind: string,
  className: string | undefined,
  intent: Intent | undefined,
  draft: Draft,
  { lookup }: JoinContext,
): { readonly service?: ExportedService } {
  if (intent === undefined) return {};
  const { own, held = [] } = view;
  const fronts = own === undefined ? intent.fronts : besidePeer(own, intent.fronts, view.meta.namespace, draft, lookup);
  if (fronts === undefined) return {};
  const address = own === undefined ? undefined : addressOf(own, [], [], held);
  const bundle = own?.bundle === undefined ? intent.bundle : { key: own.bundle, order: own.bundleOrder ?? 0 };
  const service: ExportedService = {
    id: view.id,
    origin: originOf(kind, view.meta, view.place, draft.options),
    groups: own?.groups ?? [],
    ...(className === undefined ? {} : { class: className }),
    ...(bundle === undefined ? {} : { bundle }),
    ...(own?.balancers === undefined ? {} : { balancers: own.balancers }),
    ...(address === undefined ? {} : { address }),
    fronts,
    backends: Object.fromEntries(intent.backends),
    settings: mergeSettings(intent.settings, own?.settings ?? {}),
    settingsOrigin: { ...intent.settingsOrigin, ...own?.settingsOrigin },
  };
  return { service };
}

/** Settings of ours stand over those of the peer, field by field of each provider. */
function mergeSettings(
  theirs: Readonly<Record<string, Json>>,
  ours: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> {
  const merged = Object.entries(ours).map(([provider, value]): [string, Json] => {
    const below = theirs[provider];
    return isFields(value) && isFields(below) ? [provider, { ...below, ...value }] : [provider, value];
  });
  return { ...theirs, ...Object.fromEntries(merged) };
}

function isFields(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
