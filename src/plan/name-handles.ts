import type { Handle, HandleRef, Id, Observed, Step } from '../model/index.ts';

/** Handle → id of the observed objects that steps name by their handle, where the two differ: for people, who know no handles. */
export function nameHandles(steps: readonly Step[], observed: readonly Observed[]): Readonly<Record<Handle, Id>> {
  if (steps.length === 0) return {};
  const said = new Set<Handle>();
  const say = (ref: HandleRef | null | undefined) => {
    if (typeof ref === 'string') said.add(ref);
  };
  for (const { refs = {}, members = [], sets = {}, ranks = [], was } of steps) {
    for (const ref of Object.values(refs)) say(ref);
    for (const ref of Object.values(was?.refs ?? {})) say(ref);
    for (const [ref] of members) say(ref);
    for (const list of Object.values(sets)) for (const [ref] of list) say(ref);
    for (const [ref] of ranks) say(ref);
  }
  const named = observed.filter(({ handle, id }) => handle !== id && said.has(handle));
  return Object.fromEntries(named.map(({ handle, id }) => [handle, id]));
}
