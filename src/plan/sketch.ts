import { type Policy, type ServiceId, type StepOp, untold } from '../model/index.ts';
import { Draft, type DraftFields, type DraftRef, existing } from './draft.ts';
import type { Rules } from './rules.ts';
import { Present, type Scene, type Target, type Wanted } from './scene.ts';

export interface PlanOptions {
  readonly policy: Policy;
  /** True: what this service wants is not known at present, so nothing that it could own may be taken away. */
  readonly incomplete: (service: ServiceId) => boolean;
  /** How long a gate may stay shut, milliseconds; default 5 minutes. */
  readonly gateDeadlineMs?: number;
}

/** How a refusal names whoever is told of by what cannot be read. */
const someone = 'whoever cannot be read';

/** What circles forced: all of it only grows from one attempt to the next. */
export interface Sacrifices {
  /** Objects that go before what replaces them is there. */
  readonly early: Set<Present>;
  /** Fronts that drop such an object from a set at once, while another member stays. */
  readonly dropping: Set<Present>;
  /** Objects that no longer wait for their successors. */
  readonly loose: Set<Present>;
}

/** One attempt at a plan: the drafts so far, and who made what. */
export class Sketch {
  readonly scene: Scene;
  readonly rules: Rules;
  readonly options: PlanOptions;
  readonly sacrifices: Sacrifices;
  readonly drafts: Draft[] = [];
  readonly creates = new Map<Wanted, Draft>();
  readonly deletes = new Map<Present, Draft>();
  /** By which an object's members come in. */
  readonly fills = new Map<Wanted, Draft[]>();
  /** By which a front starts to refer to a thing: health is known from then on. */
  readonly entries = new Map<Wanted, Map<Target, Draft>>();
  /** By which a thing takes traffic from a kept front. */
  readonly entrances = new Map<Wanted, Map<Target, Draft>>();
  /** By which a kept front changes whom it serves. */
  readonly turns = new Map<Wanted, Draft[]>();
  /** Services that a front has lost already to make room for a name: no later step takes them away. */
  readonly dropped = new Map<Present, readonly ServiceId[]>();
  /** After which a user refers to an object no more. */
  readonly departures = new Map<Present, Map<Present, Draft>>();
  /** By which an object comes to its place among its peers. */
  readonly orders = new Map<Wanted, Draft[]>();
  /** What is to be deleted and asked before an object of the same scope until then. */
  readonly shadows = new Map<Wanted, readonly Present[]>();
  /** Removals of last ready members: they go after everything that turns away from the object. */
  readonly lastMembers = new Map<Present, Draft[]>();
  /** Removals that leave nothing that could serve, and nothing shall. */
  readonly emptied = new Map<Present, readonly Draft[]>();
  readonly gates = new Map<Target, Map<Draft | undefined, Draft>>();

  constructor(scene: Scene, rules: Rules, options: PlanOptions, sacrifices: Sacrifices) {
    this.scene = scene;
    this.rules = rules;
    this.options = options;
    this.sacrifices = sacrifices;
  }

  /** A new draft, refused at once when the policy forbids it. */
  draft(op: StepOp, object: Wanted | Present, why: string, fields: DraftFields = {}): Draft {
    const draft = new Draft(this.drafts.length, op, object, why, fields);
    this.drafts.push(draft);
    const present = existing(object);
    if (present !== undefined && op !== 'wait') {
      if (op !== 'order') draft.fields.handle ??= present.it.handle;
      if (!this.allows(op)) draft.refuse('policy', this.options.policy);
      else if (present.fate === 'foreign') draft.refuse('foreign', `${present.shape.spec.kind} ${present.it.handle}`);
    }
    return draft;
  }

  /** Whether the policy lets an object that exists be changed so. */
  allows(op: StepOp): boolean {
    if (!this.rules.policy || this.options.policy === 'sync') return true;
    return this.options.policy === 'upsert-only' && op !== 'delete';
  }

  /** The handle of something wanted: known, or the draft that creates it. */
  refTo(target: Target): DraftRef | undefined {
    if (target instanceof Present) return target.it.handle;
    return target.kept?.it.handle ?? this.creates.get(target);
  }

  noteFill(wanted: Wanted, draft: Draft): void {
    // What the policy forbids is not waited for: existing members stay as they are.
    if (draft.refused?.why === 'policy') return;
    push(this.fills, wanted, draft);
  }

  noteEntry(front: Wanted, target: Target, draft: Draft): void {
    nest(this.entries, front).set(target, draft);
  }

  noteEntrance(front: Wanted, target: Target, draft: Draft): void {
    nest(this.entrances, front).set(target, draft);
  }

  noteDeparture(user: Present, target: Present | undefined, draft: Draft): void {
    if (target === undefined) return;
    nest(this.departures, user).set(target, draft);
  }

  /** After which `user` refers to `target` no more; undefined when it goes on referring. */
  departure(user: Present, target: Present): Draft | undefined {
    return this.departures.get(user)?.get(target) ?? this.deletes.get(user);
  }

  incomplete(services: readonly ServiceId[]): ServiceId | undefined {
    return this.rules.incomplete ? services.find(this.options.incomplete) : undefined;
  }

  /** Who may lose by what is taken from an object: a service that it serves and that cannot be read, or one that nobody has told of. */
  unknownAt({ it, shape }: Present, services: readonly ServiceId[] = it.serves): ServiceId | undefined {
    return this.incomplete(services) ?? (this.#mayBeShared(it, shape) ? someone : undefined);
  }

  #mayBeShared(it: Present['it'], { spec }: Present['shape']): boolean {
    return this.rules.shared && spec.shared?.(it) === true && this.options.incomplete(untold);
  }
}

export function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function nest<A, B, C>(map: Map<A, Map<B, C>>, key: A): Map<B, C> {
  const found = map.get(key);
  if (found !== undefined) return found;
  const inner = new Map<B, C>();
  map.set(key, inner);
  return inner;
}
