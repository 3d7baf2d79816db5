import { type Observed, type Resource, type Session, sameJson } from '../model/index.ts';
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
  const ids = new Map(observed.map((object) => [keyOf(object), object.id]));
  const idOf = (kind: string, handle: string) => ids.get(keyOf({ kind, handle })) ?? handle;
  const wanted = new Map(desired.map((resource) => [keyOf({ kind: resource.kind, handle: resource.id }), resource]));
  return observed
    .filter((object) => object.owned)
    .map((object): Resource => {
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
      const want = wanted.get(keyOf({ kind, handle: id }));
      if (want === undefined) return shaped;
      const same = sameJson(want.attrs, attrs) && sameJson(want.refs, shaped.refs) && sameSets(want.sets, shaped.sets);
      return same ? want : shaped;
    });
}
