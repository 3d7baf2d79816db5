import type { Handle, HandleRef, KindSpec, Member, Step } from '../../src/model/index.ts';
import type { Thing, World } from './world.ts';

/** The simulated cloud refuses this call. */
export class CloudError extends Error {}

/** Carries out one step the way a strict cloud does. Answers the handle of what was created. Throws CloudError for what a cloud refuses. */
export function applyStep(world: World, step: Step, handles: ReadonlyMap<number, Handle>): Handle | undefined {
  const call = new Call(world, step, handles);
  const answer = call.run();
  world.settle();
  return answer;
}

class Call {
  readonly #world: World;
  readonly #step: Step;
  readonly #handles: ReadonlyMap<number, Handle>;
  readonly #spec: KindSpec;

  constructor(world: World, step: Step, handles: ReadonlyMap<number, Handle>) {
    this.#world = world;
    this.#step = step;
    this.#handles = handles;
    const spec = world.specs.get(step.kind);
    if (spec === undefined) throw new CloudError(`no kind ${step.kind}`);
    this.#spec = spec;
  }

  run(): Handle | undefined {
    const { op } = this.#step;
    if (op === 'create') return this.#create();
    if (op === 'order') this.#order();
    else if (op === 'update') this.#update(this.#object());
    else if (op === 'delete') this.#delete(this.#object());
    else if (op !== 'wait') this.#members(this.#object());
    return undefined;
  }

