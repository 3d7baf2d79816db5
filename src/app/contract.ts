/** What the commands and the HTTP surface may ask of a weir that is put together, and what they may put in. */
import type { Config, KubernetesSourceConfig, SourceConfig } from '../config/index.ts';
import type { Beside } from '../kube/index.ts';
import type {
  AppliedPlan,
  ApplyReport,
  BalancerState,
  Context,
  Environment,
  ExportedService,
  Incomplete,
  LeaseState,
  Log,
  PlanReport,
  Problem,
  Provider,
  RenderReport,
  Source,
  State,
  StepResult,
} from '../model/index.ts';
import type { Metrics } from '../run/metrics.ts';
import type { Leader } from '../status/leader.ts';

/** One configured weir. Opening it reads nothing and contacts nothing: each call opens what it needs and keeps it until `close`. */
export interface App {
  readonly config: Config;
  /** The desired state: sources are read, no balancer is contacted. */
  render(signal: AbortSignal): Promise<RenderReport>;
  /** Every problem that can be known without contacting a balancer. */
  validate(signal: AbortSignal): Promise<readonly Problem[]>;
  /** What `apply` would do now. Observes, writes nothing, takes no lock. */
  plan(signal: AbortSignal): Promise<PlanReport>;
  /**
   * One shot: applies until nothing is left to do or a unit has failed. `onPlan` is called with the first plan before its first step.
   * Takes the lock of the state directory: E_LOCKED while another weir drives it.
   */
  apply(signal: AbortSignal, onStep: OnStep, onPlan?: (plan: PlanReport) => void): Promise<ApplyReport>;
  /** Removes exactly what is ours from every balancer; like `apply` with nothing desired. Throws E_USAGE where the policy forbids deletes. */
  destroy(signal: AbortSignal, onStep: OnStep, onPlan?: (plan: PlanReport) => void): Promise<ApplyReport>;
  /** What `destroy` would do now. */
  planDestroy(signal: AbortSignal): Promise<PlanReport>;
  /** The controller: until the signal aborts (then resolves). Rejects only when it cannot start. */
  run(signal: AbortSignal, events?: RunEvents): Promise<void>;
  /** As of now, cheap to call; filled by `run`, and by the last call of the others. */
  state(): State;
  /** The services read last, every source together. */
  services(): readonly ExportedService[];
  /** Kind → objects that the sources passed over, since weir has no use for their kind. */
  skipped(): Readonly<Record<string, number>>;
  /** The sources have pools, and the balancers, which could take addresses out of them, do not. */
  leavesPools(): boolean;
  readiness(): Readiness;
  /** While `run` goes on: clients are asked to go elsewhere, since it will end soon. */
  drain(): Promise<void>;
  /** Calls back, coalesced, after the state changed. Returns the function that ends it. */
  onChange(listener: () => void): () => void;
  /** leave: what serves goes on serving. withdraw: proxies of our own are taken down. `followed`: another app of this process goes on at once. Idempotent. */
  close(how: 'leave' | 'withdraw', followed?: boolean): Promise<void>;
}

export type OnStep = (result: StepResult) => void;
export type OpenApp = (config: Config, deps?: AppDeps) => Promise<App>;

export interface RunEvents {
  /** It may work: nobody else drives what is written down in its state directory. */
  begun?(): void;
  /** A pass has planned: only units that have something to do (or something refused). Not called for a pass without either. */
  planned?(plan: PlanReport): void;
  /** A step was begun to wait, done, failed. */
  step?(result: StepResult): void;
  /** A unit's plan was applied or failed. */
  applied?(plan: AppliedPlan): void;
  /** The first pass has ended: everything that can be served is. */
  ready?(): void;
  /** Problems that are new, or gone, since the pass before. */
  problems?(appeared: readonly Problem[], gone: readonly Problem[]): void;
}

