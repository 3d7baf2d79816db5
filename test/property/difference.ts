import type { MemberSet, Observed, Resource } from '../../src/model/index.ts';
import type { Thing, World } from './world.ts';

/** Says what differs between the world and what was wanted; undefined when nothing does. Foreign things do not count. */
export function difference(world: World, desired: readonly Resource[]): string | undefined {
  const ours = [...world.things.values()].filter(({ foreign }) => !foreign);
  const byId = new Map<string, Thing>();
  for (const thing of ours) {
    const key = `${thing.kind} ${thing.id}`;
    if (byId.has(key)) return `${key} is there twice`;
    byId.set(key, thing);
  }
  if (ours.length !== desired.length) {
    const wanted = new Set(desired.map(({ kind, id }) => `${kind} ${id}`));
    const extra = [...byId.keys()].find((key) => !wanted.has(key));
    if (extra !== undefined) return `${extra} is not wanted`;
  }
  const idOf = (handle: string) => world.things.get(handle)?.id ?? handle;
  for (const resource of desired) {
    const thing = byId.get(`${resource.kind} ${resource.id}`);
    if (thing === undefined) return `${resource.kind} ${resource.id} is missing`;
    const is = print(thing.attrs, thing.refs, Object.fromEntries(thing.sets), idOf);
    const shall = print(resource.attrs, resource.refs, resource.sets, (id) => id);
    if (is !== shall) return `${resource.kind} ${resource.id} is ${is}, wanted ${shall}`;
  }
  return wrongOrder(ours, desired);
}

function print(
  { priority: _, ...attrs }: Resource['attrs'],
  refs: Resource['refs'],
  sets: Readonly<Record<string, MemberSet>>,
  idOf: (handle: string) => string,
): string {
  const members = Object.entries(sets).map(([name, set]) => [
    name,
    [...set]
      .filter(([, m]) => m.gone !== true)
      .map(([key, m]) => JSON.stringify([idOf(key), m.attrs]))
      .sort(),
  ]);
  const full = members.filter(([, list]) => list !== undefined && list.length > 0);
  const to = Object.entries(refs).map(([name, handle]) => [name, idOf(handle)]);
  return JSON.stringify([Object.entries(attrs).sort(), to.sort(), full.sort()]);
}

/** Rules of one listener are asked in the wanted order. */
function wrongOrder(ours: readonly Thing[], desired: readonly Resource[]): string | undefined {
  const priorities = new Map(
    ours.filter(({ kind }) => kind === 'Rule').map(({ id, attrs }) => [id, Number(attrs.priority)]),
  );
  const last = new Map<string, { rank: number; id: string }>();
  const rules = desired.filter(({ kind }) => kind === 'Rule');
  for (const { id, refs } of [...rules].sort((a, b) => Number(a.attrs.priority) - Number(b.attrs.priority))) {
    const listener = refs.listener ?? '';
    const before = last.get(listener);
    const rank = priorities.get(id) ?? 0;
    if (before !== undefined && before.rank >= rank) return `${before.id} is not asked before ${id}`;
    last.set(listener, { rank, id });
  }
  return undefined;
}

/** What is not ours, as text: it must never change. */
export function foreignText(world: World): string {
  return JSON.stringify(
    [...world.things.values()]
      .filter(({ foreign }) => foreign)
      .map(({ handle, attrs, refs, sets }) => [handle, attrs, refs, [...sets].map(([n, s]) => [n, [...s]])]),
  );
}

/** Objects of ours as observed, without what only time changes: for comparing `advance` with what happened. */
export function factsOf(observed: readonly Observed[]): readonly string[] {
  return observed
    .filter(({ owned }) => owned)
    .map(({ kind, handle, id, serves, attrs, refs, sets }) => {
      const members = Object.entries(sets)
        .filter(([, set]) => set.size > 0)
        .map(([name, set]) => [name, [...set].map(([key, m]) => JSON.stringify([key, m.attrs])).sort()]);
      return JSON.stringify([
        kind,
        handle,
        id,
        [...serves].sort(),
        Object.entries(attrs).sort(),
        Object.entries(refs).sort(),
        members.sort(),
      ]);
    })
    .sort();
}
