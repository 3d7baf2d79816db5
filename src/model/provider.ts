/** The contract of a provider: code for one kind of load-balancing system. Shared code never asks for a provider's name. */
import type { ZodType } from 'zod';
import type { Agreement } from './agreement.ts';
import type { AnnouncedAddress, NetworkOfBalancer } from './announcement.ts';
import type { ErrorCode } from './errors.ts';
import type { Json } from './json.ts';
import type { FrontGroup } from './merged.ts';
import type { Problem } from './problem.ts';
import type { Handle, KindSpec, Observed, Resource, Unit } from './resource.ts';
import type { CertRef, ExportedService, Node, Protocol, ServiceId } from './service.ts';
import type { Sliced } from './sliced.ts';
import type { Policy, Step } from './step.ts';
import type { Turns } from './turns.ts';

/** What a service may ask and not every system can do. */
export type Feature =
  | 'deniedRanges'
  | 'sourceRangeFilter'
  | 'bodyLimit'
  | 'rateLimit'
  | 'cors'
  | 'basicAuth'
  | 'sendProxy'
  | 'sniRoutes'
  | 'sniBeside'
  | 'clientCertificates';

/** What a provider can do; shared code reads these and nothing else. */
export interface Capabilities {
  /** shared: one leader writes a common system. instance: every weir drives its own proxy or kernel. */
  readonly scope: 'shared' | 'instance';
  /** balancer: all services share its addresses and ports. bundle: a service or bundle has a load balancer of its own. */
  readonly sharing: 'balancer' | 'bundle';
  readonly protocols: readonly Protocol[];
  /** Said when a service asks for a protocol that is not in the list: who can do it, e.g. `UDP needs provider nginx`. */
  readonly protocolHint?: string;
  readonly pathTypes: readonly ('exact' | 'prefix' | 'stringPrefix' | 'regex')[];
  readonly balances: readonly string[];
  readonly affinities: readonly ('source' | 'cookie')[];
  /** Absent: none of them. */
  readonly features?: readonly Feature[];
  readonly ipv6: boolean;
  readonly weights: boolean;
  /** commit: whole state at once. apply: one call a step. */
  readonly writes: 'commit' | 'apply';
  /** The system holds objects that are not ours (conformance: foreign objects and slots). */
  readonly foreign: boolean;
  /** Health of members is reported by the system. */
  readonly health: boolean;
  /** Looking at health costs calls that are counted: where nothing waits for it, once or twice a minute is enough. */
  readonly lazyHealth?: true;
  /** The system has certificates of its own and finds them: a front may end TLS without bringing one. */
  readonly ownCertificates?: true;
  /** It makes addresses reachable and serves nothing itself: only services that ask for an address of their own are its matter. */
  readonly addressed?: true;
  /** It serves in the process of weir itself: what it makes ends with that. */
  readonly whileRunning?: true;
  /** Reads `settings.<its name>.rules`: what a route asks for by its `rule`. Others do not serve such a route. */
  readonly rules?: true;
  /** Values of IngressClass.spec.controller of the peers that it stands in for: while a balancer of it is configured, their Ingresses are read. */
  readonly controllers?: readonly string[];
}

/** What discovery yields (region, VPC, subnets, binary version …); shape declared by the provider's `environment` schema. */
export type Environment = Readonly<Record<string, Json>>;

/** Where weir itself listens, or another of its balancers: what never is a target. */
export interface Own {
  /** `localhost`, or an address; a wildcard stands for every address of this machine. */
  readonly address: string;
  readonly port: number;
  /** Whose it is, for people. */
  readonly what: string;
}

/** `pools` and what belongs to them: all of the configuration and of every source. */
export interface ModelInput extends NetworkOfBalancer {
  /** Name of the balancer in the configuration. */
  readonly balancer: string;
  /** This instance's name, for units of instance scope. */
  readonly node: string;
  readonly groups: readonly FrontGroup[];
  readonly nodes: readonly Node[];
  readonly environment: Environment;
  /** `serviceOptions` of each service, parsed. */
  readonly settings: ReadonlyMap<ServiceId, unknown>;
  /** Sticky facts: what exists already and must be kept where it fits. */
  readonly present: readonly Observed[];
  /** What else this weir listens on. */
  readonly own?: readonly Own[];
  /** What may be done to what exists. Absent: everything. */
  readonly policy?: Policy | undefined;
  /** There may be services that nobody can tell of now, or that cannot be understood. Absent: there are none. */
  readonly incomplete?: boolean;
}

