/** What weir tells: the JSON contracts of `render`, `plan`, `apply`, `status` and the API. Text output is made from these and from nothing else. */
import type { Problem } from './problem.ts';
import type { RenderedFile, ServiceReport } from './provider.ts';
import type { Handle, Id, Member, Resource, Unit } from './resource.ts';
import type { ServiceId } from './service.ts';
import type { Incomplete } from './source.ts';
import type { Refusal, Step } from './step.ts';

/** A resource as printed: sets are objects instead of maps. */
export interface PrintedResource extends Omit<Resource, 'sets'> {
  readonly sets: Readonly<Record<string, Readonly<Record<string, Member>>>>;
}

/** `weir render -o json`. */
export interface RenderReport {
  readonly balancers: readonly {
    readonly name: string;
    readonly provider: string;
    readonly resources: readonly PrintedResource[];
    readonly files: readonly RenderedFile[];
  }[];
  readonly services: readonly {
    readonly id: ServiceId;
    readonly balancers: readonly string[];
    readonly addresses: readonly string[];
    readonly problems: number;
  }[];
  readonly problems: readonly Problem[];
}

export interface PlanUnit {
  readonly balancer: string;
  readonly unit: Unit;
  readonly steps: readonly Step[];
  readonly refused: readonly Refusal[];
  /** Handle → id of objects that the steps name by a handle. */
  readonly names?: Readonly<Record<Handle, Id>>;
}

/** A service that loses an address out of a pool which it had. */
export interface AddressMove {
  readonly service: ServiceId;
  readonly from: readonly string[];
  /** Empty: it waits for one. */
  readonly to: readonly string[];
}

/** `weir plan -o json`. */
export interface PlanReport {
  readonly units: readonly PlanUnit[];
  /** Services that get other addresses than they had. Absent: nobody has addresses out of pools, or not all of them are known. */
  readonly moves?: readonly AddressMove[];
  /** Services with new addresses on which machines agree that a plan does not ask: they may be others. Absent: none. */
  readonly unasked?: number;
  readonly problems: readonly Problem[];
  readonly incomplete: readonly Incomplete[];
  readonly summary: PlanSummary;
}

export interface PlanSummary {
  readonly create: number;
  readonly update: number;
  readonly replace: number;
  readonly delete: number;
  /** Objects of others that are used no longer: they stay. */
  readonly release: number;
  /** Services that a step interrupts. */
  readonly gaps: number;
  /** Services that are turned to something whose health cannot be known beforehand. */
  readonly risks: number;
  readonly refused: number;
  readonly unchanged: number;
  /** Steps that do something: waiting is none. */
  readonly steps: number;
  /** Rate class → calls of the system's API. */
  readonly calls: Readonly<Record<string, number>>;
}

export interface StepResult {
  readonly balancer: string;
  readonly unit: Unit;
  readonly step: Step;
  readonly result: 'done' | 'waiting' | 'failed' | 'skipped';
  readonly durationMs: number;
  readonly code?: string;
  readonly message?: string;
}

/** `weir apply -o json`; the exit code is 0 done, 3 applied in part, 1 nothing applied. */
export interface ApplyReport {
  readonly plan: PlanReport;
  readonly results: readonly StepResult[];
  readonly failed: readonly {
    readonly balancer: string;
    readonly unit: Unit;
    readonly code: string;
    readonly message: string;
  }[];
  /** What is left to do once connections have ended that may live for longer than a gate waits: the next apply, or `weir run`, does it. */
  readonly waiting?: readonly { readonly balancer: string; readonly unit: Unit; readonly message: string }[];
  /** After `destroy`: what stays in the state directory beside the record of plans and logs. */
  readonly left?: {
    readonly stateDir: string;
    /** Whether copies of services are among it, with their keys and hashes of passwords. */
    readonly secrets: boolean;
    /** Balancers that the directory knows and the configuration does not. */
    readonly others: readonly string[];
  };
}

export interface UnitState {
  readonly balancer: string;
  readonly unit: Unit;
  readonly state: 'in sync' | 'changing' | 'waiting' | 'failed';
  readonly message: string;
  readonly code?: string;
  /** Wall-clock milliseconds of the last change of state. */
  readonly sinceMs: number;
  readonly retryInMs?: number;
}

export interface AppliedPlan {
  /** Short hash of the plan. */
  readonly id: string;
  readonly balancer: string;
  readonly unit: Unit;
  readonly startedMs: number;
  readonly durationMs: number;
  readonly cause: string;
  readonly steps: readonly Step[];
  readonly refused: readonly Refusal[];
  readonly result: 'done' | 'failed';
  readonly message?: string;
}

/** Who writes a system that several weirs share. */
export interface LeaseState {
  /** Name of the Lease. */
  readonly lease: string;
  readonly namespace: string;
  /** Balancers that only its holder writes; `status`: what is written back to objects. */
  readonly balancers: readonly string[];
  /** Whether this weir holds it. */
  readonly leader: boolean;
  /** Who holds it, as far as this weir knows. */
  readonly holder?: string;
  /** How often it has changed hands. */
  readonly transitions: number;
}

/** How full a pool of addresses is. A shared address counts once; of more than fits a number the number is rounded. */
export interface PoolState {
  readonly name: string;
  readonly assigned: { readonly ipv4: number; readonly ipv6: number };
  /** Neither assigned nor kept back. */
  readonly available: { readonly ipv4: number; readonly ipv6: number };
}

export interface BalancerState {
  readonly name: string;
  readonly provider: string;
  readonly units: readonly UnitState[];
  readonly objects: number;
  /** Its system cannot be read at present: all that is told of it was so when it was read last. */
  readonly unread?: {
    /** Wall-clock milliseconds of the first failure in a row. */
    readonly sinceMs: number;
    /** It was never read since this weir started: nothing is known of it. */
    readonly never: boolean;
    readonly code: string;
    readonly message: string;
    /** What to do. */
    readonly hint: string;
  };
}

/** `/api/v1/state`, `weir status -o json`. */
export interface State {
  readonly version: string;
  readonly instance: string;
  readonly startedMs: number;
  /** True when every source is read, every unit is in sync and no service has an error. */
  readonly inSync: boolean;
  readonly sources: readonly {
    readonly name: string;
    readonly synced: boolean;
    readonly services: number;
    readonly lastReadMs: number;
  }[];
  readonly balancers: readonly BalancerState[];
  /** Absent: whatever this weir drives, no other weir does. */
  readonly leases?: readonly LeaseState[];
  /** Absent: this weir gives nobody an address out of a pool. */
  readonly pools?: readonly PoolState[];
  readonly services: readonly ServiceState[];
  readonly problems: readonly Problem[];
  readonly incomplete: readonly Incomplete[];
  /** Newest first, bounded. */
  readonly plans: readonly AppliedPlan[];
}

export interface ServiceState {
  readonly id: ServiceId;
  readonly kind: string;
  readonly source: string;
  readonly balancers: readonly string[];
  readonly reports: readonly (ServiceReport & { readonly balancer: string })[];
  readonly targets: { readonly ready: number; readonly total: number };
  /** The pool that it has its addresses from; absent: none. */
  readonly pool?: string;
  /** Worst of its parts: a parent is never better than its worst child. */
  readonly health: 'ok' | 'degraded' | 'down' | 'pending' | 'error';
  readonly reason: string;
  readonly problems: readonly Problem[];
}
