import { type Attrs, type Json, type MemberSet, sameJson } from '../model/index.ts';
import type { Rules } from './rules.ts';
import type { Scene, Wanted } from './scene.ts';
import type { SetShape, Shape } from './shape.ts';

/**
 * Whether two attribute lists say the same, by reference first. `except`: an attribute that does not count; `sticky`: those that count
 * only where `a` has them.
 */
export function sameAttrs(
  a: Attrs,
  b: Attrs,
  rules: Rules,
  except?: string,
  sticky?: (attr: string) => boolean,
): boolean {
  if (a === b) return true;
  let count = 0;
  for (const name in a) {
    const value = a[name];
    if (value === undefined || name === except) continue;
    count++;
    if (value !== b[name] && !sameValue(value, b[name], rules)) return false;
  }
  for (const name in b) {
    if (b[name] === undefined || name === except) continue;
    if (a[name] !== undefined || sticky?.(name) !== true) count--;
  }
  return count === 0;
}

export function sameValue(a: Json | undefined, b: Json | undefined, rules: Rules): boolean {
  if (a === b) return true;
  // Shallow: the mutant that a deep comparison guards against.
  return rules.deep ? sameJson(a, b) : false;
}

/** Whether the object that is kept for `wanted` needs no change at all. */
export function unchanged(scene: Scene, wanted: Wanted, rules: Rules): boolean {
  const now = wanted.kept?.it;
  if (now === undefined) return false;
  const { it, shape } = wanted;
  const { order, sticky } = shape.spec;
  if (it.attrs !== now.attrs && !sameAttrs(it.attrs, now.attrs, rules, order?.attr, sticky)) return false;
  for (const ref of shape.refs) if (!sameRef(scene, wanted, ref)) return false;
  for (const set of shape.plainSets) if (!samePlain(it.sets[set.name], now.sets[set.name], rules)) return false;
  for (const set of shape.linkSets)
    if (!sameLinks(scene, set, it.sets[set.name], now.sets[set.name], rules)) return false;
  return true;
}

/** Whether a ref of a kept object leads to what is wanted. */
export function sameRef(scene: Scene, wanted: Wanted, ref: { readonly name: string; readonly to: Shape }): boolean {
  const id = wanted.it.refs[ref.name];
  const handle = wanted.kept?.it.refs[ref.name];
  if (id === undefined || handle === undefined) return id === handle;
  return scene.handleOf(ref.to, id) === handle;
}

function samePlain(want: MemberSet | undefined, now: MemberSet | undefined, rules: Rules): boolean {
  if (want === now) return true;
  if (want === undefined) return now?.size === 0;
  let count = now?.size ?? 0;
  for (const [key, member] of want) {
    const other = now?.get(key);
    if (member.gone === true) {
      if (other !== undefined) return false;
      continue;
    }
    if (other === undefined) return false;
    if (member !== other && member.attrs !== other.attrs && !sameAttrs(member.attrs, other.attrs, rules)) return false;
    count--;
  }
  return count === 0;
}

function sameLinks(
  scene: Scene,
  { to }: SetShape,
  want: MemberSet | undefined,
  now: MemberSet | undefined,
  rules: Rules,
): boolean {
  if (to === undefined || (want === undefined && now === undefined)) return true;
  let count = now?.size ?? 0;
  for (const [id, member] of want ?? []) {
    const handle = scene.handleOf(to, id);
    const other = handle === undefined ? undefined : now?.get(handle);
    if (other === undefined || !sameAttrs(member.attrs, other.attrs, rules)) return false;
    count--;
  }
  return count === 0;
}
