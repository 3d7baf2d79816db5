import type { Id, KindSpec, Observed, Resource } from '../model/index.ts';
import { sameAttrs } from './compare.ts';
import { allRules } from './rules.ts';
import { type Shape, shapesOf } from './shape.ts';

/**
 * True only when there is nothing to plan, found without an index over both states: the same objects in the same order, all ours, under
 * handles that are their ids. False says nothing. Most plans are asked for to learn that nothing is left to do.
 */
export function settled(
  kinds: readonly KindSpec[],
  desired: readonly Resource[],
  observed: readonly Observed[],
): boolean {
  if (desired.length !== observed.length || kinds.some(({ order }) => order !== undefined)) return false;
  for (const [i, it] of desired.entries()) {
    const now = observed[i];
    if (now === undefined || !sameObject(it, now)) return false;
  }
  return wellFormed(kinds, desired);
}

function sameObject(it: Resource, now: Observed): boolean {
  return (
    it.kind === now.kind &&
    it.id === now.id &&
    now.handle === now.id &&
    now.owned &&
    sameAttrs(it.attrs, now.attrs, allRules) &&
    sameParts(it.refs, now.refs) &&
    // Sets that were made anew may say the same: that is for the planner to compare.
    sameParts(it.sets, now.sets)
  );
}

function sameParts<T>(a: Readonly<Record<string, T>>, b: Readonly<Record<string, T>>): boolean {
  if (a === b) return true;
  for (const name in a) if (a[name] !== b[name]) return false;
  for (const name in b) if (a[name] !== b[name]) return false;
  return true;
}

const formed = new WeakMap<readonly Resource[], readonly KindSpec[]>();

/** Every object is of a known kind, wanted once, and refers to nothing but wanted objects. Asked several times for the same list. */
function wellFormed(kinds: readonly KindSpec[], desired: readonly Resource[]): boolean {
  if (formed.get(desired) === kinds) return true;
  const good = isWellFormed(kinds, desired);
  if (good) formed.set(desired, kinds);
  return good;
}

function isWellFormed(kinds: readonly KindSpec[], desired: readonly Resource[]): boolean {
  const { byKind } = shapesOf(kinds);
  const ids = new Map<Shape, Set<Id>>();
  for (const shape of byKind.values()) ids.set(shape, new Set());
  const has = (shape: Shape | undefined, id: Id) => shape !== undefined && ids.get(shape)?.has(id) === true;
  for (const { kind, id } of desired) {
    const shape = byKind.get(kind);
    if (shape === undefined || has(shape, id)) return false;
    ids.get(shape)?.add(id);
  }
  return desired.every(({ kind, refs, sets }) => {
    const shape = byKind.get(kind);
    for (const { name, to } of shape?.refs ?? []) {
      const id = refs[name];
      if (id !== undefined && !has(to, id)) return false;
    }
    for (const { name, to } of shape?.linkSets ?? []) {
      for (const id of sets[name]?.keys() ?? []) if (!has(to, id)) return false;
    }
    return true;
  });
}
