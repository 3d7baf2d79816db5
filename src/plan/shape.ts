import type { KindSpec, RefSpec, SetSpec } from '../model/index.ts';

/** A ref of a kind to another kind. */
export interface RefShape {
  readonly name: string;
  readonly to: Shape;
  readonly serving: boolean;
}

/** A set of a kind; `to` when its members are objects of another kind. */
export interface SetShape {
  readonly name: string;
  readonly spec: SetSpec;
  readonly to: Shape | undefined;
  readonly serving: boolean;
}

/** A KindSpec with its names resolved: what the planner asks over and over. */
export interface Shape {
  readonly spec: KindSpec;
  /** Place in the table. */
  readonly index: number;
  /** Kinds that are referred to have lower ranks than those that refer to them. */
  readonly rank: number;
  readonly refs: readonly RefShape[];
  /** Sets of plain members. */
  readonly plainSets: readonly SetShape[];
  /** Sets whose members are objects. */
  readonly linkSets: readonly SetShape[];
  readonly immutable: ReadonlySet<string>;
  /** Clients know it by a place of its own. */
  readonly front: boolean;
  /** Traffic ends at members of its own. */
  readonly carrier: boolean;
  /** Traffic goes on to other objects. */
  readonly serving: boolean;
  readonly per: readonly string[];
}

export interface ShapeTable {
  /** In the order of ranks. */
  readonly shapes: readonly Shape[];
  readonly byKind: ReadonlyMap<string, Shape>;
}

const known = new WeakMap<readonly KindSpec[], ShapeTable>();

/** The shapes of these kinds; the same table for the same array. Throws when kinds refer to unknown kinds or in a circle. */
export function shapesOf(kinds: readonly KindSpec[]): ShapeTable {
  const table = known.get(kinds) ?? resolve(kinds);
  known.set(kinds, table);
  return table;
}

function resolve(kinds: readonly KindSpec[]): ShapeTable {
  const specs = new Map(kinds.map((spec) => [spec.kind, spec]));
  const done = new Map<string, Shape>();
  const path: string[] = [];
  const visit = (kind: string, from: string): Shape => {
    const ready = done.get(kind);
    if (ready !== undefined) return ready;
    const spec = specs.get(kind);
    if (spec === undefined) throw new Error(`kind ${from} refers to kind ${kind}, which is not declared`);
    if (path.includes(kind)) throw new Error(`kinds refer to each other in a circle: ${[...path, kind].join(' → ')}`);
    path.push(kind);
    const refs = Object.entries(spec.refs).map(([name, ref]) => refShape(name, ref, visit(ref.to, kind)));
    const sets = Object.entries(spec.sets).map(([name, set]) =>
      setShape(name, set, set.to === undefined ? undefined : visit(set.to, kind)),
    );
    path.pop();
    const shape = shapeOf(spec, done.size, refs, sets);
    done.set(kind, shape);
    return shape;
  };
  for (const { kind } of kinds) visit(kind, kind);
  const shapes = [...done.values()];
  return { shapes: shapes.sort((a, b) => a.rank - b.rank || a.index - b.index), byKind: done };
}

function refShape(name: string, spec: RefSpec, to: Shape): RefShape {
  return { name, to, serving: spec.serving === true };
}

function setShape(name: string, spec: SetSpec, to: Shape | undefined): SetShape {
  return { name, spec, to, serving: spec.serving === true };
}

function shapeOf(spec: KindSpec, index: number, refs: readonly RefShape[], sets: readonly SetShape[]): Shape {
  const linkSets = sets.filter((set) => set.to !== undefined);
  const below = [...refs.map((ref) => ref.to.rank), ...linkSets.map((set) => set.to?.rank ?? 0)];
  const plainSets = sets.filter((set) => set.to === undefined);
  return {
    spec,
    index,
    rank: 1 + Math.max(-1, ...below),
    refs,
    plainSets,
    linkSets,
    immutable: new Set(spec.immutable),
    front: spec.frontKey !== undefined,
    carrier: plainSets.some((set) => set.serving),
    serving: refs.some((ref) => ref.serving) || linkSets.some((set) => set.serving),
    per: spec.per === undefined ? [] : spec.per.split('.'),
  };
}
