/**
 * What is known of the balancer's objects: as last read, and as changed by own writes since. Own writes count before any reading that was
 * begun before them: AWS may still answer with what was.
 */
import type { Handle, Json, Member, MemberSet, Observed, Step, Unit } from '../../src/model/index.ts';
import { backendGroup } from './names.ts';

export class Known {
  readonly #objects = new Map<string, Observed>();

  find(kind: string, handle: Handle): Observed | undefined {
    return this.#objects.get(keyOf(kind, handle));
  }

  all(): readonly Observed[] {
    return [...this.#objects.values()];
  }

  inUnit(unit: Unit): readonly Observed[] {
    return this.all().filter((object) => object.unit === unit);
  }

  /** Id of the back-end group that weir made; what the word `backend` in LoadBalancer.SecurityGroups means. */
  backendGroup(): Handle | undefined {
    return this.all().find(({ kind, id, owned }) => kind === 'SecurityGroup' && id === backendGroup && owned)?.handle;
  }

  /** A reading in the place of what was known of these units; everything where no units are named. */
  replace(units: ReadonlySet<Unit> | undefined, reading: readonly Observed[]): void {
    for (const [key, { unit }] of this.#objects) if (units === undefined || units.has(unit)) this.#objects.delete(key);
    for (const object of reading) this.put(object);
  }

  put(object: Observed): void {
    this.#objects.set(keyOf(object.kind, object.handle), object);
  }

  /** A step was carried out; `created`: what a create answered. References are handles. */
  wrote(step: Step, created: Handle | undefined): void {
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
    this.#objects.delete(keyOf(kind, handle));
    for (const child of this.all())
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
      set.set(String(key), member);
    }
  }
  return {
    ...now,
    serves,
    sets: { ...now.sets, [name]: set },
    ...(known === undefined ? {} : { health: { ...now.health, [name]: health } }),
  };
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
