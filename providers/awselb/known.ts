/**
 * What is known of the balancer's objects: as last read, and as changed by own writes since. Own writes count before any reading that was
 * begun before them: AWS may still answer with what was.
 */
import type { Handle, Health, Json, Member, MemberSet, Observed, Step, Unit } from '../../src/model/index.ts';
import { backendGroup } from './names.ts';

/** Member of Certificates that was the default one and waits, served as such, for its successor. Told by this very object. */
export const steppedBack: Member = Object.freeze({ attrs: Object.freeze({ IsDefault: false }) });

export class Known {
  readonly #objects = new Map<string, Observed>();
  readonly #byUnit = new Map<Unit, Map<string, Observed>>();

  find(kind: string, handle: Handle): Observed | undefined {
    return this.#objects.get(keyOf(kind, handle));
  }

  all(): readonly Observed[] {
    return [...this.#objects.values()];
  }

  inUnit(unit: Unit): readonly Observed[] {
    return [...(this.#byUnit.get(unit)?.values() ?? [])];
  }

  /** Id of the back-end group that weir made; what the word `backend` in LoadBalancer.SecurityGroups means. */
  backendGroup(): Handle | undefined {
    return this.all().find(({ kind, id, owned }) => kind === 'SecurityGroup' && id === backendGroup && owned)?.handle;
  }

  /** A reading in the place of what was known of these units; everything where no units are named. */
  replace(units: ReadonlySet<Unit> | undefined, reading: readonly Observed[]): void {
    for (const unit of units ?? [...this.#byUnit.keys()]) {
      for (const key of this.#byUnit.get(unit)?.keys() ?? []) this.#objects.delete(key);
      this.#byUnit.delete(unit);
    }
    for (const object of reading) this.put(object);
  }

  put(object: Observed): void {
    const key = keyOf(object.kind, object.handle);
    this.#drop(key);
    this.#objects.set(key, object);
    const unit = this.#byUnit.get(object.unit);
    if (unit === undefined) this.#byUnit.set(object.unit, new Map([[key, object]]));
    else unit.set(key, object);
  }

  #drop(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#objects.delete(key);
    this.#byUnit.get(object.unit)?.delete(key);
  }

  /** A step was carried out; `created`: what a create answered. References are handles. */
  wrote(step: Step, created: Handle | undefined): void {
    const before = step.kind === 'TargetGroup' ? undefined : this.#usedGroups(step.unit);
    this.#note(step, created);
    if (before === undefined) return;
    const after = this.#usedGroups(step.unit);
    for (const handle of new Set([...before, ...after]))
      if (!before.has(handle) || !after.has(handle)) this.#change('TargetGroup', handle, unsettled);
  }

  /** Target groups that something in the unit sends traffic to, or could. */
  #usedGroups(unit: Unit): ReadonlySet<Handle> {
    const found = new Set<Handle>();
    for (const { refs, sets } of this.inUnit(unit)) {
      if (refs.TargetGroupArn !== undefined) found.add(refs.TargetGroupArn);
      for (const handle of sets.TargetGroups?.keys() ?? []) found.add(handle);
    }
    return found;
  }

  #note(step: Step, created: Handle | undefined): void {
    const { op, kind } = step;
    if (op === 'create' && created !== undefined) this.put(made(step, created));
    if (op === 'order') {
      for (const [handle, rank] of step.ranks ?? [])
        this.#change(kind, handle, (now) => ({ ...now, attrs: { ...now.attrs, [step.attr ?? '']: rank } }));
    }
    if (typeof step.handle !== 'string') return;
    if (op === 'delete') this.#delete(kind, step.handle);
    else if (op === 'update') this.#change(kind, step.handle, (now) => updated(now, step));
    else if (op === 'add' || op === 'set' || op === 'remove')
      this.#change(kind, step.handle, (now) => withMembers(now, step));
  }

  #change(kind: string, handle: Handle | number, change: (now: Observed) => Observed): void {
    const now = typeof handle === 'string' ? this.find(kind, handle) : undefined;
    if (now !== undefined) this.put(change(now));
  }

  /** With everything that goes with it: listeners of a load balancer, rules of a listener. */
  #delete(kind: string, handle: Handle): void {
    const unit = this.find(kind, handle)?.unit;
    this.#drop(keyOf(kind, handle));
    for (const child of unit === undefined ? [] : this.inUnit(unit))
      if (child.refs.LoadBalancerArn === handle || child.refs.ListenerArn === handle)
        this.#delete(child.kind, child.handle);
  }
}

function keyOf(kind: string, handle: Handle): string {
  return `${kind} ${handle}`;
}

function made({ kind, id, unit, serves, attrs = {}, refs = {}, sets = {} }: Step, handle: Handle): Observed {
  const given = Object.entries(sets).map(([name, list]): [string, MemberSet] => [
    name,
    new Map(list.map(([key, member]) => [String(key), member])),
  ]);
  return {
    kind,
    id,
    unit,
    serves,
    attrs,
    refs: changed({}, refs),
    sets: Object.fromEntries(given),
    handle,
    owned: true,
    facts: kind === 'LoadBalancer' ? { state: 'provisioning', pending: true } : {},
    ...(kind === 'TargetGroup' ? { health: { Targets: new Map() } } : {}),
  };
}

function updated(now: Observed, { attrs = {}, refs = {}, serves }: Step): Observed {
  return { ...now, serves, attrs: withoutNull({ ...now.attrs, ...attrs }), refs: changed(now.refs, refs) };
}

function withMembers(now: Observed, { set: name, members = [], serves }: Step): Observed {
  if (name === undefined) return now;
  const set = new Map<string, Member>(now.sets[name]);
  const known = now.health?.[name];
  const health = new Map(known);
  for (const [key, member] of members) {
    if (member === null) {
      set.delete(String(key));
      if (health.has(String(key))) health.set(String(key), 'draining');
    } else {
      if (!set.has(String(key))) health.set(String(key), 'initial');
      const back = name === 'Certificates' && set.get(String(key))?.attrs.IsDefault === true;
      set.set(String(key), back && member.attrs.IsDefault !== true ? steppedBack : member);
    }
  }
  return {
    ...now,
    serves,
    sets: { ...now.sets, [name]: set },
    ...(known === undefined ? {} : { health: { ...now.health, [name]: health } }),
  };
}

/** AWS checks what is used and nothing else: who was healthy in the service of another front begins anew. */
function unsettled(now: Observed): Observed {
  const health = [...(now.health?.Targets ?? [])].map(([key, state]): [string, Health] => [
    key,
    state === 'draining' ? state : 'initial',
  ]);
  return { ...now, health: { ...now.health, Targets: new Map(health) } };
}

function changed(now: Observed['refs'], change: NonNullable<Step['refs']>): Observed['refs'] {
  const next: Record<string, Handle> = { ...now };
  for (const [name, handle] of Object.entries(change)) {
    if (handle === null) delete next[name];
    else next[name] = String(handle);
  }
  return next;
}

function withoutNull(attrs: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  return Object.fromEntries(Object.entries(attrs).filter(([, value]) => value !== null));
}
