import {
  type ExportedService,
  type LocatedObject,
  type Network,
  type Node,
  type Problem,
  type ServiceId,
  sameJson,
} from '../../model/index.ts';
import { sameItems } from '../../model/remade.ts';
import { type Cidr, parseCidr } from '../../net/index.ts';
import { sameNetwork } from '../network.ts';
import { Arrivals } from './arrivals.ts';
import { Askers } from './askers.ts';
import { orNone } from './canonical.ts';
import type { Drafted } from './draft.ts';
import { findAnnouncers } from './find-announcers.ts';
import type { IngressView } from './ingress.ts';
import type { JoinContext, Joined } from './join.ts';
import { joinIngress } from './join-ingress.ts';
import { joinPeerObject } from './join-peer.ts';
import { joinService } from './join-service.ts';
import type { View } from './kinds.ts';
import { asks, type ObjectStore } from './object-store.ts';
import type { KubernetesReadOptions } from './options.ts';
import type { PeerView } from './peer-object.ts';
import { PoolReader } from './read-pools.ts';
import type { ServiceView } from './service.ts';
import { shareEqual, shareService } from './share-service.ts';
import { TargetTable } from './target-table.ts';
import { TrackedLookup } from './tracked-lookup.ts';

export interface ReadResult extends Required<Network> {
  readonly services: readonly ExportedService[];
  /** Not exported any more, and held. The same array while they are the same. */
  readonly leaving: readonly ExportedService[];
  readonly nodes: readonly Node[];
  /** Those without `service` are about objects that no exported service uses. */
  readonly problems: readonly Problem[];
  /** sha256 → PEM bundle (chain, then key) of every certificate that a service names. Nothing else of the result holds key material. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Kind → objects that were passed over. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** How a question for a Secret begins. */
const secretAsk = asks.secret('', '').slice(0, -1);

type Root = ServiceView | IngressView | PeerView;

interface Memo extends Drafted {
  /** Mostly one thing. */
  readonly asked: string | readonly string[];
  readonly service: ExportedService | undefined;
  readonly leaving: ExportedService | undefined;
  readonly silent: Joined['silent'];
}

/**
 * What objects that come and go one by one come to. An object is parsed once, and a service is joined again only when something that it
 * asked for has changed; what is equal is the same object as before. `K`: what whoever puts them knows them by.
 */
export class LivingObjects<K> {
  readonly #options: KubernetesReadOptions;
  readonly #arrivals: Arrivals<K>;
  readonly #memos = new Map<Root, Memo>();
  /** Who asked for what. */
  readonly #askers = new Askers<Root>();
  /** Secrets that a service asked for, by `namespace/name`. */
  readonly #secretsAsked = new Set<string>();
  /** As they were, of those that are joined again until the next reading. */
  readonly #before = new Map<ServiceId, ExportedService>();
  readonly #targets = new TargetTable();
  readonly #pools: PoolReader;
  #leaving: readonly ExportedService[] = [];
  #nodes: readonly Node[] = [];
  #announcers: ReadResult['announcers'] = [];
  #secrets: ReadonlyMap<string, string> = new Map();
  #expiresMs = Number.POSITIVE_INFINITY;
  #last: ReadResult | undefined;
  #changes = -1;

  /** `options.nowMs` is replaced by what each `read` is given. Ranges of `allowTargets` that are no CIDRs allow nothing. */
  constructor(options: KubernetesReadOptions) {
    this.#options = options;
    const allowed = (options.allowTargets ?? []).flatMap((text): readonly Cidr[] => {
      const range = parseCidr(text);
      return range.ok ? [range.value] : [];
    });
    this.#arrivals = new Arrivals({ options, allowed });
    this.#pools = new PoolReader(options);
  }

  get store(): ObjectStore {
    return this.#arrivals.store;
  }

  /** Does the larger part of the work for an object that will be put: thousands at once would hold up everything else. */
  prepare(object: LocatedObject): void {
    this.#arrivals.prepare(object);
  }

  /** An object, or a list of them, in place of the one that was put by this key. `shelf`: on each, keys stand for themselves. */
  put(key: K, object: LocatedObject, shelf?: string): void {
    this.#arrivals.put(key, object, shelf);
  }

  delete(key: K, shelf?: string): void {
    this.#arrivals.delete(key, shelf);
  }

  /** The order of what was put on no shelf: it decides between objects of one name, and how the services follow one another. */
  arrange(keys: readonly K[]): void {
    this.#arrivals.arrange(keys);
  }

  /** Secrets that some service names, by `namespace/name`, whether they are there or not: as of the last reading. */
  get secretsAsked(): ReadonlySet<string> {
    return this.#secretsAsked;
  }

