import { type Json, sameJson } from '../model/index.ts';
import { isObject } from './answer.ts';
import type { JsonObject } from './contract.ts';

/** What a Lease of coordination.k8s.io/v1 says, and when this process has seen it change last. */
export interface LeaseRecord {
  readonly resourceVersion: string;
  /** undefined: nobody holds it. */
  readonly holder: string | undefined;
  readonly durationMs: number;
  readonly transitions: number;
  /** Absent where nobody has acquired it. */
  readonly acquireTime: Json | undefined;
  readonly spec: JsonObject;
  readonly annotations: JsonObject;
  /** Monotonic. The times within are of other machines' clocks and count for nothing. */
  readonly changedMs: number;
}

const longestMs = 3_600_000;

/** `before`: what was read last; a record that says the same has not been renewed since. `ownMs`: where it names no duration. */
export function readLease(
  lease: JsonObject,
  before: LeaseRecord | undefined,
  nowMs: number,
  ownMs: number,
): LeaseRecord {
  const spec = isObject(lease.spec) ? lease.spec : {};
  const { resourceVersion: version, annotations } = isObject(lease.metadata) ? lease.metadata : {};
  const { holderIdentity, leaseDurationSeconds: seconds, leaseTransitions, acquireTime } = spec;
  return {
    resourceVersion: typeof version === 'string' ? version : '',
    holder: typeof holderIdentity === 'string' && holderIdentity !== '' ? holderIdentity : undefined,
    durationMs: typeof seconds === 'number' && seconds > 0 ? Math.min(longestMs, seconds * 1_000) : ownMs,
    transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
    acquireTime,
    spec,
    annotations: isObject(annotations) ? annotations : {},
    changedMs: before !== undefined && sameJson(before.spec, spec) ? before.changedMs : nowMs,
  };
}

/** Monotonic time from which anybody may take it. */
export function freeFromMs({ holder, changedMs, durationMs }: LeaseRecord): number {
  return holder === undefined ? Number.NEGATIVE_INFINITY : changedMs + durationMs;
}

/** MicroTime of the API. */
export function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z');
}