  #object(): Thing {
    const { handle } = this.#step;
    if (handle === undefined) throw new CloudError('which object?');
    const thing = this.#world.things.get(this.#handle(handle));
    if (thing === undefined) throw new CloudError(`${handle} does not exist`);
    if (thing.foreign) throw new Error(`${this.#step.op} touches the foreign ${thing.handle}`);
    return thing;
  }

  #handle(ref: HandleRef): Handle {
    if (typeof ref === 'string') return ref;
    const handle = this.#handles.get(ref);
    if (handle === undefined) throw new CloudError(`step ${ref} has created nothing yet`);
    return handle;
  }

  #create(): Handle {
    const { kind, id, unit, attrs = {}, serves } = this.#step;
    const refs: Record<string, Handle> = {};
    for (const [name, ref] of Object.entries(this.#step.refs ?? {})) {
      if (ref !== null) refs[name] = this.#existing(ref, this.#spec.refs[name]?.to);
    }
    const sets = new Map<string, Map<string, Member>>();
    for (const [name, spec] of Object.entries(this.#spec.sets)) {
      const members = this.#step.sets?.[name] ?? [];
      if (members.length > 0 && spec.inCreate !== true) throw new CloudError(`${name} is no part of the create call`);
      const set = new Map(members.map(([ref, m]) => [this.#member(ref, spec.to), m] as const));
      sets.set(name, set);
      this.#checkSize(name, set);
    }
    this.#checkSlots(attrs, refs, undefined);
    const tags = kind === 'TargetGroup' ? serves : [];
    const thing = { kind, id, unit, attrs: { ...attrs }, refs, sets, foreign: false, tags };
    return this.#world.put(thing, `${kind}.${id}`).handle;
  }

  #update(thing: Thing): void {
    const { attrs = {}, refs = {} } = this.#step;
    for (const name of [...Object.keys(attrs), ...Object.keys(refs)]) {
      if (this.#spec.immutable.includes(name)) throw new CloudError(`${name} of ${thing.handle} cannot be changed`);
    }
    for (const [name, value] of Object.entries(attrs)) {
      if (value === null) delete thing.attrs[name];
      else thing.attrs[name] = value;
    }
    for (const [name, ref] of Object.entries(refs)) {
      const old = thing.refs[name];
      const spec = this.#spec.refs[name];
      if (ref === null) throw new CloudError(`${name} of ${thing.handle} cannot be empty`);
      const next = this.#existing(ref, spec?.to);
      if (spec?.serving === true && old !== undefined && old !== next) this.#startDraining(thing, name, old);
      thing.refs[name] = next;
    }
  }

  #delete(thing: Thing): void {
    for (const other of this.#world.things.values()) {
      const refers = Object.values(other.refs).includes(thing.handle);
      const holds = other.sets.get('forward')?.has(thing.handle) === true;
      if (refers || holds) throw new CloudError(`${thing.handle} is in use by ${other.handle}`);
      for (const [name, set] of other.draining) {
        if (set.has(thing.handle))
          throw new Error(`connections from ${other.handle} ${name} to ${thing.handle} are cut`);
      }
    }
    this.#world.remove(thing);
  }

  #members(thing: Thing): void {
    const { op, set: name = '', members = [] } = this.#step;
    const spec = this.#spec.sets[name];
    const set = thing.sets.get(name);
    if (spec === undefined || set === undefined) throw new CloudError(`${thing.handle} has no set ${name}`);
    if (op !== 'set' && spec.to === undefined && members.length > spec.batch) {
      throw new CloudError(`${members.length} members in one call, ${spec.batch} at most`);
    }
    for (const [ref, member] of members) {
      const key = this.#member(ref, spec.to);
      const old = set.get(key);
      if (member === null) {
        if (old === undefined) throw new CloudError(`${key} is not in ${thing.handle}`);
        this.#checkCut(
          thing,
          name,
          key,
          old,
          members.some(([, m]) => m !== null),
        );
        set.delete(key);
        thing.draining.get(name)?.delete(key);
      } else {
        if (
          spec.weight !== undefined &&
          member.attrs[spec.weight] === 0 &&
          old !== undefined &&
          old.attrs[spec.weight] !== 0
        ) {
          this.#startDraining(thing, name, key);
        }
        set.set(key, member);
      }
    }
    this.#checkSize(name, set);
  }

  /** Where the cloud tells of connections, they are only cut by a step that says so, or by one that has no other way. */
  #checkCut(thing: Thing, name: string, key: Handle, old: Member, swap: boolean): void {
    if (!this.#world.options.tellsDraining || name !== 'forward' || swap) return;
    const said = this.#step.gap !== undefined || this.#step.risk !== undefined;
    // What had nothing ready when the plan was made had no connections that the plan could know of.
    const cuts = old.attrs.weight !== 0 && this.#world.hasReady(key) && this.#world.readyAtPlan.has(key);
    if ((cuts || thing.draining.get(name)?.has(key) === true) && !said) {
      throw new Error(`connections of ${key} in ${thing.handle} are cut`);
    }
  }

  #startDraining(thing: Thing, name: string, key: Handle): void {
    if (!this.#world.options.tellsDraining || !this.#world.hasReady(key)) return;
    const set = thing.draining.get(name) ?? new Set();
    thing.draining.set(name, set.add(key));
  }

  #order(): void {
    const { kind, ranks = [], attr = '' } = this.#step;
    const ranked = ranks.map(([ref, rank]) => [this.#existing(ref, kind), rank] as const);
    for (const [handle, rank] of ranked) {
      const thing = this.#world.things.get(handle);
      if (thing?.foreign === true) throw new Error(`order touches the foreign ${handle}`);
      if (thing !== undefined) thing.attrs[attr] = rank;
    }
    for (const [handle] of ranked) {
      const thing = this.#world.things.get(handle);
      if (thing !== undefined) this.#checkSlots(thing.attrs, thing.refs, thing);
    }
  }

  #existing(ref: HandleRef, kind: string | undefined): Handle {
    const handle = this.#handle(ref);
    const thing = this.#world.things.get(handle);
    if (thing === undefined) throw new CloudError(`${handle} does not exist`);
    if (kind !== undefined && thing.kind !== kind) throw new CloudError(`${handle} is no ${kind}`);
    if (kind === 'TargetGroup') this.#checkScope(thing);
    return handle;
  }

  #member(ref: HandleRef, to: string | undefined): string {
    return to === undefined ? this.#handle(ref) : this.#existing(ref, to);
  }

  /** A group belongs to the balancer of its first user. */
  #checkScope(group: Thing): void {
    if (this.#world.specs.get('TargetGroup')?.per === undefined) return;
    const scopeOf = (user: { refs: Readonly<Record<string, Handle>> }): Handle | undefined =>
      user.refs.balancer ?? this.#world.things.get(user.refs.listener ?? '')?.refs.balancer;
    const { handle, refs = {} } = this.#step;
    const own: Record<string, Handle> = {};
    for (const [name, ref] of Object.entries(refs))
      if (typeof ref === 'string' || typeof ref === 'number') own[name] = this.#handle(ref);
    const acting = handle === undefined ? { refs: own } : this.#world.things.get(this.#handle(handle));
    const mine = acting === undefined ? undefined : scopeOf(acting);
    for (const user of this.#world.things.values()) {
      if (user.refs.group !== group.handle && user.sets.get('forward')?.has(group.handle) !== true) continue;
      if (!user.foreign && scopeOf(user) !== mine) throw new CloudError(`${group.handle} belongs to another balancer`);
    }
  }

  #checkSize(name: string, set: ReadonlyMap<string, Member>): void {
    const { max, min } = this.#spec.sets[name] ?? { max: undefined, min: undefined };
    if (max !== undefined && set.size > max) throw new CloudError(`${name} has ${set.size} members, ${max} at most`);
    if (min !== undefined && set.size < min) throw new CloudError(`${name} has ${set.size} members, ${min} at least`);
  }

  #checkSlots(attrs: Thing['attrs'], refs: Thing['refs'], self: Thing | undefined): void {
    const slots = this.#spec.slots?.(attrs, refs) ?? [];
    if (slots.length === 0) return;
    for (const other of this.#world.things.values()) {
      if (other === self) continue;
      const held = this.#world.specs.get(other.kind)?.slots?.(other.attrs, other.refs) ?? [];
      const clash = held.find((slot) => slots.includes(slot));
      if (clash !== undefined) throw new CloudError(`${clash} is held by ${other.handle}`);
    }
  }
}
