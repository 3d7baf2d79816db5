import {
  type Attrs,
  atOnce,
  type Handle,
  type HandleRef,
  type Health,
  inStrides,
  type Member,
  type MemberSet,
  type Observed,
  type ServiceId,
  type Sliced,
  type Step,
} from '../model/index.ts';

/**
 * The observed state after these steps, as far as the steps alone tell: health of new members is `initial` where the object's health is
 * told at all, or may be. `handles`: what creates answered, by step number; without it a created object is handled by its logical id.
 */
export function advance(
  observed: readonly Observed[],
  steps: readonly Step[],
  handles?: ReadonlyMap<number, Handle>,
): readonly Observed[] {
  return atOnce(advanceSliced(observed, steps, handles));
}

/** As `advance`, in slices. */
export function* advanceSliced(
  observed: readonly Observed[],
  steps: readonly Step[],
  handles?: ReadonlyMap<number, Handle>,
): Sliced<readonly Observed[]> {
  const state = new Advance(observed, steps, handles);
  yield;
  yield* inStrides(steps, (step) => state.take(step));
  return state.result();
}

class Advance {
  /** In the order of what was observed, then of creation; undefined: deleted. */
  readonly #list: (Observed | undefined)[];
  /** Where the objects stand that the steps name; all of them when names have to be found for new ones. */
  readonly #places = new Map<string, number>();
  readonly #handles = new Map<number, Handle>();
  readonly #taken = new Set<string>();

  constructor(observed: readonly Observed[], steps: readonly Step[], handles?: ReadonlyMap<number, Handle>) {
    this.#list = [...observed];
    const named = steps.some(({ op }) => op === 'create') ? undefined : namedHandles(steps);
    for (const [place, { kind, handle }] of observed.entries()) {
      if (named === undefined || named.has(handle)) this.#places.set(keyOf(kind, handle), place);
    }
    for (const { op, n, kind, id } of steps) {
      if (op !== 'create') continue;
      const handle = handles?.get(n) ?? this.#free(kind, id);
      this.#handles.set(n, handle);
      this.#taken.add(keyOf(kind, handle));
    }
  }

  result(): readonly Observed[] {
    return this.#list.filter((object) => object !== undefined);
  }

  take(step: Step): void {
    if (step.op === 'create') this.#create(step);
    else if (step.op === 'order') this.#order(step);
    else if (step.op !== 'wait' && step.handle !== undefined) this.#change(step, this.#handle(step.handle));
  }

  #create({ n, kind, id, unit, serves, attrs = {}, refs = {}, sets = {} }: Step): void {
    const handle = this.#handle(n);
    const members = Object.entries(sets).map(([name, list]): [string, MemberSet] => [
      name,
      new Map(list.map(([ref, member]) => [this.#handle(ref), member])),
    ]);
    const health = members.map(([name, set]): [string, ReadonlyMap<string, Health>] => [name, unknownHealth(set)]);
    this.#put({
      kind,
      id,
      unit,
      serves,
      attrs,
      refs: this.#refs(refs),
      sets: Object.fromEntries(members),
      handle,
      owned: true,
      facts: {},
      health: Object.fromEntries(health),
    });
  }