export interface Readiness {
  /** Every source has finished its first complete listing. */
  readonly synced: boolean;
  /** The first plan was made and its steps were tried. */
  readonly planned: boolean;
  /** Wall-clock milliseconds of the last turn of the loop; undefined before the first. A loop that should have turned and did not is stuck. */
  readonly lastTurnMs?: number;
  /** The loop turns at least this often. */
  readonly turnEveryMs: number;
  /** It serves, and will stop soon: clients are to go elsewhere. */
  readonly draining?: true;
  /** What is still waited for, in words. */
  readonly waitingFor: readonly string[];
  /**
   * Parts of sources that cannot be read at present: what was last known of them is served, which is no reason not to be ready; `never`:
   * nothing is known of the source at all; `blank`: of the part.
   */
  readonly unread?: readonly (Pick<Incomplete, 'source' | 'part' | 'blank'> & { readonly never?: boolean })[];
  /** Balancers whose system cannot be read at present: what was last known of them is served. */
  readonly blind?: readonly (NonNullable<BalancerState['unread']> & { readonly balancer: string })[];
  /** Leases that this weir does not hold: it knows all and writes nothing to what they stand for. No reason not to be ready. */
  readonly follows?: readonly Pick<LeaseState, 'lease' | 'holder'>[];
}

/** Everything that reaches outside can be replaced. Defaults: the real clock, the registry, sources by their type, no log, no metrics. */
export interface AppDeps {
  readonly version?: string;
  readonly clock?: Context['clock'];
  /** Uniform in [0, 1): the jitter of retries. */
  readonly random?: () => number;
  readonly log?: Log;
  readonly metrics?: Metrics;
  /** Calls back when credentials of clusters shall be read anew at once; answers how to stop that. Default: never. */
  readonly onReread?: (listener: () => void) => () => void;
  /** Whether `plan` goes by the last good state of earlier runs, as `run` would; default true. */
  readonly recall?: boolean;
  /** Provider name → environment in place of discovery: for `render`, and for a `plan` that starts from nothing and contacts nothing. */
  readonly environments?: Readonly<Record<string, Environment>>;
  /** Objects that describe pools are read, and judged by `validate`, though no balancer takes addresses out of pools. Default: false. */
  readonly checksPools?: boolean;
  /** Controllers of peers that count as stood in for, beside those of the balancers. */
  readonly standsFor?: readonly string[];
  /** Provider by name; undefined for an unknown one. */
  readonly provider?: (name: string) => Promise<Provider | undefined>;
  readonly openSource?: (config: SourceConfig, context: SourceContext) => Promise<Source>;
  /** Asked where a balancer writes a system that several weirs could share. */
  readonly openLeader?: (config: Config, context: LeaderContext) => Promise<Leader | undefined>;
}

export type LeaderContext = Pick<SourceContext, 'instance' | 'clock' | 'log' | 'metrics' | 'onReread'>;

export interface SourceContext {
  /** Directory for last good state. */
  readonly stateDir: string;
  /**
   * What the command may do with last good state: `none` is known offline, where the same files always say the same; a plan reads it;
   * only who holds the lock keeps it.
   */
  readonly memory: () => 'none' | 'read' | 'keep';
  readonly instance: string;
  /** Controllers of peers whose Ingress classes count as ours, because a balancer stands in for them. */
  readonly controllers: readonly string[];
  /** As AppDeps has it. */
  readonly checksPools?: boolean;
  /** Classes that balancers name. */
  readonly ownClasses: readonly string[];
  /** By which objects of a cluster are held for whom something was made. */
  readonly finalizer?: (config: KubernetesSourceConfig) => string;
  /** Something is made that outlives objects: they are held. */
  readonly holds?: boolean;
  readonly clock: Context['clock'];
  readonly log: Log;
  readonly metrics: Metrics;
  /** As AppDeps has it. */
  readonly onReread?: AppDeps['onReread'];
  /** Who writes back to the cluster of a source, on its session. */
  readonly beside?: (config: KubernetesSourceConfig) => Beside;
  /** Pods that wait for a load balancer to find them healthy are targets of it. */
  readonly podGates?: boolean;
}