export interface ModelResult {
  readonly resources: readonly Resource[];
  readonly problems: readonly Problem[];
  /** Some of it is wanted only until something else is done: it is asked for again whenever work was done. */
  readonly provisional?: boolean;
}

/** A file that a whole-state provider would write. Secret ones carry a hash in place of content. */
export type RenderedFile =
  | { readonly path: string; readonly content: string }
  | { readonly path: string; readonly secret: true; readonly sha256: string };

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Small texts that all instances of a balancer share through the API of their cluster. Both throw while that cannot be reached. */
export interface SharedRecords {
  /** Undefined: there is none. `version` changes with every write. */
  read(name: string, signal: AbortSignal): Promise<{ readonly text: string; readonly version: string } | undefined>;
  /** `version`: what it replaces; undefined: nothing. False: somebody else has written meanwhile. */
  write(name: string, text: string, version: string | undefined, signal: AbortSignal): Promise<boolean>;
}

export interface Context {
  /** Monotonic milliseconds and wall-clock milliseconds; timers follow the signal. */
  readonly clock: { now(): number; wall(): number; sleep(ms: number, signal?: AbortSignal): Promise<void> };
  readonly log: Log;
  /** Waits for a call of this rate class; higher priority first. */
  readonly limiter: {
    take(rateClass: string, priority: number, signal: AbortSignal): Promise<void>;
    throttled(rateClass: string): void;
    /** Whether a call that changes something may still start: looked at again where time passes between the token and the call. Absent: always. */
    mayWrite?(): boolean;
  };
  readonly secret: (ref: Pick<CertRef, 'sha256' | 'origin'>) => Promise<string | undefined>;
  /** Something changed outside: observe and plan the unit again. */
  readonly changed: (unit: Unit, cause: string) => void;
  /** Others were heard about the addresses that they give: what `agreement` hears is different. */
  readonly agreementChanged?: () => void;
  /** Turns of the event loop, for long work: it lets everybody else come first now and then. Absent: all work is done at once. */
  readonly turns?: Turns;
  /** Directory of this balancer's own state, exists, private. */
  readonly stateDir: string;
  /** Whether state may be written down at this moment, beside what a step needs: who only plans writes nothing. Absent: it may not. */
  readonly mayKeep?: () => boolean;
  readonly balancer: string;
  readonly node: string;
  /** Absent: no cluster keeps any. */
  readonly records?: SharedRecords;
  /** How often everything is read, milliseconds: what is read beside that, at a call for each object, follows it where its budget lets it. Absent: a minute. */
  readonly auditMs?: number;
  /** Counters and gauges of the provider, named `weir_<provider>_…`; ends up in /metrics. */
  readonly metric: (
    name: string,
    value: number,
    labels?: Readonly<Record<string, string>>,
    type?: 'counter' | 'gauge' | 'histogram',
  ) => void;
}

/** What went through a service, as its balancer counts it. Totals grow while the session lasts, also over reloads of a proxy. */
export interface Traffic {
  /** Class of the status (`2xx`, …, `other`) → answers. Empty where the balancer does not read HTTP. */
  readonly requests: Readonly<Record<string, number>>;
  /** Requests of HTTP, connections of TCP. */
  readonly sessions: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Failures towards targets: to connect, in an answer; and what was tried again at the same or at another one. */
  readonly failures: Readonly<Record<'connect' | 'response' | 'retry' | 'redispatch', number>>;
  /** Sessions a second over the last interval of reading. */
  readonly perSecond: number;
  /** Open now, and waiting for a target now. */
  readonly current: number;
  readonly queued: number;
  /** Averages over the last requests (HAProxy: 1,024 of each backend). */
  readonly latencyMs: Readonly<Record<'queue' | 'connect' | 'response' | 'total', number>>;
}

export interface ServiceReport {
  readonly service: ServiceId;
  readonly addresses: readonly { readonly ip?: string; readonly host?: string; readonly ports: readonly number[] }[];
  /** Gateway API names: Accepted, Programmed, Healthy. */
  readonly conditions: readonly {
    readonly type: string;
    readonly status: boolean;
    readonly reason: string;
    readonly message: string;
  }[];
  readonly targets: readonly { readonly key: string; readonly health: string; readonly reason?: string }[];
  /** Absent where the balancer does not count, or has not yet. */
  readonly traffic?: Traffic;
  /** Its addresses, where the balancer announces addresses. */
  readonly announced?: readonly AnnouncedAddress[];
}

/**
 * complete: as it is now. quick: beside the work of a session that goes on; what is slow to read may be from memory within minutes, or left
 * out and told by `changed` once it is read. health: only health and facts are looked at.
 */