  #change(step: Step, handle: Handle): void {
    const key = keyOf(step.kind, handle);
    const now = this.#at(key);
    if (now === undefined) return;
    if (step.op === 'delete') this.#remove(key);
    else if (step.op === 'update') this.#put(this.#updated(now, step));
    else this.#put(this.#withMembers(now, step));
  }

  #updated(now: Observed, step: Step): Observed {
    const { attrs = {}, refs = {} } = step;
    return {
      ...now,
      ...leftBehind(now, Object.keys(refs)),
      serves: servedAfter(now, step),
      attrs: withChanges(now.attrs, attrs),
      refs: this.#refs({ ...now.refs, ...refs }),
    };
  }

  #withMembers(now: Observed, step: Step): Observed {
    const { set: name, members = [] } = step;
    if (name === undefined) return now;
    const set = new Map<string, Member>(now.sets[name]);
    const known = now.health?.[name];
    // A set that this very state was told nothing about may have health once it has members.
    const told = known !== undefined || (now.health !== undefined && now.sets[name] === undefined);
    const health = new Map<string, Health>(known);
    for (const [ref, member] of members) {
      const key = this.#handle(ref);
      if (member === null) {
        // What has a health of its own is forgotten; of objects nothing is told but that they drain, and now this one may.
        if (set.delete(key) && !health.has(key)) health.set(key, 'draining');
        // The health may be newer than the step: who is seen to drain was taken out.
        else if (health.get(key) !== 'draining') health.delete(key);
      } else {
        if (!set.has(key)) health.set(key, 'initial');
        set.set(key, member);
      }
    }
    const sets = { ...now.sets, [name]: set };
    return {
      ...now,
      serves: servedAfter(now, step),
      sets,
      ...(told ? { health: { ...now.health, [name]: health } } : {}),
    };
  }

  #order({ kind, ranks = [], attr }: Step): void {
    if (attr === undefined) return;
    for (const [ref, rank] of ranks) {
      const now = this.#at(keyOf(kind, this.#handle(ref)));
      if (now !== undefined) this.#put({ ...now, attrs: { ...now.attrs, [attr]: rank } });
    }
  }

  #refs(refs: Readonly<Record<string, HandleRef | null>>): Readonly<Record<string, Handle>> {
    const found: Record<string, Handle> = {};
    for (const [name, ref] of Object.entries(refs)) if (ref !== null) found[name] = this.#handle(ref);
    return found;
  }

  #handle(ref: HandleRef): Handle {
    if (typeof ref === 'string') return ref;
    const handle = this.#handles.get(ref);
    if (handle === undefined) throw new Error(`step ${ref} creates nothing, or is not among the steps`);
    return handle;
  }

  #put(object: Observed): void {
    const key = keyOf(object.kind, object.handle);
    const place = this.#places.get(key) ?? this.#list.length;
    this.#places.set(key, place);
    this.#list[place] = object;
  }

  #at(key: string): Observed | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#list[place];
  }

  #remove(key: string): void {
    const place = this.#places.get(key);
    if (place !== undefined) this.#list[place] = undefined;
    this.#places.delete(key);
  }

  /** The logical id, or with a number behind it while another generation has that handle. */
  #free(kind: string, id: string): Handle {
    let handle = id;
    const taken = (key: string): boolean => this.#places.has(key) || this.#taken.has(key);
    for (let n = 2; taken(keyOf(kind, handle)); n++) handle = `${id}~${n}`;
    return handle;
  }
}

/** Only what the step itself changes: it may be done without others that the plan lists before it. */
function servedAfter({ serves }: Observed, { gains = [], loses = [] }: Step): readonly ServiceId[] {
  if (gains.length + loses.length === 0) return serves;
  return [...new Set([...serves, ...gains])].filter((service) => !loses.includes(service));
}

/** The objects that steps change; none of these steps creates one. */
function namedHandles(steps: readonly Step[]): ReadonlySet<HandleRef> {
  const named = new Set<HandleRef>();
  for (const { handle, ranks = [] } of steps) {
    if (handle !== undefined) named.add(handle);
    for (const [ref] of ranks) named.add(ref);
  }
  return named;
}

/** Null clears an attribute. */
function withChanges(now: Attrs, changes: Attrs): Attrs {
  return Object.fromEntries(Object.entries({ ...now, ...changes }).filter(([, value]) => value !== null));
}

function unknownHealth(set: MemberSet): ReadonlyMap<string, Health> {
  return new Map([...set.keys()].map((key) => [key, 'initial']));
}

function keyOf(kind: string, handle: Handle): string {
  return `${kind}\n${handle}`;
}

/** What a front has turned away from may drain, where that is told at all: a plan made before the next reading waits for it. */
function leftBehind({ refs, health }: Observed, changed: readonly string[]): Pick<Observed, 'health'> {
  const left = changed.flatMap((name) => {
    const [handle, told] = [refs[name], health?.[name]];
    return handle === undefined || told === undefined ? [] : [[name, new Map(told).set(handle, 'draining')] as const];
  });
  return left.length === 0 ? {} : { health: { ...health, ...Object.fromEntries(left) } };
}
