import type {
  AppliedPlan,
  Environment,
  ExportedService,
  Log,
  NetworkOfBalancer,
  Node,
  Observed,
  PlanUnit,
  Policy,
  Problem,
  Provider,
  Resource,
  ServiceId,
  Session,
  Sliced,
  StepResult,
  Unit,
} from '../model/index.ts';
import type { Claims } from './claims.ts';
import type { Clock } from './clock.ts';
import type { Limiter } from './limiter.ts';
import type { Metrics } from './metrics.ts';
import type { Planner } from './planner.ts';
import type { WriteGate } from './write-gate.ts';

/** The two ends of a run: start nothing more, and end also what is under way. */
export interface Ends {
  readonly signal: AbortSignal;
  readonly hard: AbortSignal;
}

/** What one balancer shall make reachable, and what is known about how complete that is. */
export interface Wanted {
  /** The same array while nothing changed. */
  readonly services: readonly ExportedService[];
  /** Services for which nothing shall be made, and whose things are ours all the same. The same array while nothing changed; absent: none. */
  readonly besides?: readonly ExportedService[];
  readonly nodes: readonly Node[];
  /** The same object while nothing changed; absent: nothing is known of it. */
  readonly network?: NetworkOfBalancer;
  /** Services that could exist in a part of a source that cannot be read: nothing of theirs is taken away. */
  readonly incomplete: (service: ServiceId) => boolean;
  /** Nothing at all is wanted, whatever a provider would keep for a balancer without services. */
  readonly nothing?: true;
  /** What changed, in words. */
  readonly cause: string;
  /** Monotonic milliseconds at which the change was first seen. */
  readonly sinceMs?: number;
}

/** What the provider makes of it. */
export interface Want {
  readonly resources: readonly Resource[];
  readonly problems: readonly Problem[];
  /** Services of whom a part cannot be understood and no earlier one is known: what exists of them stays. */
  readonly withheld: ReadonlySet<ServiceId>;
  /** Some of it is wanted only until something else is done. */
  readonly provisional?: boolean;
}

export interface LaneEvents {
  /** What was planned is done when this has ended. */
  planned(unit: PlanUnit): void | Promise<void>;
  step(result: StepResult): void;
  applied(plan: AppliedPlan): void;
}

export interface LaneOptions {
  /** Of the balancer. */
  readonly name: string;
  readonly provider: Pick<Provider, 'name' | 'kinds' | 'capabilities' | 'calls'>;
  readonly planner: Planner;
  readonly open: (changed: (unit: Unit, cause: string) => void) => Promise<Session>;
  /** Pure: from services to resources, normalised. */
  readonly desire: (wanted: Wanted, environment: Environment, present: readonly Observed[]) => Sliced<Want>;
  /** Asked for each plan. */
  readonly policy: () => Policy;
  readonly gateDeadlineMs: number;
  readonly auditMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limiter: Limiter;
  /** Whether this weir writes at present, or follows one that does. */
  readonly gate: WriteGate;
  readonly claims: Claims;
  readonly events: LaneEvents;
  /** Something that a state page shows is different now. */
  readonly stateChanged: () => void;
}
