/** From what is wanted to what is: lanes, units, executors, gates, limits, journals and the lock. Knows no provider and no source by name; the parts are put together in app.ts. */
export { AddressRecord } from './address-record.ts';
export { type Backoff, backoffMs } from './backoff.ts';
export { Bell } from './bell.ts';
export { Claims } from './claims.ts';
export { type Clock, systemClock } from './clock.ts';
export { type Failure, failureOf } from './failure.ts';
export { Feed } from './feed.ts';
export { Lane } from './lane.ts';
export type { LaneEvents, LaneOptions, Want, Wanted } from './lane-options.ts';
export { createLimiter, type Limiter } from './limiter.ts';
export { type Lock, takeLock } from './lock.ts';
export { type Labels, type Metrics, noMetrics } from './metrics.ts';
export { PlanLog } from './plan-log.ts';
export type { Planner, PlanOptions, UnitGroup } from './planner.ts';
export { isShut, ownGate, type Term, WriteGate } from './write-gate.ts';
