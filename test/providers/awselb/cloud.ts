/** A simulated account: objects that steps act on, health that comes with time, and a look at what traffic would reach. */
import assert from 'node:assert/strict';
import { kinds } from '../../../providers/awselb/kinds.ts';
import { normalize } from '../../../providers/awselb/normalize.ts';
import type { Handle, HandleRef, Health, Member, Observed, Resource, Step } from '../../../src/model/index.ts';

interface Thing extends Omit<Observed, 'sets' | 'refs' | 'attrs' | 'serves' | 'health'> {
  attrs: Observed['attrs'];
  refs: Record<string, string>;
  sets: Record<string, Map<string, Member>>;
  serves: readonly string[];
  /** Key of the target → it has been looked at while in use. */
  readonly ready: Set<string>;
  readonly lost: Set<string>;
}

export class Cloud {
  readonly things = new Map<Handle, Thing>();
  #next = 1;

  /** Everything as discovery would read it. */
  observe(): readonly Observed[] {
    const used = this.#used();
    return [...this.things.values()].map(({ ready, lost: _, ...thing }): Observed => {
      const serves = this.#serves(thing);
      const frozen = {
        ...thing,
        serves,
        refs: { ...thing.refs },
        sets: Object.fromEntries(Object.entries(thing.sets).map(([name, set]) => [name, new Map(set)])),
      };
      const plain = { ...normalize(frozen), handle: thing.handle, owned: thing.owned, facts: thing.facts };
      if (thing.kind !== 'TargetGroup') return plain;
      const health = new Map(
        [...(thing.sets.Targets?.keys() ?? [])].map((key): [string, Health] => [
          key,
          used.has(thing.handle) && ready.has(key) ? 'ready' : 'initial',
        ]),
      );
      return { ...plain, health: { Targets: health } };
    });
  }

  /** A target has ceased to exist: nothing that is done could keep it healthy. */
  lose(group: string, key: string): void {
    for (const thing of this.things.values()) {
      if (thing.kind !== 'TargetGroup' || thing.id !== group) continue;
      thing.ready.delete(key);
      thing.lost.add(key);
    }
  }

  /** Targets of groups in use become healthy. */
  tick(): void {
    const used = this.#used();
    for (const thing of this.things.values()) {
      if (!used.has(thing.handle)) thing.ready.clear();
      else for (const key of thing.sets.Targets?.keys() ?? []) if (!thing.lost.has(key)) thing.ready.add(key);
    }
  }

