import type { KindSpec, Observed, Resource, ServiceId, Unit } from '../model/index.ts';
import { allRules, type Rules } from './rules.ts';
import { type Present, Scene, type Wanted } from './scene.ts';
import type { Shape } from './shape.ts';

/** What is planned together. A joined group is named by its units, sorted, with `+` between them. */
export interface UnitGroup {
  readonly unit: Unit;
  readonly desired: readonly Resource[];
  readonly observed: readonly Observed[];
}

/**
 * Splits both states into groups that can be planned, applied and fail on their own. Units are joined by services that lose a front in
 * one and are wanted at a front of another, by slots, by refs across and by one id in both. Groups come in the order of first sight.
 */
export function units(
  kinds: readonly KindSpec[],
  desired: readonly Resource[],
  observed: readonly Observed[],
): readonly UnitGroup[] {
  return unitsWith(allRules, kinds, desired, observed);
}

export function unitsWith(
  rules: Rules,
  kinds: readonly KindSpec[],
  desired: readonly Resource[],
  observed: readonly Observed[],
): readonly UnitGroup[] {
  const forest = new Forest();
  forest.addAll(desired);
  forest.addAll(observed);
  const [only] = desired.length > 0 ? desired : observed;
  if (forest.size === 1 && only !== undefined) return [{ unit: only.unit, desired, observed }];
  if (rules.joinUnits && forest.size > 1) {
    const scene = new Scene(kinds, desired, observed);
    joinByRefs(scene, forest);
    joinBySlots(scene, forest);
    joinByServices(scene, forest);
  }
  const groups = new Map<Unit, { names: Set<Unit>; desired: Resource[]; observed: Observed[] }>();
  const groupOf = (unit: Unit) => {
    const root = forest.find(unit);
    const group = groups.get(root) ?? { names: new Set(), desired: [], observed: [] };
    groups.set(root, group);
    group.names.add(unit);
    return group;
  };
  for (const it of desired) groupOf(it.unit).desired.push(it);
  for (const it of observed) groupOf(it.unit).observed.push(it);
  return [...groups.values()].map(({ names, ...states }) => ({ unit: [...names].sort().join('+'), ...states }));
}

/** By refs across, members across, and one id in both states. */
function joinByRefs(scene: Scene, forest: Forest): void {
  for (const present of scene.presents) {
    const { it, shape } = present;
    const wanted = scene.want(shape, it.id);
    if (wanted !== undefined) forest.join(it.unit, wanted.it.unit);
    for (const { user } of present.uses) forest.join(it.unit, user.it.unit);
  }
  for (const { it, shape } of wantsOf(scene)) {
    for (const ref of shape.refs) {
      const id = it.refs[ref.name];
      if (id !== undefined) forest.join(it.unit, scene.resolve(ref.to, id)?.it.unit);
    }
    for (const set of shape.linkSets) {
      if (set.to === undefined) continue;
      for (const id of it.sets[set.name]?.keys() ?? []) forest.join(it.unit, scene.resolve(set.to, id)?.it.unit);
    }
  }
}

function joinBySlots(scene: Scene, forest: Forest): void {
  const holders = new Map<string, Unit>();
  const note = (slots: readonly string[], unit: Unit): void => {
    for (const slot of slots) {
      const holder = holders.get(slot);
      if (holder === undefined) holders.set(slot, unit);
      else forest.join(holder, unit);
    }
  };
  for (const { it, shape } of scene.presents) {
    if (shape.spec.slots !== undefined) note(slotsOf(shape, it, it.refs), it.unit);
  }
  for (const { it, shape } of wantsOf(scene)) {
    if (shape.spec.slots === undefined) continue;
    const refs: Record<string, string> = {};
    for (const ref of shape.refs) {
      const id = it.refs[ref.name];
      const target = id === undefined ? undefined : scene.resolve(ref.to, id);
      const handle = target === undefined || 'kept' in target ? firstHandle(scene, target) : target.it.handle;
      if (id !== undefined) refs[ref.name] = handle ?? `new ${ref.to.spec.kind} ${id}`;
    }
    note(slotsOf(shape, it, refs), it.unit);
  }
}

/** Of objects that are looked at again and again: the same texts are found in an index sooner than new ones that say the same. */
const knownSlots = new WeakMap<
  Resource | Observed,
  { readonly shape: Shape; readonly refs: Readonly<Record<string, string>>; readonly slots: readonly string[] }
>();

function slotsOf(shape: Shape, it: Resource | Observed, refs: Readonly<Record<string, string>>): readonly string[] {
  const known = knownSlots.get(it);
  if (known?.shape === shape && shape.refs.every(({ name }) => known.refs[name] === refs[name])) return known.slots;
  const slots = shape.spec.slots?.(it.attrs, refs) ?? [];
  knownSlots.set(it, { shape, refs, slots });
  return slots;
}

/** Before fates are decided the object with the same id stands for the wanted one. */
function firstHandle(scene: Scene, wanted: Wanted | undefined): string | undefined {
  return wanted === undefined ? undefined : scene.withId(wanted.shape, wanted.it.id)?.it.handle;
}

/** By services that lose a front here and are wanted at a front elsewhere. */
function joinByServices(scene: Scene, forest: Forest): void {
  const losing = new Map<ServiceId, Set<Unit>>();
  for (const present of scene.presents) {
    if (!present.shape.front || !present.it.owned) continue;
    for (const service of lostServices(scene, present)) {
      const found = losing.get(service);
      if (found === undefined) losing.set(service, new Set([present.it.unit]));
      else found.add(present.it.unit);
    }
  }
  if (losing.size === 0) return;
  for (const { it, shape } of wantsOf(scene)) {
    if (!shape.front) continue;
    for (const service of it.serves) for (const unit of losing.get(service) ?? []) forest.join(unit, it.unit);
  }
}

function lostServices(scene: Scene, { it, shape }: Present): readonly ServiceId[] {
  const wanted = scene.want(shape, it.id);
  if (wanted === undefined) return it.serves;
  if (wanted.it.serves === it.serves) return [];
  return it.serves.filter((service) => !wanted.it.serves.includes(service));
}

function* wantsOf(scene: Scene): Iterable<Wanted> {
  for (const wants of scene.wants) yield* wants;
}

/** Union-find over unit names. */
class Forest {
  readonly #parents = new Map<Unit, Unit>();

  get size(): number {
    return this.#parents.size;
  }

  addAll(objects: readonly { readonly unit: Unit }[]): void {
    let last: Unit | undefined;
    for (const { unit } of objects) {
      // Many objects of one unit follow each other.
      if (unit !== last && !this.#parents.has(unit)) this.#parents.set(unit, unit);
      last = unit;
    }
  }

  find(unit: Unit): Unit {
    let root = unit;
    for (let up = this.#parents.get(root); up !== undefined && up !== root; up = this.#parents.get(root)) root = up;
    for (let at = unit; at !== root; ) {
      const up = this.#parents.get(at) ?? root;
      this.#parents.set(at, root);
      at = up;
    }
    return root;
  }

  join(a: Unit, b: Unit | undefined): void {
    if (b === undefined || a === b) return;
    const left = this.find(a);
    const right = this.find(b);
    if (left !== right) this.#parents.set(right, left);
  }
}