export type Depth = 'complete' | 'quick' | 'health';

/** One open connection to a real system. Errors thrown carry a WeirError (class retry, refused or bug). */
export interface Session {
  /** `besides`: services for which nothing shall be made (they leave, or may not begin yet) and whose things are ours all the same. */
  discover(
    services: readonly ExportedService[],
    signal: AbortSignal,
    besides?: readonly ExportedService[],
  ): Promise<Environment>;
  /** Units of which things have come to be ours by the last `discover`, each told once: they are read before they are planned. Absent: none ever. */
  moved?(): readonly Unit[];
  /** `depth`: how much of it is needed; absent: `complete`. A system where reading is cheap reads everything always. */
  observe(scope: 'all' | readonly Unit[], signal: AbortSignal, depth?: Depth): Promise<readonly Observed[]>;
  /** One call a step; create answers the new handle. Absent where `writes` is commit. */
  apply?(step: Step, signal: AbortSignal): Promise<Handle | undefined>;
  /** All steps of a unit at once: the steps choose how, `next` is what the system must say afterwards. */
  commit?(steps: readonly Step[], next: readonly Resource[], signal: AbortSignal): Promise<void>;
  report(services: readonly ExportedService[], observed: readonly Observed[]): readonly ServiceReport[];
  /** What is wrong with the system as a whole now, though it does what it was told: told beside the problems of services. */
  troubles?(): readonly { readonly code: ErrorCode; readonly message: string }[];
  /** With the machines that announce together with this one. Absent: there are none. */
  readonly agreement?: Agreement;
  /**
   * true: clients are to go elsewhere soon, so what may end between two requests ends; everything is still served. false: no longer.
   * `run` says it when it begins, too. Absent: the system knows no such thing.
   */
  drain?(draining: boolean): Promise<void>;
  /**
   * leave: everything of ours goes on serving. withdraw: it is taken down. `followed`: another session of this process goes on with it at
   * once, with another configuration.
   */
  close(how: 'leave' | 'withdraw', followed?: boolean): Promise<void>;
}

/** Rate class → calls a second, and calls at once after a rest. `reads`: they change nothing, so that one that does not lead makes them, too. */
export type Rates = Readonly<
  Record<string, { readonly perSecond: number; readonly burst: number; readonly reads?: true }>
>;

export interface Provider<Options = unknown, ServiceOptions = unknown> {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly options: ZodType<Options>;
  readonly serviceOptions: ZodType<ServiceOptions>;
  readonly environment: ZodType<Environment>;
  readonly kinds: readonly KindSpec[];
  /** What its metrics say: name → the help text of /metrics. */
  readonly metrics?: Readonly<Record<string, string>>;
  /** Pure. A bad service is a problem, never a throw. The same resource object comes back while its input objects are the same. */
  model(input: ModelInput, options: Options): ModelResult;
  /** As `model`, with places to be held up: for models that take tens of milliseconds for thousands of services. */
  modelSliced?(input: ModelInput, options: Options): Sliced<ModelResult>;
  /** Names every field, drops what the system decides itself: both sides pass through it before they are compared. */
  normalize(resource: Resource): Resource;
  /** Two balancers with these options would take the objects of each other for their own: why, and the remedy. Undefined: they do not. */
  collides?(one: Options, other: Options): string | undefined;
  /** Addresses that a balancer with these options listens on for all services together: no pool gives them to one. Absent: none. */
  listens?(options: Options): readonly string[];
  /** Other addresses that these options say somebody has: no pool gives them to a service. Absent: none. */
  reserves?(options: Options): readonly string[];
  /** Whether there are other machines that give addresses to services, with which `agreement` of a session speaks. Absent: there never are. */
  agrees?(options: Options, network: Pick<ModelInput, 'node' | 'announcers'>): boolean;
  /**
   * Of scope `shared`: what tells the system of these options from others, as far as they say. Balancers with the same answer are written
   * by one leader; absent: those of one name. Better one too many together than two writers.
   */
  system?(options: Options): string;
  /** Token buckets of the system's API. */
  rates?(options: Options): Rates;
  /** API calls of a step by rate class, where a step is not one call. Such a provider asks the limiter itself, once for each call. */
  calls?(step: Step): Readonly<Record<string, number>>;
  /** Whole-state systems: the files that `resources` would become, pure. */
  render?(resources: readonly Resource[], options: Options): readonly RenderedFile[];
  open(options: Options, ctx: Context): Promise<Session>;
}
