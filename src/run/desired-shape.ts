import { type Handle, type Id, type Observed, type Resource, type Session, sameJson } from '../model/index.ts';
import type { KindTable } from './kind-table.ts';
import { keyOf, sameSets } from './observed-cache.ts';

/**
 * What is ours of an observed state in the shape of desired resources: logical ids in place of handles.
 * Where it equals what is wanted it is the wanted object itself, so that a provider may recognise it by reference.
 */
export function desiredShape(
  kinds: KindTable,
  observed: readonly Observed[],
  desired: readonly Resource[],
): Parameters<NonNullable<Session['commit']>>[1] {
  const idOf = idsOf(observed);
  const wantFor = seeker(desired);
  const shapes: Resource[] = [];
  for (const [i, object] of observed.entries()) {
    if (!object.owned) continue;
    const want = wantFor(object, i);
    // Without renaming, what holds the very parts of the wanted one says the same.
    const untouched =
      idOf === undefined && object.attrs === want?.attrs && object.refs === want.refs && object.sets === want.sets;
    shapes.push(want !== undefined && untouched ? want : shapeOf(object, want, kinds, idOf));
  }
  return shapes;
}

type IdOf = (kind: string, handle: Handle) => Id;

/** Undefined: every object's handle is its id. */
function idsOf(observed: readonly Observed[]): IdOf | undefined {
  if (observed.every(({ handle, id }) => handle === id)) return undefined;
  const ids = new Map(observed.map((object) => [keyOf(object), object.id]));
  return (kind, handle) => ids.get(keyOf({ kind, handle })) ?? handle;
}

/** What is wanted under the id of an object. Mostly it stands at the same place: the index is made for the first that does not. */
function seeker(desired: readonly Resource[]): (object: Observed, place: number) => Resource | undefined {
  let index: Map<string, Resource> | undefined;
  return ({ kind, id }, place) => {
    const neighbour = desired[place];
    if (neighbour?.kind === kind && neighbour.id === id) return neighbour;
    index ??= new Map(desired.map((resource) => [keyOf({ kind: resource.kind, handle: resource.id }), resource]));
    return index.get(keyOf({ kind, handle: id }));
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
