import type { Handle, Health, KindSpec, Member, Observed, ServiceId } from '../../src/model/index.ts';

/** An object of the simulated cloud. */
export interface Thing {
  readonly kind: string;
  readonly handle: Handle;
  /** The logical id that it was created for: a tag, a name, or known through its place. */
  readonly id: string;
  readonly unit: string;
  attrs: Record<string, Member['attrs'][string]>;
  refs: Record<string, Handle>;
  readonly sets: Map<string, Map<string, Member>>;
  /** The truth, which a provider cannot see: it sees claims. */
  readonly foreign: boolean;
  /** Services of a target group, as tags tell. */
  readonly tags: readonly ServiceId[];
  /** Members of its serving sets and refs that have lost their traffic and still have connections. */
  readonly draining: Map<string, Set<Handle>>;
}

export interface WorldOptions {
  readonly kinds: readonly KindSpec[];
  readonly sick: readonly string[];
  readonly unusedHealth: boolean;
  readonly tellsDraining: boolean;
}

/** The cloud: objects, who refers to whom, and the health of targets. Time passes only in `tick`. */
export class World {
  readonly options: WorldOptions;
  readonly things = new Map<Handle, Thing>();
  readonly specs: ReadonlyMap<string, KindSpec>;
  readonly sick: Set<string>;
  /** Groups whose targets do not become ready for the time being. */
  readonly slow = new Set<Handle>();
  /** Every group created from now on is slow. */
  slowNew = false;
  /** Claims of what bears no mark of its own: places, written down before the create. */
  readonly journal = new Set<string>();
  /** Groups that had ready targets when the last plan was made. */
  readonly readyAtPlan = new Set<Handle>();
  readonly #ready = new Map<Handle, Set<string>>();
  #next = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.specs = new Map(options.kinds.map((spec) => [spec.kind, spec]));
    this.sick = new Set(options.sick);
  }

  put(thing: Omit<Thing, 'handle' | 'draining'>, name: string): Thing {
    this.#next++;
    const owner = thing.foreign ? 'theirs' : 'ours';
    const whole: Thing = { ...thing, handle: `${owner}.${name}-${this.#next}`, draining: new Map() };
    this.things.set(whole.handle, whole);
    if (!thing.foreign && this.specs.get(thing.kind)?.claim === 'journal') this.journal.add(placeText(whole));
    if (this.slowNew && thing.kind === 'TargetGroup') this.slow.add(whole.handle);
    return whole;
  }

  remove(thing: Thing): void {
    this.things.delete(thing.handle);
    this.journal.delete(placeText(thing));
  }

  copy(): World {
    const other = new World({ ...this.options, sick: [...this.sick] });
    for (const [handle, thing] of this.things) {
      other.things.set(handle, {
        ...thing,
        attrs: { ...thing.attrs },
        refs: { ...thing.refs },
        sets: new Map([...thing.sets].map(([name, set]) => [name, new Map(set)])),
        draining: new Map([...thing.draining].map(([name, set]) => [name, new Set(set)])),
      });
    }
    for (const [handle, ready] of this.#ready) other.#ready.set(handle, new Set(ready));
    for (const handle of this.slow) other.slow.add(handle);
    for (const place of this.journal) other.journal.add(place);
    other.#next = this.#next;
    return other;
  }

  /** Whether a front sends traffic to it, or would if its share were raised. */
  used(handle: Handle): boolean {
    for (const { refs, sets } of this.things.values()) {
      if (refs.group === handle || sets.get('forward')?.has(handle) === true) return true;
    }
    return false;
  }

  /** Health checks go on for a while: what can be ready is. Connections that lost their target end. */
  tick(): void {
    for (const thing of this.things.values()) {
      thing.draining.clear();
      const targets = thing.kind === 'TargetGroup' ? thing.sets.get('targets') : undefined;
      if (targets === undefined || this.slow.has(thing.handle)) continue;
      if (!this.options.unusedHealth && !this.used(thing.handle)) continue;
      const ready = this.#readyOf(thing.handle);
      for (const key of targets.keys()) if (!this.sick.has(key)) ready.add(key);
    }
  }

  /** After every change: what nobody refers to is not checked, what has left or fallen sick is not ready. */
  settle(): void {
    for (const [handle, ready] of this.#ready) {
      const targets = this.things.get(handle)?.sets.get('targets');
      if (targets === undefined) this.#ready.delete(handle);
      else if (ready.size > 0 && !this.options.unusedHealth && !this.used(handle)) ready.clear();
      else for (const key of ready) if (!targets.has(key) || this.sick.has(key)) ready.delete(key);
    }
  }

  isReady(handle: Handle, key: string): boolean {
    return this.#ready.get(handle)?.has(key) === true;
  }

  hasReady(handle: Handle): boolean {
    return (this.#ready.get(handle)?.size ?? 0) > 0;
  }

  /** A plan is made now. */
  notePlan(): void {
    this.readyAtPlan.clear();
    for (const [handle, ready] of this.#ready) if (ready.size > 0) this.readyAtPlan.add(handle);
  }

  #readyOf(handle: Handle): Set<string> {
    const ready = this.#ready.get(handle) ?? new Set<string>();
    this.#ready.set(handle, ready);
    return ready;
  }

  /** Groups that get traffic from a front. */
  pointed(front: Thing): readonly Handle[] {
    if (front.refs.group !== undefined) return [front.refs.group];
    const found: Handle[] = [];
    for (const [handle, { attrs }] of front.sets.get('forward') ?? []) if (attrs.weight !== 0) found.push(handle);
    return found;
  }

  served(front: Thing): readonly ServiceId[] {
    return [...new Set(this.pointed(front).flatMap((handle) => this.things.get(handle)?.tags ?? []))];
  }

  /** What a provider would read. */
  observe(): readonly Observed[] {
    return [...this.things.values()].map((thing) => this.#observed(thing));
  }

  #observed(thing: Thing): Observed {
    const { kind, handle, id, unit, attrs, refs, sets, tags } = thing;
    const group = kind === 'TargetGroup';
    const health: Record<string, ReadonlyMap<string, Health>> = {};
    if (group) {
      const keys = [...(sets.get('targets')?.keys() ?? [])];
      health.targets = new Map(keys.map((key) => [key, this.#healthOf(handle, key)]));
    } else if (this.options.tellsDraining) {
      for (const name of ['forward', 'group']) {
        const draining = thing.draining.get(name) ?? [];
        if (sets.has(name) || refs[name] !== undefined) {
          health[name] = new Map([...draining].map((key): [string, Health] => [key, 'draining']));
        }
      }
    }
    return {
      kind,
      handle,
      id,
      unit,
      owned: this.#owned(thing),
      facts: {},
      serves: group ? tags : this.served(thing),
      attrs: structuredCloneOf(attrs),
      refs: { ...refs },
      sets: Object.fromEntries([...sets].map(([name, set]) => [name, new Map(set)])),
      health,
    };
  }

  /** By what the kind is claimed by. */
  #owned(thing: Thing): boolean {
    const claim = this.specs.get(thing.kind)?.claim;
    if (claim === 'journal') return this.journal.has(placeText(thing));
    if (claim === 'parent') return this.things.get(thing.refs.listener ?? '')?.foreign === false;
    return claim === 'name' ? thing.handle.startsWith('ours.') : !thing.foreign;
  }

  #healthOf(handle: Handle, key: string): Health {
    if (this.isReady(handle, key)) return 'ready';
    return this.sick.has(key) && this.used(handle) ? 'unhealthy' : 'initial';
  }
}

function placeText({ kind, attrs, refs }: Pick<Thing, 'kind' | 'attrs' | 'refs'>): string {
  return `${kind} ${refs.balancer} ${attrs.port}`;
}

/** A reading shares nothing with the system that was read. */
function structuredCloneOf(attrs: Thing['attrs']): Thing['attrs'] {
  const copy = { ...attrs };
  if (copy.settings !== undefined) copy.settings = JSON.parse(JSON.stringify(copy.settings));
  return copy;
}
