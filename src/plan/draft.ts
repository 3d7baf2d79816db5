import type { Attrs, Handle, Id, Member, Refusal, ServiceId, StepOp, Unit, Until } from '../model/index.ts';
import { Present, Wanted } from './scene.ts';
import type { Shape } from './shape.ts';

/** A handle that exists, or the draft that creates it. */
export type DraftRef = Handle | Draft;

/** A wait that is given up when it closes a circle; `front` then loses `services` for a while. */
export interface SoftEdge {
  readonly on: Draft;
  readonly front: Present;
  readonly services: readonly ServiceId[];
  /** Whether they have ready targets there. */
  readonly costs: boolean;
}

export interface DraftFields {
  handle?: DraftRef;
  attrs?: Attrs;
  refs?: Readonly<Record<string, DraftRef | null>>;
  set?: string;
  members?: readonly (readonly [DraftRef, Member | null])[];
  sets?: Readonly<Record<string, readonly (readonly [DraftRef, Member])[]>>;
  ranks?: readonly (readonly [DraftRef, number])[];
  attr?: string;
  until?: Omit<Until, 'of'> & { readonly of: DraftRef };
}

/** A step in the making: edges are references, and may still be added. */
export class Draft {
  readonly seq: number;
  readonly op: StepOp;
  readonly shape: Shape;
  id: Id;
  readonly unit: Unit;
  readonly fields: DraftFields;
  readonly why: string;
  readonly object: Wanted | Present;
  /** Services that a front serves, and serves no more, from this step on. */
  gains: readonly ServiceId[] = [];
  loses: readonly ServiceId[] = [];
  /** Must be done before. */
  readonly hard: Draft[] = [];
  readonly soft: SoftEdge[] = [];
  /** The part of `hard` that waits for the deletion of a holder: a slot to be freed, room to be made. */
  holder: Present | undefined = undefined;
  readonly gap = new Set<ServiceId>();
  readonly risk = new Set<ServiceId>();
  refused: { readonly why: Refusal['why']; readonly by?: string } | undefined = undefined;

  constructor(seq: number, op: StepOp, object: Wanted | Present, why: string, fields: DraftFields) {
    this.seq = seq;
    this.op = op;
    this.shape = object.shape;
    this.id = object.it.id;
    this.unit = object.it.unit;
    this.object = object;
    this.why = why;
    this.fields = fields;
  }

  /** Services of the object, by what is wanted of it. */
  get serves(): readonly ServiceId[] {
    return this.object.it.serves;
  }

  after(...drafts: readonly (Draft | undefined)[]): this {
    for (const draft of drafts) if (draft !== undefined && draft !== this) this.hard.push(draft);
    return this;
  }

  afterAll(drafts: readonly Draft[]): this {
    for (const draft of drafts) if (draft !== this) this.hard.push(draft);
    return this;
  }

  refuse(why: Refusal['why'], by?: string): void {
    this.refused ??= by === undefined ? { why } : { why, by };
  }

  /** How a message names it. */
  get label(): string {
    return `${this.op} ${this.shape.spec.kind} ${this.id}`;
  }
}

/** How a message names an object. */
export function labelOf(object: Wanted | Present): string {
  return object instanceof Wanted
    ? `${object.shape.spec.kind} ${object.it.id}`
    : `${object.shape.spec.kind} ${object.it.handle}`;
}

export function existing(object: Wanted | Present): Present | undefined {
  return object instanceof Present ? object : object.kept;
}
