import type { FieldPath } from '../../model/located.ts';

/** An object without some of its fields. */
export interface Pruned {
  readonly object: unknown;
  /** Where a field of what is left stands in the whole: elements behind one that was left out have moved. */
  original(path: FieldPath): FieldPath;
}

interface Cut {
  whole: boolean;
  readonly inner: Map<string | number, Cut>;
}

/** Leaves out what stands at the paths. The object itself is not changed; what has no cut inside is shared with it. */
export function prune(object: unknown, paths: readonly FieldPath[]): Pruned {
  const root: Cut = { whole: false, inner: new Map() };
  for (const path of paths) {
    let at = root;
    for (const key of path) {
      const next = at.inner.get(key) ?? { whole: false, inner: new Map() };
      at.inner.set(key, next);
      at = next;
    }
    at.whole = true;
  }
  return { object: without(object, root), original: (path) => originalOf(path, root) };
}

function without(value: unknown, cut: Cut | undefined): unknown {
  if (cut === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, i) => (cut.inner.get(i)?.whole ? [] : [without(item, cut.inner.get(i))]));
  }
  const kept = Object.entries(value).filter(([key]) => cut.inner.get(key)?.whole !== true);
  return Object.fromEntries(kept.map(([key, item]) => [key, without(item, cut.inner.get(key))]));
}

function originalOf(path: FieldPath, root: Cut): FieldPath {
  let cut: Cut | undefined = root;
  return path.map((key) => {
    const before: string | number = typeof key === 'number' && cut !== undefined ? indexBefore(key, cut) : key;
    cut = cut?.inner.get(before);
    return before;
  });
}

function indexBefore(index: number, { inner }: Cut): number {
  let before = index;
  const gone = [...inner].flatMap(([key, { whole }]) => (whole && typeof key === 'number' ? [key] : []));
  for (const at of gone.sort((a, b) => a - b)) if (at <= before) before++;
  return before;
}
