/** The ordered difference between wanted and observed: data that is printed, stored and executed. */
import type { Attrs } from './json.ts';
import type { Handle, Id, Member, Unit } from './resource.ts';
import type { ServiceId } from './service.ts';

export type StepOp = 'create' | 'update' | 'add' | 'set' | 'remove' | 'delete' | 'order' | 'wait';

/** A handle that exists, or the number of the step that creates it. */
export type HandleRef = Handle | number;

export interface Until {
  readonly what: 'ready' | 'drained';
  /** Kind and handle of the object whose set is watched. */
  readonly kind: string;
  readonly of: HandleRef;
  readonly set: string;
  /** Keys of the members that count; others do not satisfy the gate. */
  readonly members: readonly string[];
  /** How many of them at least (ready) — all of them for drained. */
  readonly min: number;
  readonly deadlineMs: number;
  /** drained: the system ends by itself what is waited for, after `deadlineMs` at most. Such a wait is never cut short. */
  readonly ends?: true;
}

/** What a step changes, as it was when the plan was made. */
export interface Was {
  /** update: the changed attributes, null where there was none; delete: all of them. */
  readonly attrs?: Attrs;
  /** update: the changed refs. */
  readonly refs?: Readonly<Record<string, Handle | null>>;
  /** delete: where clients reached it. */
  readonly addresses?: readonly string[];
  /** set: members of the set that were there, with what they had. */
  readonly members?: readonly (readonly [Handle, Member])[];
}

/** One operation with its reason. A plan is a list of them: front to back is safe at every point; `after` tells what may run side by side. */
export interface Step {
  readonly n: number;
  readonly op: StepOp;
  readonly kind: string;
  readonly id: Id;
  readonly unit: Unit;
  /** The object acted on; absent for create, a step number when this plan creates it. */
  readonly handle?: HandleRef;
  /** create: all; update: changed attributes only, null clears one. */
  readonly attrs?: Attrs;
  /** create: all; update: changed refs only, null clears one. */
  readonly refs?: Readonly<Record<string, HandleRef | null>>;
  /** add, set, remove: the set and its members (null: removed). */
  readonly set?: string;
  readonly members?: readonly (readonly [HandleRef, Member | null])[];
  /** create: sets whose members the create call carries. */
  readonly sets?: Readonly<Record<string, readonly (readonly [HandleRef, Member])[]>>;
  /** order: every wanted object of the scope, lowest rank first, with its number. */
  readonly ranks?: readonly (readonly [HandleRef, number])[];
  /** order: the attribute that holds the number. */
  readonly attr?: string;
  readonly until?: Until;
  /** update, set, delete: what was there before. */
  readonly was?: Was;
  /** create, delete: the object was made by somebody else. It is taken in or let go, and stays. */
  readonly borrowed?: true;
  readonly why: string;
  /** Services interrupted by this step: no order can avoid it. */
  readonly gap?: readonly ServiceId[];
  /** Services turned to something whose health cannot be known beforehand. */
  readonly risk?: readonly ServiceId[];
  /** Services that the object serves after (or, for deletes, before) this step. */
  readonly serves: readonly ServiceId[];
  /** A front that is kept: services that it serves from this step on, and serves no more. */
  readonly gains?: readonly ServiceId[];
  readonly loses?: readonly ServiceId[];
  /** Numbers of the steps that must be done before. */
  readonly after: readonly number[];
}

export interface Refusal {
  readonly kind: string;
  readonly id: Id;
  readonly unit: Unit;
  readonly op: StepOp;
  readonly why: 'policy' | 'foreign' | 'slot' | 'incomplete' | 'blocked' | 'in use' | 'guarded';
  /** Kind and id or handle of what stands in the way; for `guarded` what guards it, too. */
  readonly by?: string;
  readonly services: readonly ServiceId[];
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly refused: readonly Refusal[];
}

/** sync: the world equals desired. upsert-only: nothing is deleted. create-only: existing objects and their members stay as they are. */
export type Policy = 'sync' | 'upsert-only' | 'create-only';
