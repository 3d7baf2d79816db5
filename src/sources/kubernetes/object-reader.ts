import type { ExportedService, LocatedObject, Node, Problem, ServiceId } from '../../model/index.ts';
import { type Cidr, parseCidr } from '../../net/index.ts';
import type { EndpointsView } from './endpoint-group.ts';
import { type FoundTargets, findTargets } from './find-targets.ts';
import type { IngressView } from './ingress.ts';
import type { JoinContext, Joined } from './join.ts';
import { joinIngress } from './join-ingress.ts';
import { joinPeerObject } from './join-peer.ts';
import { joinService } from './join-service.ts';
import { ignoredWarning, type ParsedObject, parseObject, type View } from './kinds.ts';
import { flattenList } from './list.ts';
import { ObjectStore } from './object-store.ts';
import type { KubernetesReadOptions } from './options.ts';
import type { PeerView } from './peer-object.ts';
import type { ServiceView } from './service.ts';
import type { ServicePort } from './service-port.ts';
import { shareEqual, shareService } from './share-service.ts';
import { sameItems, TrackedLookup } from './tracked-lookup.ts';

export interface ReadResult {
  readonly services: readonly ExportedService[];
  readonly nodes: readonly Node[];
  /** Those without `service` are about objects that no exported service uses. */
  readonly problems: readonly Problem[];
  /** sha256 → PEM bundle (chain, then key) of every certificate that a service names. Nothing else of the result holds key material. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Kind → objects that were passed over. */
  readonly skipped: Readonly<Record<string, number>>;
}

interface Memo {
  readonly lookup: TrackedLookup;
  readonly joined: Joined;
}

interface CachedTargets {
  readonly port: ServicePort;
  readonly endpoints: readonly EndpointsView[];
  readonly found: FoundTargets;
}

/**
 * Reads all objects of a source again and again. An object that comes in the same LocatedObject as before is not parsed again, and a
 * service is joined again only when something that it looked at has changed; equal results are the same objects as before.
 */
export class ObjectReader {
  readonly #options: KubernetesReadOptions;
  readonly #allowed: readonly Cidr[];
  readonly #flat = new WeakMap<LocatedObject, readonly LocatedObject[]>();
  readonly #parsed = new WeakMap<LocatedObject, ParsedObject>();
  readonly #joined = new WeakMap<View, Memo>();
  #targets = new Map<string, CachedTargets>();
  #services = new Map<ServiceId, ExportedService>();
  #nodes: readonly Node[] = [];

