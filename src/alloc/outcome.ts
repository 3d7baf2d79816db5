import type { Problem, ServiceId } from '../model/index.ts';
import type { Refusal } from './refusal.ts';

/** What a service has. */
export interface Assignment {
  /** Pool of all its addresses; absent: they lie in no pool, or in different ones. */
  readonly pool?: string;
  /** Canonical texts, in the order of its families; never none. */
  readonly addresses: readonly string[];
  /** What it asked for and did not get, or why the pools would not give this again. */
  readonly unmet?: Refusal;
}

/** A service that lost an address that it had. */
export interface Move {
  readonly service: ServiceId;
  readonly from: readonly string[];
  /** Empty: it waits. */
  readonly to: readonly string[];
}

export interface Outcome {
  /** Live: always the present state. */
  readonly assigned: ReadonlyMap<ServiceId, Assignment>;
  /** Services without an address, and why. Live. */
  readonly waiting: ReadonlyMap<ServiceId, Refusal>;
  /** By this call. */
  readonly moved: readonly Move[];
  /** Services whose assignment or reason changed by this call. */
  readonly changed: ReadonlySet<ServiceId>;
  /** What is wrong with the pools themselves. */
  readonly problems: readonly Problem[];
}
