import type { Id, KindSpec, Observed, Resource } from '../model/index.ts';
import { sameItems } from '../model/remade.ts';
import { sameAttrs } from './compare.ts';
import { allRules } from './rules.ts';
import { type Shape, shapesOf } from './shape.ts';

/** A part of both states whose plan is the plan of the whole. */
export interface Part {
  readonly desired: readonly Resource[];
  readonly observed: readonly Observed[];
}

const nothing: Part = { desired: [], observed: [] };

/**
 * The part that a plan is about, found without an index over what is observed: where both states have the same objects in the same
 * order, all ours, under handles that are their ids, and nothing differs but members of plain sets. It is what has such members, who
 * refers to it, and everything that those refer to: no rule looks further. Empty: there is nothing to plan. Undefined says nothing.
 */
export function narrow(
  kinds: readonly KindSpec[],
  desired: readonly Resource[],
  observed: readonly Observed[],
): Part | undefined {
  if (desired.length !== observed.length || kinds.some(({ order }) => order !== undefined)) return undefined;
  const { byKind } = shapesOf(kinds);
  const changed: Resource[] = [];
  for (const [i, it] of desired.entries()) {
    const now = observed[i];
    if (now === undefined || !sameObject(it, now)) return undefined;
    if (sameParts(it.sets, now.sets)) continue;
    if (!sameButMembers(byKind.get(it.kind), it, now)) return undefined;
    changed.push(it);
  }
  const index = indexed(kinds, desired);
  if (index === undefined) return undefined;
  return changed.length === 0 ? nothing : pick(around(changed, desired, byKind, index), desired, observed);
}

function sameObject(it: Resource, now: Observed): boolean {
  return (
    it.kind === now.kind &&
    it.id === now.id &&
    now.handle === now.id &&
    now.owned &&
    sameAttrs(it.attrs, now.attrs, allRules) &&
    sameParts(it.refs, now.refs)
  );
}

function sameParts<T>(a: Readonly<Record<string, T>>, b: Readonly<Record<string, T>>): boolean {
  if (a === b) return true;
  for (const name in a) if (a[name] !== b[name]) return false;
  for (const name in b) if (a[name] !== b[name]) return false;
  return true;
}

/** Whom it serves, and what it sends traffic to, is the same. */
function sameButMembers(shape: Shape | undefined, it: Resource, now: Observed): boolean {
  return (
    shape !== undefined &&
    sameItems(it.serves, now.serves) &&
    shape.linkSets.every(({ name }) => it.sets[name] === now.sets[name])
  );
}

/** Where each object stands, by kind and id. */
type Index = ReadonlyMap<Shape, ReadonlyMap<Id, number>>;

const known = new WeakMap<readonly Resource[], { readonly kinds: readonly KindSpec[]; readonly index: Index }>();

/** Undefined unless every object is of a known kind, wanted once, and refers to nothing but wanted objects. Asked several times for one list. */
function indexed(kinds: readonly KindSpec[], desired: readonly Resource[]): Index | undefined {
  const memo = known.get(desired);
  if (memo?.kinds === kinds) return memo.index;
  const { byKind } = shapesOf(kinds);
  const index = new Map<Shape, Map<Id, number>>();
  for (const shape of byKind.values()) index.set(shape, new Map());
  for (const [place, { kind, id }] of desired.entries()) {
    const shape = byKind.get(kind);
    const places = shape === undefined ? undefined : index.get(shape);
    if (places === undefined || places.has(id)) return undefined;
    places.set(id, place);
  }
  const isUnknown = (to: Shape, id: Id): boolean => index.get(to)?.has(id) !== true;
  for (const it of desired) if (refers(byKind.get(it.kind), it, isUnknown)) return undefined;
  known.set(desired, { kinds, index });
  return index;
}

/** Whether an object refers, by a ref or by a member, to something that passes. */
function refers(shape: Shape | undefined, { refs, sets }: Resource, passes: (to: Shape, id: Id) => boolean): boolean {
  if (shape === undefined) return false;
  for (const { name, to } of shape.refs) {
    const id = refs[name];
    if (id !== undefined && passes(to, id)) return true;
  }
  for (const { name, to } of shape.linkSets) {
    for (const id of sets[name]?.keys() ?? []) if (to !== undefined && passes(to, id)) return true;
  }
  return false;
}

function around(
  changed: readonly Resource[],
  desired: readonly Resource[],
  byKind: ReadonlyMap<string, Shape>,
  index: Index,
): ReadonlySet<number> {
  const moved = new Map<Shape | undefined, Set<Id>>();
  for (const { kind, id } of changed) {
    const shape = byKind.get(kind);
    const ids = moved.get(shape) ?? new Set();
    moved.set(shape, ids.add(id));
  }
  const isMoved = (to: Shape, id: Id): boolean => moved.get(to)?.has(id) === true;
  const queue = [...changed, ...desired.filter((it) => refers(byKind.get(it.kind), it, isMoved))];
  const places = new Set<number>();
  for (let it = queue.pop(); it !== undefined; it = queue.pop()) {
    const shape = byKind.get(it.kind);
    const place = shape === undefined ? undefined : index.get(shape)?.get(it.id);
    if (place === undefined || places.has(place)) continue;
    places.add(place);
    refers(shape, it, (to, id) => {
      const next = desired[index.get(to)?.get(id) ?? -1];
      if (next !== undefined) queue.push(next);
      return false;
    });
  }
  return places;
}

function pick(places: ReadonlySet<number>, desired: readonly Resource[], observed: readonly Observed[]): Part {
  const inOrder = [...places].sort((a, b) => a - b);
  return {
    desired: inOrder.flatMap((place) => desired[place] ?? []),
    observed: inOrder.flatMap((place) => observed[place] ?? []),
  };
}