  /** `options.nowMs` is replaced by what each `read` is given. Ranges of `allowTargets` that are no CIDRs allow nothing. */
  constructor(options: KubernetesReadOptions) {
    this.#options = options;
    this.#allowed = (options.allowTargets ?? []).flatMap((text) => {
      const range = parseCidr(text);
      return range.ok ? [range.value] : [];
    });
  }

  read(objects: readonly LocatedObject[], nowMs: number = this.#options.nowMs): ReadResult {
    const options = { ...this.#options, nowMs };
    const problems: Problem[] = [];
    const { store, notes, skipped } = this.#parseAll(objects, problems);
    const targets = new Map<string, CachedTargets>();
    const join = (view: ServiceView | IngressView | PeerView): Joined => this.#join(view, store, options, targets);
    const own = [...store.peers.values()].flatMap((views) => [...views.values()].filter(({ exported }) => exported));
    const joined = [...store.services.values(), ...store.ingresses.values(), ...own].map(join);
    this.#targets = targets;
    return { ...this.#collect(joined, notes, problems, store), skipped: Object.fromEntries(skipped) };
  }

  #parseAll(
    objects: readonly LocatedObject[],
    problems: Problem[],
  ): { store: ObjectStore; notes: Map<View, readonly Problem[]>; skipped: Map<string, number> } {
    const store = new ObjectStore();
    const notes = new Map<View, readonly Problem[]>();
    const skipped = new Map<string, number>();
    const ignored = new Map<string, { first: LocatedObject; count: number }>();
    const context = { options: this.#options, allowed: this.#allowed };
    for (const outer of objects) {
      for (const located of remember(this.#flat, outer, (list) => flattenList(list))) {
        const parsed = remember(this.#parsed, located, (object) => parseObject(object, context));
        if (parsed.skipped !== undefined) skipped.set(parsed.skipped, (skipped.get(parsed.skipped) ?? 0) + 1);
        if (parsed.ignored !== undefined) {
          const known = ignored.get(parsed.ignored);
          ignored.set(parsed.ignored, { first: known?.first ?? located, count: (known?.count ?? 0) + 1 });
        }
        if (parsed.view === undefined) problems.push(...parsed.problems);
        else {
          notes.set(parsed.view, parsed.problems);
          const duplicate = store.add(parsed.view);
          if (duplicate !== undefined) problems.push(duplicate);
        }
      }
    }
    for (const [name, { first, count }] of ignored) problems.push(ignoredWarning(name, first, count));
    return { store, notes, skipped };
  }

  #join(
    view: ServiceView | IngressView | PeerView,
    store: ObjectStore,
    options: KubernetesReadOptions,
    targets: Map<string, CachedTargets>,
  ): Joined {
    const memo = this.#joined.get(view);
    if (memo !== undefined && memo.joined.draft.expiresMs > options.nowMs && memo.lookup.holds(store)) {
      for (const used of memo.joined.draft.uses) if (used.kind === 'Service') this.#keepTargets(used, targets);
      return memo.joined;
    }
    const lookup = new TrackedLookup(store);
    const context: JoinContext = {
      options,
      lookup,
      targets: (service, port) => this.#targetsOf(service, port, store, targets),
    };
    const fresh = joinView(view, context);
    const joined =
      fresh.service === undefined
        ? fresh
        : { ...fresh, service: shareService(this.#services.get(fresh.service.id), fresh.service) };
    this.#joined.set(view, { lookup, joined });
    return joined;
  }

  #targetsOf(
    service: ServiceView,
    port: ServicePort,
    store: ObjectStore,
    targets: Map<string, CachedTargets>,
  ): FoundTargets {
    const key = `${service.id}#${port.key}`;
    const endpoints = store.endpointsOf(service.meta.namespace, service.meta.name);
    const known = targets.get(key) ?? this.#targets.get(key);
    const holds = known !== undefined && known.port === port && sameItems(known.endpoints, endpoints);
    const found = holds ? known.found : shareFound(known?.found, findTargets(service, port, endpoints));
    targets.set(key, { port, endpoints, found });
    return found;
  }

  #keepTargets(service: ServiceView, targets: Map<string, CachedTargets>): void {
    for (const port of service.ports) {
      const key = `${service.id}#${port.key}`;
      const known = this.#targets.get(key);
      if (known !== undefined && !targets.has(key)) targets.set(key, known);
    }
  }

  #collect(
    joined: readonly Joined[],
    notes: Map<View, readonly Problem[]>,
    problems: Problem[],
    store: ObjectStore,
  ): Omit<ReadResult, 'skipped'> {
    const services: ExportedService[] = [];
    const secrets = new Map<string, string>();
    const told = new Set<View>();
    const ofExported = new Set<View>();
    for (const { service, draft, silent } of joined) {
      if (service !== undefined) services.push(service);
      if (silent !== undefined) told.add(silent);
      problems.push(...draft.problems);
      for (const [sha256, pem] of draft.secrets) secrets.set(sha256, pem);
      for (const used of draft.uses) {
        // What is wrong with an exported Service or its slices is told there, and not once more by every Ingress that uses it.
        if (ofExported.has(used)) continue;
        if (service?.origin.kind === 'Service') ofExported.add(used);
        told.add(used);
        for (const problem of notes.get(used) ?? []) problems.push({ ...problem, service: draft.id });
      }
    }
    for (const [view, found] of notes) if (!told.has(view)) problems.push(...found.map(unowned(view)));
    this.#services = new Map(services.map((service) => [service.id, service]));
    this.#nodes = sameItems(this.#nodes, store.nodes) ? this.#nodes : shareEqual(this.#nodes, store.nodes);
    return { services, nodes: this.#nodes, problems, secrets };
  }
}

function remember<K extends object, V>(memory: WeakMap<K, V>, key: K, make: (key: K) => V): V {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const made = make(key);
  memory.set(key, made);
  return made;
}

function joinView(view: ServiceView | IngressView | PeerView, context: JoinContext): Joined {
  if (view.kind === 'Service') return joinService(view, context);
  return view.kind === 'Ingress' ? joinIngress(view, context) : joinPeerObject(view, context);
}

function shareFound(previous: FoundTargets | undefined, next: FoundTargets): FoundTargets {
  return { ...next, targets: shareEqual(previous?.targets, next.targets) };
}

/** The problems of an object that no exported service uses: those of a Service that is not exported are nobody's. */
function unowned(view: View): (problem: Problem) => Problem {
  if (view.kind !== 'Service') return (problem) => problem;
  return ({ service: _, ...problem }) => problem;
}
