import {
  type Handle,
  type Id,
  inStrides,
  type Observed,
  type Resource,
  type Session,
  type Sliced,
  sameJson,
} from '../model/index.ts';
import type { KindTable } from './kind-table.ts';
import { keyOf, sameSets } from './observed-cache.ts';

/**
 * What is ours of an observed state in the shape of desired resources: logical ids in place of handles.
 * Where it equals what is wanted it is the wanted object itself, so that a provider may recognise it by reference.
 */
export function* desiredShape(
  kinds: KindTable,
  observed: readonly Observed[],
  desired: readonly Resource[],
): Sliced<Parameters<NonNullable<Session['commit']>>[1]> {
  const idOf = idsOf(observed);
  const places = placesIn(desired);
  const shapes: { readonly place: number; readonly shape: Resource }[] = [];
  let inOrder = true;
  yield* inStrides(observed, (object) => {
    if (!object.owned) return;
    const place = places(object) ?? desired.length;
    const want = desired[place];
    // Without renaming, what holds the very parts of the wanted one says the same.
    const untouched =
      idOf === undefined && object.attrs === want?.attrs && object.refs === want.refs && object.sets === want.sets;
    inOrder &&= place >= (shapes.at(-1)?.place ?? 0);
    shapes.push({ place, shape: want !== undefined && untouched ? want : shapeOf(object, want, kinds, idOf) });
  });
  // In the order of what is wanted, not of its creation: the same state is the same text, whatever led to it.
  if (!inOrder) shapes.sort((a, b) => a.place - b.place);
  return shapes.map(({ shape }) => shape);
}

type IdOf = (kind: string, handle: Handle) => Id;

/** Undefined: every object's handle is its id. */
function idsOf(observed: readonly Observed[]): IdOf | undefined {
  if (observed.every(({ handle, id }) => handle === id)) return undefined;
  const ids = new Map(observed.map((object) => [keyOf(object), object.id]));
  return (kind, handle) => ids.get(keyOf({ kind, handle })) ?? handle;
}

/** How far ahead an object is looked for before everything is searched. */
const ahead = 4;

/** Where what is wanted under the id of an object stands. Mostly it follows the one before: an index is made for the first that does not. */
function placesIn(desired: readonly Resource[]): (object: Observed) => number | undefined {
  let next = 0;
  let index: Map<string, number> | undefined;
  return ({ kind, id }) => {
    for (let place = next; place < next + ahead; place++) {
      const resource = desired[place];
      if (resource?.kind !== kind || resource.id !== id) continue;
      next = place + 1;
      return place;
    }
    index ??= new Map(desired.map((resource, i) => [keyOf({ kind: resource.kind, handle: resource.id }), i]));
    const place = index.get(keyOf({ kind, handle: id }));
    if (place !== undefined) next = place + 1;
    return place;
  };
}

function shapeOf(object: Observed, want: Resource | undefined, kinds: KindTable, idOf: IdOf = (_, id) => id): Resource {
  const spec = kinds.get(object.kind);
  const refs = Object.entries(object.refs).map(([name, handle]) => {
    const to = spec?.refs[name]?.to;
    return [name, to === undefined ? handle : idOf(to, handle)] as const;
  });
  const sets = Object.entries(object.sets).map(([name, set]) => {
    const to = spec?.sets[name]?.to;
    if (to === undefined) return [name, set] as const;
    return [name, new Map([...set].map(([key, member]) => [idOf(to, key), member]))] as const;
  });
  const { kind, id, unit, serves, attrs } = object;
  const shaped = { kind, id, unit, serves, attrs, refs: Object.fromEntries(refs), sets: Object.fromEntries(sets) };
  if (want === undefined) return shaped;
  const same = sameJson(want.attrs, attrs) && sameJson(want.refs, shaped.refs) && sameSets(want.sets, shaped.sets);
  return same ? want : shaped;
}
