import {
  type Beside,
  type Cluster,
  handedOver,
  type JsonObject,
  type KubeError,
  type KubeObject,
  type SeenKind,
} from '../kube/index.ts';
import type { Context, Json, PoolState, Problem, ServiceId, Snapshot } from '../model/index.ts';
import { turnsOf } from '../model/turns.ts';
import { clearAll } from './clear-all.ts';
import { type Decision, decideObject } from './decide-object.ts';
import { type About, EventBook, type Notice } from './event-book.ts';
import { EventSender } from './event-sender.ts';
import type { Facts } from './facts.ts';
import type { FinalizerRule } from './finalizer-intent.ts';
import { finalizerIntent } from './finalizer-intent.ts';
import { type Reached, reachedBy } from './front-service.ts';
import { type GatedPod, gatedPod, gateIntent } from './gated-pods.ts';
import { KnownNodes } from './known-nodes.ts';
import { type KnownObject, knownObject, recordOf, sameAddresses, sourceOf } from './known-object.ts';
import { KnownObjects, keyIn, keyOf } from './known-objects.ts';
import { noticesOf } from './notices-of.ts';
import { OwnServices } from './own-services.ts';
import { poolIntent } from './pool-intent.ts';
import { RefusedWrites } from './refused-writes.ts';
import { statusIntent } from './status-intent.ts';
import { Subjects, subjectIntent } from './subjects.ts';
import { type Refused, WriteQueue } from './write-queue.ts';
import { reasonOf } from './write-trouble.ts';

export interface KeeperOptions {
  /** Name of the source that follows the cluster. */
  readonly source: string;
  /** What stands before the ids of its services. */
  readonly idPrefix: string;
  /** Under which name we own fields: another one for each installation in a cluster, the same for all its replicas. */
  readonly manager: string;
  readonly finalizer: FinalizerRule;
  /** `namespace/name` of Services that stand in front of proxies. */
  readonly fronts: ReadonlySet<string>;
  /** Whether Events are written. */
  readonly events: boolean;
  /** Services name the pool of their address. Default: false. */
  readonly poolAnnotation?: boolean;
  /** Where this weir gives addresses out of pools: what is told of that, and what pools say of it. */
  readonly pools?: PoolWords;
  /** At the end what was published is taken back. */
  readonly clearOnStop: boolean;
  readonly instance: string;
  readonly clock: Context['clock'];
  readonly random: () => number;
  /** Only who leads writes. */
  readonly mayWrite: () => boolean;
  /** Decides anew: something about an object is another thing now. */
  readonly changed: () => void;
  /** `problems` answers something else. */
  readonly told: () => void;
  /** Counts by full Prometheus names. */
  readonly metrics?: { count(name: string, labels: Readonly<Record<string, string>>): void };
}

/** As those know it who have used the pools so far. */
export interface PoolWords {
  /** A Service has got addresses, and had those `before`; undefined: that is nothing to tell. */
  readonly given: (addresses: readonly string[], before: readonly string[]) => Notice | undefined;
  /** Why a Service (`namespace/name`) has got none; undefined: the problem is another one. */
  readonly refused: (service: string, problem: Problem) => Notice | undefined;
  /** The status of the object of a pool. */
  readonly status: (usage: PoolState) => Readonly<Record<string, Json>>;
}

/** A service of another cluster may go on under the same id: an object must have been passed over for so long before it is let go. */
const lapseMs = 5_000;