  /**
   * Does the larger part of the next reading, one service with each step: thousands at once would hold up everything else. What is put in
   * between is left to the reading.
   */
  *prepareReading(nowMs: number): Generator<undefined, void> {
    const options = { ...this.#options, nowMs };
    for (const root of this.#roots(nowMs)) {
      if (this.#memos.has(root)) continue;
      this.#join(root, options);
      yield;
    }
  }

  /** The services as the objects are now: the same result while nothing changed. */
  read(nowMs: number): ReadResult {
    const { changes } = this.#arrivals;
    if (this.#last !== undefined && changes === this.#changes && nowMs < this.#expiresMs) return this.#last;
    this.#changes = changes;
    const options = { ...this.#options, nowMs };
    const joined = this.#roots(nowMs).map((root) => this.#memos.get(root) ?? this.#join(root, options));
    this.#before.clear();
    this.#expiresMs = Number.POSITIVE_INFINITY;
    for (const { expiresMs } of joined) this.#expiresMs = Math.min(this.#expiresMs, expiresMs);
    this.#last = this.#collect(joined);
    return this.#last;
  }

  /** All there are now; of those whose result would be another, none is remembered. */
  #roots(nowMs: number): readonly Root[] {
    for (const ask of this.store.takeTouched()) for (const root of this.#askers.of(ask)) this.#drop(root);
    if (nowMs >= this.#expiresMs)
      for (const [root, { expiresMs }] of this.#memos) if (expiresMs <= nowMs) this.#drop(root);
    const roots = [...this.store.roots()];
    let known = 0;
    for (const root of roots) if (this.#memos.has(root)) known++;
    if (this.#memos.size > known) this.#dropAllBut(new Set(roots));
    return roots;
  }

  #join(root: Root, options: KubernetesReadOptions): Memo {
    const lookup = new TrackedLookup(this.store);
    const context: JoinContext = {
      options,
      lookup,
      targets: (service, port) => this.#targets.find(service, port, lookup),
    };
    const { draft, service, leaving, silent } = joinRoot(root, context);
    const { id, problems, secrets, uses, expiresMs } = draft.done();
    const asked = [...lookup.asked];
    const memo: Memo = {
      asked: asked.length === 1 ? (asked[0] ?? []) : asked,
      id,
      problems,
      secrets,
      // The others have nothing to tell.
      uses: orNone(uses.filter((view) => this.#arrivals.notes.has(view))),
      expiresMs,
      leaving,
      silent,
      service: service === undefined ? undefined : shareService(this.#before.get(service.id), service),
    };
    for (const ask of asked)
      if (this.#askers.add(ask, root) && ask.startsWith(secretAsk)) this.#secretsAsked.add(ask.slice(secretAsk.length));
    this.#memos.set(root, memo);
    return memo;
  }

  #drop(root: Root): void {
    const memo = this.#memos.get(root);
    if (memo === undefined) return;
    const { service, asked } = memo;
    this.#memos.delete(root);
    if (service !== undefined) this.#before.set(service.id, service);
    for (const ask of typeof asked === 'string' ? [asked] : asked)
      if (this.#askers.delete(ask, root) && ask.startsWith(secretAsk))
        this.#secretsAsked.delete(ask.slice(secretAsk.length));
  }

  #dropAllBut(roots: ReadonlySet<Root>): void {
    for (const root of this.#memos.keys()) {
      if (roots.has(root)) continue;
      this.#drop(root);
      const { namespace, name } = root.meta;
      if (root.kind === 'Service' && this.store.service(namespace, name) === undefined) this.#targets.forget(root);
    }
  }

  #collect(joined: readonly Memo[]): ReadResult {
    const { notes } = this.#arrivals;
    const services: ExportedService[] = [];
    const leaving = joined.flatMap((one) => one.leaving ?? []);
    const { pools, announcements, namespaces, problems: ofPools } = this.#pools.of(this.store);
    this.#announcers = shareEqual(this.#announcers, findAnnouncers(this.store, this.#options.announcers));
    const problems: Problem[] = [...this.#arrivals.problems(), ...ofPools];
    const secrets = new Map<string, string>();
    const told = new Set<View>();
    const ofExported = new Set<View>();
    for (const { id, service, silent, uses, ...own } of joined) {
      if (service !== undefined) services.push(service);
      for (const [sha256, pem] of own.secrets) secrets.set(sha256, pem);
      for (const problem of own.problems) problems.push(problem);
      if (notes.size === 0) continue;
      if (silent !== undefined) told.add(silent);
      for (const used of uses) {
        // What is wrong with an exported Service or its slices is told there, and not once more by every Ingress that uses it.
        if (ofExported.has(used)) continue;
        if (service?.origin.kind === 'Service') ofExported.add(used);
        told.add(used);
        for (const problem of notes.get(used) ?? []) problems.push({ ...problem, service: id });
      }
    }
    for (const [view, found] of notes) if (!told.has(view)) problems.push(...found.map(unowned(view)));
    this.#nodes = shareEqual(this.#nodes, this.store.nodes);
    this.#secrets = sameEntries(this.#secrets, secrets) ? this.#secrets : secrets;
    this.#leaving = sameItems(this.#leaving, leaving) ? this.#leaving : leaving;
    const now = {
      services,
      leaving: this.#leaving,
      nodes: this.#nodes,
      pools,
      announcements,
      announcers: this.#announcers,
      namespaces,
      problems,
      secrets: this.#secrets,
      skipped: this.#arrivals.skipped(),
    };
    // Most of what comes changes nothing: conditions, for one, are what we write ourselves.
    return this.#last !== undefined && saysTheSame(this.#last, now) ? this.#last : now;
  }
}

function joinRoot(root: Root, context: JoinContext): Joined {
  if (root.kind === 'Service') return joinService(root, context);
  return root.kind === 'Ingress' ? joinIngress(root, context) : joinPeerObject(root, context);
}

function saysTheSame(a: ReadResult, b: ReadResult): boolean {
  return (
    sameItems(a.services, b.services) &&
    sameItems(a.problems, b.problems) &&
    a.leaving === b.leaving &&
    a.nodes === b.nodes &&
    sameNetwork(a, b) &&
    a.secrets === b.secrets &&
    sameJson(a.skipped, b.skipped)
  );
}

function sameEntries(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}

/** The problems of an object that no exported service uses: those of a Service that is not exported are nobody's. */
function unowned(view: View): (problem: Problem) => Problem {
  if (view.kind !== 'Service') return (problem) => problem;
  return ({ service: _, ...problem }) => problem;
}
