import type { ExportedService, Provider, Target } from '../../src/model/index.ts';
import type { Clock } from '../../src/run/index.ts';

/** What a provider brings to be held against the contract. */
export interface Harness {
  readonly provider: Provider;
  /** What is special about this run; printed with the provider's name. */
  readonly variant?: string;
  /** Options of the balancer. */
  options(): Readonly<Record<string, unknown>>;
  /** Nothing is there, as on the first day. */
  reset(): Promise<void>;
  /** Until a reading shows everything that was written; absent: at once. */
  settle?(): Promise<void>;
  /** The system ends with the process that drives it: a new one finds nothing, and writes. */
  readonly volatile?: true;
  /** After the last case: processes, files. */
  close?(): Promise<void>;
  /** Time in which back-off passes; default: the machine's. */
  readonly clock?: Clock;
  /** How long gates wait; default 20s. */
  readonly gateDeadline?: string;
  /** HTTP and TCP never share a load balancer. */
  readonly layersApart?: true;
  /** A service as the system can have it: with an address of its own, say. Absent: as it is. */
  dressed?(service: ExportedService): ExportedService;
  /** Ports that services may listen on: different for every case. */
  port(): Promise<number>;
  /** Targets that answer with their own key when asked. */
  targets(count: number): Promise<readonly Target[]>;
  /** The keys (`address:port`) of targets that answer the service's first front now; empty: nobody. Absent: the system has no traffic to see. */
  answers?(service: ExportedService): Promise<ReadonlySet<string>>;
  /** The service with something changed that cannot be changed in place. Needed where a kind has something immutable. */
  replaced?(service: ExportedService): ExportedService;
  /** Somebody else's objects: returns what tells whether they are untouched. Needed where `capabilities.foreign`. */
  plantForeign?(): Promise<() => Promise<boolean>>;
  /** Somebody else's object in the place that the service needs. */
  plantInPlaceOf?(service: ExportedService): Promise<() => Promise<boolean>>;
}
