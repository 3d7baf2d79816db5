import type { Handle, Id, KindSpec, Member, Observed, Resource } from '../model/index.ts';
import { type RefShape, type SetShape, type Shape, shapesOf } from './shape.ts';

/** kept: it is, or becomes, what is wanted. dead: ours and wanted no more. foreign: not ours, never touched. */
export type Fate = 'kept' | 'dead' | 'foreign';

/** Somebody who refers to an object, and by which ref or set. */
export interface Use {
  readonly user: Present;
  readonly via: RefShape | SetShape;
}

const noUses: readonly Use[] = Object.freeze([]);

/** An object that exists. */
export class Present {
  readonly it: Observed;
  readonly shape: Shape;
  fate: Fate;
  /** What is wanted under its id: the object itself where it is kept, its other generation where it is dead. */
  wanted: Wanted | undefined = undefined;
  /** The next object with the same id. */
  readonly twin: Present | undefined;
  #uses: Use[] | undefined = undefined;

  constructor(it: Observed, shape: Shape, twin: Present | undefined) {
    this.it = it;
    this.shape = shape;
    this.fate = it.owned ? 'dead' : 'foreign';
    this.twin = twin;
  }

  get uses(): readonly Use[] {
    return this.#uses ?? noUses;
  }

  addUse(use: Use): void {
    if (this.#uses === undefined) this.#uses = [use];
    else this.#uses.push(use);
  }
}

/** An object that is wanted. */
export class Wanted {
  readonly it: Resource;
  readonly shape: Shape;
  /** The object that is changed into it; without one it is created. */
  kept: Present | undefined = undefined;

  constructor(it: Resource, shape: Shape) {
    this.it = it;
    this.shape = shape;
  }
}

/** What a wanted ref or member leads to: something wanted, or a foreign object that is used as it is. */
export type Target = Wanted | Present;

interface KindIndex {
  readonly byHandle: Map<Handle, Present>;
  readonly byId: Map<Id, Present>;
  readonly wanted: Map<Id, Wanted>;
}

/** Both states, indexed. Holds no opinion: `classify` decides the fates. */
export class Scene {
  readonly shapes: readonly Shape[];
  readonly presents: Present[] = [];
  /** In the order of ranks, then as desired. */
  readonly wants: readonly (readonly Wanted[])[];
  /** Desired twice, or of a kind that nobody declared. */
  readonly misfits: Resource[] = [];
  readonly #indexes: KindIndex[] = [];

  constructor(kinds: readonly KindSpec[], desired: readonly Resource[], observed: readonly Observed[]) {
    const { shapes, byKind } = shapesOf(kinds);
    this.shapes = shapes;
    for (const _ of shapes) this.#indexes.push({ byHandle: new Map(), byId: new Map(), wanted: new Map() });
    for (const it of observed) {
      const shape = byKind.get(it.kind);
      if (shape === undefined) continue;
      const index = this.#index(shape);
      const present = new Present(it, shape, index.byId.get(it.id));
      index.byId.set(it.id, present);
      index.byHandle.set(it.handle, present);
      this.presents.push(present);
    }
    for (const present of this.presents) this.#addUses(present);
    const wants: Wanted[][] = shapes.map(() => []);
    const places = new Map(shapes.map((shape, place) => [shape, place]));
    for (const it of desired) {
      const shape = byKind.get(it.kind);
      const index = shape === undefined ? undefined : this.#index(shape);
      if (shape === undefined || index === undefined || index.wanted.has(it.id)) {
        this.misfits.push(it);
        continue;
      }
      const wanted = new Wanted(it, shape);
      index.wanted.set(it.id, wanted);
      wants[places.get(shape) ?? 0]?.push(wanted);
    }
    this.wants = wants;
  }

  find(shape: Shape, handle: Handle | undefined): Present | undefined {
    return handle === undefined ? undefined : this.#index(shape).byHandle.get(handle);
  }

  /** Objects with this id, last observed first, linked by `twin`. */
  withId(shape: Shape, id: Id): Present | undefined {
    return this.#index(shape).byId.get(id);
  }

  want(shape: Shape, id: Id): Wanted | undefined {
    return this.#index(shape).wanted.get(id);
  }

  /** What a wanted ref leads to; undefined when it is neither wanted nor foreign. */
  resolve(shape: Shape, id: Id): Target | undefined {
    const index = this.#index(shape);
    const wanted = index.wanted.get(id);
    if (wanted !== undefined) return wanted;
    const present = index.byHandle.get(id) ?? index.byId.get(id);
    return present?.it.owned === false ? present : undefined;
  }

  /** The handle that a wanted ref or member has now; undefined while the object does not exist. */
  handleOf(shape: Shape, id: Id): Handle | undefined {
    const target = this.resolve(shape, id);
    return target instanceof Wanted ? target.kept?.it.handle : target?.it.handle;
  }

  #index(shape: Shape): KindIndex {
    const index = this.#indexes[shape.index];
    if (index === undefined) throw new Error(`kind ${shape.spec.kind} is of another table`);
    return index;
  }

  #addUses(user: Present): void {
    for (const via of user.shape.refs) this.find(via.to, user.it.refs[via.name])?.addUse({ user, via });
    for (const via of user.shape.linkSets) {
      const members = user.it.sets[via.name];
      if (members === undefined || via.to === undefined) continue;
      for (const handle of members.keys()) this.find(via.to, handle)?.addUse({ user, via });
    }
  }
}

/** Whether a member takes traffic. */
export function usable(set: SetShape, member: Member): boolean {
  return member.gone !== true && (set.spec.weight === undefined || member.attrs[set.spec.weight] !== 0);
}