  /** Carries out a step; `handles`: what earlier steps of the plan have created. */
  apply(step: Step, handles: Map<number, Handle>): void {
    const at = (ref: HandleRef): Handle =>
      typeof ref === 'number' ? (handles.get(ref) ?? assert.fail(`step ${ref} made nothing`)) : ref;
    if (step.op === 'create') {
      const handle = `${step.kind.toLowerCase()}-${this.#next++}`;
      const refs = Object.fromEntries(
        Object.entries(step.refs ?? {}).flatMap(([name, ref]) => (ref === null ? [] : [[name, at(ref)]])),
      );
      const sets = Object.fromEntries(
        Object.entries(step.sets ?? {}).map(([name, members]) => [
          name,
          new Map(members.map(([ref, member]) => [at(ref), member])),
        ]),
      );
      const { kind, id, unit, serves, attrs = {} } = step;
      this.#checkSlots(kind, attrs, refs, undefined);
      this.things.set(handle, {
        kind,
        id,
        unit,
        serves,
        attrs,
        refs,
        sets,
        handle,
        owned: true,
        facts: {},
        ready: new Set(),
        lost: new Set(),
      });
      handles.set(step.n, handle);
      return;
    }
    if (step.op === 'wait') return;
    if (step.op === 'order') {
      for (const [ref, rank] of step.ranks ?? []) {
        const thing = this.#get(at(ref));
        thing.attrs = { ...thing.attrs, [step.attr ?? '']: rank };
      }
      return;
    }
    const thing = this.#get(at(step.handle ?? assert.fail('no handle')));
    if (step.op === 'delete') {
      for (const other of this.things.values()) {
        const refs = [
          ...Object.values(other.refs),
          ...Object.entries(other.sets).flatMap(([name, set]) => (name === 'Tags' ? [] : [...set.keys()])),
        ];
        const child = thing.kind === 'LoadBalancer' || (thing.kind === 'Listener' && other.kind === 'Rule');
        assert.ok(child || !refs.includes(thing.handle), `${thing.handle} is deleted and ${other.handle} refers to it`);
      }
      this.things.delete(thing.handle);
      for (const other of [...this.things.values()])
        if (Object.values(other.refs).includes(thing.handle)) this.things.delete(other.handle);
      return;
    }
    if (step.op === 'update') {
      const attrs = { ...thing.attrs, ...step.attrs };
      thing.attrs = Object.fromEntries(Object.entries(attrs).filter(([, value]) => value !== null));
      for (const [name, ref] of Object.entries(step.refs ?? {})) {
        if (ref === null) delete thing.refs[name];
        else thing.refs[name] = at(ref);
      }
      return;
    }
    const set = thing.sets[step.set ?? ''] ?? new Map<string, Member>();
    thing.sets[step.set ?? ''] = set;
    for (const [ref, member] of step.members ?? []) {
      if (member === null) set.delete(at(ref));
      else set.set(at(ref), member);
    }
    if (step.set === 'Targets') for (const key of thing.ready) if (!set.has(key)) thing.ready.delete(key);
  }

  /** Places of listeners and rules that forward and reach a healthy target → services there. */
  alive(): ReadonlyMap<string, readonly string[]> {
    const places = new Map<string, readonly string[]>();
    for (const thing of this.things.values()) {
      const shares = this.#shares(thing);
      if (shares.some((handle) => (this.things.get(handle)?.ready.size ?? 0) > 0))
        places.set(`${thing.kind} ${String(thing.attrs.Place)}`, this.#serves(thing));
    }
    return places;
  }

  #get(handle: Handle): Thing {
    return this.things.get(handle) ?? assert.fail(`there is no ${handle}`);
  }

  #shares({ refs, sets }: Pick<Thing, 'refs' | 'sets'>): readonly Handle[] {
    const set = [...(sets.TargetGroups ?? [])].flatMap(([handle, { attrs }]) => (attrs.Weight === 0 ? [] : [handle]));
    return refs.TargetGroupArn === undefined ? set : [...set, refs.TargetGroupArn];
  }

  #used(): ReadonlySet<Handle> {
    const used = new Set<Handle>();
    for (const { refs, sets } of this.things.values()) {
      if (refs.TargetGroupArn !== undefined) used.add(refs.TargetGroupArn);
      for (const handle of sets.TargetGroups?.keys() ?? []) used.add(handle);
    }
    return used;
  }

  #serves(thing: Pick<Thing, 'kind' | 'serves' | 'refs' | 'sets'>): readonly string[] {
    const shares = this.#shares(thing);
    if (shares.length === 0) return thing.serves;
    return [...new Set(shares.flatMap((handle) => this.things.get(handle)?.serves ?? []))];
  }

  #checkSlots(kind: string, attrs: Resource['attrs'], refs: Resource['refs'], self: Handle | undefined): void {
    const slots = kinds.find((spec) => spec.kind === kind)?.slots;
    if (slots === undefined) return;
    const wanted = slots(attrs, refs);
    for (const other of this.things.values()) {
      if (other.kind !== kind || other.handle === self) continue;
      const taken: string | undefined = slots(other.attrs, other.refs).find((slot) => wanted.includes(slot));
      assert.equal(taken, undefined, `${taken} is taken by ${other.handle}`);
    }
  }
}