/** Keeps what we say in the objects of one cluster as the facts are: status, finalizers, Events. */
export class StatusKeeper implements Beside {
  readonly #options: KeeperOptions;
  readonly #objects = new KnownObjects();
  readonly #nodes = new KnownNodes();
  readonly #pods = new Map<string, GatedPod>();
  readonly #fronts = new Map<string, Reached>();
  readonly #subjects = new Subjects();
  readonly #book = new EventBook();
  readonly #refused: RefusedWrites;
  readonly #decisions = new Map<string, Decision>();
  readonly #lapsed = new Map<string, number>();
  readonly #own: OwnServices;
  #facts: Facts | undefined;
  #queue: WriteQueue | undefined;
  #sender: EventSender | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#own = new OwnServices(options.idPrefix);
    this.#refused = new RefusedWrites(options.source, options.told);
  }

  seen(object: KubeObject, place: SeenKind, managedFields: Json | undefined): (() => void) | undefined {
    if (place.kind === 'Node') {
      return () => this.#nodes.put(object);
    }
    if (place.kind === 'Pod') {
      const pod = gatedPod(object);
      return () => {
        this.#pods.set(`${pod.namespace}/${pod.name}`, pod);
        this.#options.changed();
      };
    }
    const known = knownObject(object, place, managedFields, this.#options.manager);
    if (known === undefined) return this.#seenSubject(object, place);
    const path = `${known.namespace}/${known.name}`;
    const reached = place.kind === 'Service' && this.#options.fronts.has(path) ? reachedBy(object) : undefined;
    return () => {
      if (reached !== undefined) this.#fronts.set(path, reached);
      if (this.#objects.put(known)) this.#options.changed();
    };
  }

  #seenSubject(object: KubeObject, place: SeenKind): (() => void) | undefined {
    const subject = Subjects.read(object, place);
    return subject && (() => this.#subjects.put(subject));
  }

  gone(kind: string, path: string): void {
    if (this.#subjects.delete(keyIn(kind, path))) {
      this.#queue?.forget(`subject\n${keyIn(kind, path)}`);
      return;
    }
    if (kind === 'Node') {
      this.#nodes.delete(path);
      return;
    }
    if (kind === 'Pod') {
      this.#pods.delete(path);
      this.#queue?.forget(`pod\n${path}`);
      return;
    }
    if (kind === 'Service') this.#fronts.delete(path);
    const key = keyIn(kind, path);
    this.#objects.delete(key);
    this.#decisions.delete(key);
    this.#lapsed.delete(key);
    for (const aspect of aspects) this.#queue?.forget(`${aspect}\n${key}`);
    this.#forgetRefused(path.slice(0, path.indexOf('/')));
    this.#options.changed();
  }

  /** With the last object of a namespace goes what could not be written there. */
  #forgetRefused(namespace: string): void {
    if (this.#refused.problems().length === 0) return;
    for (const object of this.#objects.values()) if (object.namespace === namespace) return;
    this.#refused.forget(namespace);
    this.#sender?.forget(namespace);
  }

  read(snapshot: Snapshot): void {
    this.#own.take(snapshot);
  }

  async run(cluster: Cluster, signal: AbortSignal): Promise<void> {
    const { clock, random, mayWrite, manager, instance, events, clearOnStop } = this.#options;
    const shared = { cluster, clock, random, mayWrite, manager };
    const queue = new WriteQueue({
      ...shared,
      next: (key) => this.#next(key),
      answered: (key, answer) => this.#answered(key, answer),
      refused: (what, error) => this.#refused.tell(what, error),
      tried: (what, error) => this.#count(what, error),
    });
    const what = { resource: 'events.events.k8s.io', namespace: '' };
    const refused = (error: KubeError | undefined) => this.#refused.tell(what, error);
    const tried = (error: KubeError | undefined) => this.#count(what, error);
    const sender = events ? new EventSender({ ...shared, book: this.#book, instance, refused, tried }) : undefined;
    this.#queue = queue;
    this.#sender = sender;
    this.#options.changed();
    await Promise.all([queue.run(signal), sender?.run(signal)]);
    this.#queue = undefined;
    this.#sender = undefined;
    if (clearOnStop && signal.reason !== handedOver && mayWrite())
      await clearAll(cluster, this.#objects.values(), manager);
  }

  /** What could not be written, as a warning for who looks after weir. */
  problems(): readonly Problem[] {
    return this.#refused.problems();
  }

  /** Addresses of nodes, and of Services by `namespace/name`, for balancers that are reached there. */
  nodes(kind: 'internal' | 'external'): readonly string[] {
    return this.#nodes.addresses(kind);
  }

  /** By a Service that stands in front of proxies; undefined: this cluster has none of that name, or it cannot be seen. */
  reachedAt(path: string): Reached | undefined {
    return this.#fronts.get(path);
  }

  /**
   * Whether something may be made that would outlive the object: held, or it cannot be held (nothing of the kind may be written, which is
   * told). undefined: the object is not known (yet).
   */
  holds(id: ServiceId): boolean | undefined {
    const object = this.#objectOf(id);
    if (object === undefined) return undefined;
    if (object.deleting) return false;
    const { resource, namespace } = object;
    return object.finalizers.includes(this.#options.finalizer.name) || this.#refused.denies({ resource, namespace });
  }

  /** Whether the service comes from an object of this cluster. */
  has(id: ServiceId): boolean {
    return this.#own.all.has(id);
  }

  /** Brings what is to be written up to date with the facts, letting others run in between. */
  async decide(facts: Facts): Promise<void> {
    const { complete } = this.#own;
    if (complete === undefined) return;
    const { clock } = this.#options;
    const own = this.#own.all;
    const troubles = new Map(facts.problems.filter(isError).map((problem) => [problem.source, problem]));
    const turns = turnsOf(clock);
    for (const object of this.#objects.values()) {
      if (turns.due) await turns.next();
      const key = keyOf(object);
      const id = this.#own.idOf(object);
      const trouble = troubles.get(sourceOf(object));
      const decision = decideObject({
        object,
        service: own.get(id),
        facts: facts.services.get(id),
        // Another cluster exports it, too: then nothing has to go.
        remains: () => (!own.has(id) && facts.services.has(id) ? [] : facts.remains(id)),
        complete: complete && trouble === undefined,
        trouble: trouble?.service === id ? trouble : undefined,
        lapsed: this.#hasLapsed(key, own.has(id) || !object.finalizers.includes(this.#options.finalizer.name)),
        finalizer: this.#options.finalizer.name,
        given: this.#options.pools?.given,
      });
      this.#take(key, object, decision);
    }
    this.#facts = facts;
    for (const [path, pod] of this.#pods) if (this.#gate(pod) !== undefined) this.#queue?.mark(`pod\n${path}`);
    // What is not known yet is not free.
    if (complete)
      for (const key of this.#subjects.pools())
        if (this.#usage(key) !== undefined) this.#queue?.mark(`subject\n${key}`);
    if (this.#options.events) {
      this.#book.lasting(this.#notices(facts), clock.now());
      this.#sender?.hurry();
    }
  }

  /** Some decision hangs on time alone: objects that are held and wait to be let go. */
  get waits(): boolean {
    return this.#lapsed.size > 0;
  }

  /** Something outside is another thing: who leads. */
  hurry(): void {
    this.#queue?.hurry();
    this.#sender?.hurry();
  }

  #count({ resource, subresource }: Pick<Refused, 'resource' | 'subresource'>, error: KubeError | undefined): void {
    this.#options.metrics?.count('weir_kube_writes_total', {
      source: this.#options.source,
      resource: subresource === undefined ? resource : `${resource}/${subresource}`,
      result: error === undefined ? 'written' : 'failed',
      reason: error === undefined ? '' : reasonOf(error),
    });
  }

  #notices({ problems }: Facts) {
    const { idPrefix } = this.#options;
    return noticesOf({
      ...{ problems, services: this.#own.all, idPrefix, worded: this.#options.pools?.refused },
      bySource: (source) => this.#bySource(source),
    });
  }

  #take(key: string, object: KnownObject, decision: Decision): void {
    const before = this.#decisions.get(key);
    this.#decisions.set(key, decision);
    for (const aspect of aspects)
      if (this.#intent(aspect, object, decision) !== undefined) this.#queue?.mark(`${aspect}\n${key}`);
    const { notice } = decision;
    if (notice === undefined || !this.#options.events || !this.#options.mayWrite()) return;
    if (before?.notice?.reason === notice.reason && samePlaces(before, decision)) return;
    this.#book.tell(object, notice, this.#options.clock.now());
  }

  #intent(aspect: Aspect, object: KnownObject, { status, hold, pool }: Decision) {
    // A Service that is none of type LoadBalancer any more has no address, as MetalLB has it.
    const poolless = this.#options.poolAnnotation === true && !object.shape.addresses;
    if (aspect === 'pool') return poolIntent(object, poolless ? null : pool);
    if (aspect === 'meta') return hold === 'keep' ? undefined : finalizerIntent(object, hold, this.#options.finalizer);
    if (status === 'keep') return undefined;
    return statusIntent(object, status === 'clear' ? undefined : status, this.#now);
  }

  #gate(pod: GatedPod) {
    return this.#facts === undefined ? undefined : gateIntent(pod, this.#facts.healthOf, this.#now);
  }

  #usage(key: string) {
    const subject = this.#subjects.get(key);
    const usage = this.#facts?.pools?.find(({ name }) => name === subject?.name);
    const status = usage && this.#options.pools?.status(usage);
    const intent = subject && subjectIntent(subject, status);
    return subject === undefined || intent === undefined ? undefined : { object: subject, intent };
  }

  /** As conditions have it. */
  readonly #now = (): string => new Date(this.#options.clock.wall()).toISOString().replace(/\.\d+Z$/, 'Z');

  #next(queued: string) {
    const [aspect, ...rest] = queued.split('\n');
    const key = rest.join('\n');
    if (aspect === 'pod') {
      const pod = this.#pods.get(key);
      const intent = pod && this.#gate(pod);
      return pod === undefined || intent === undefined ? undefined : { object: pod, intent };
    }
    if (aspect === 'subject') return this.#usage(key);
    const object = this.#objects.get(key);
    const decision = this.#decisions.get(key);
    if (object === undefined || decision === undefined) return undefined;
    const intent = this.#intent(aspects.find((one) => one === aspect) ?? 'status', object, decision);
    return intent === undefined ? undefined : { object, intent };
  }

  #answered(queued: string, answer: JsonObject): void {
    const metadata = recordOf(answer.metadata);
    const { name } = metadata;
    const [aspect, ...rest] = queued.split('\n');
    const key = rest.join('\n');
    if (typeof name !== 'string') return;
    if (aspect === 'pod') {
      if (this.#pods.has(key)) this.#pods.set(key, gatedPod({ ...answer, metadata: { ...metadata, name } }));
      return;
    }
    const raw = { ...answer, metadata: { ...metadata, name } };
    const subject = this.#subjects.get(key);
    if (subject !== undefined) this.#seenSubject(raw, subject)?.();
    const object = this.#objects.get(key);
    if (object === undefined) return;
    const known = knownObject(raw, object, metadata.managedFields, this.#options.manager);
    // The last finalizer that goes takes the object along: the watch tells that.
    if (known !== undefined && this.#objects.put(known)) this.#options.changed();
  }

  #objectOf(id: ServiceId): KnownObject | undefined {
    const origin = this.#own.all.get(id)?.origin;
    return origin === undefined ? undefined : this.#objects.get(keyOf(origin));
  }

  /** `Kind/namespace/name`, as problems have it. */
  #bySource(source: string): About | undefined {
    const slash = source.indexOf('/');
    if (slash < 0) return undefined;
    const key = keyIn(source.slice(0, slash), source.slice(slash + 1));
    return this.#objects.get(key) ?? this.#subjects.get(key);
  }

  #hasLapsed(key: string, stays: boolean): boolean {
    if (stays) {
      this.#lapsed.delete(key);
      return false;
    }
    const nowMs = this.#options.clock.now();
    const sinceMs = this.#lapsed.get(key) ?? nowMs;
    this.#lapsed.set(key, sinceMs);
    return nowMs - sinceMs >= lapseMs;
  }
}

function isError({ severity }: Problem): boolean {
  return severity === 'error';
}

function samePlaces({ status: a }: Decision, { status: b }: Decision): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && sameAddresses(a.addresses, b.addresses));
}

type Aspect = 'status' | 'meta' | 'pool';
const aspects: readonly Aspect[] = ['meta', 'pool', 'status'];
