import type { Handle } from '../model/index.ts';
import { sameRef, sameValue } from './compare.ts';
import type { Rules } from './rules.ts';
import type { Present, Scene, Use, Wanted } from './scene.ts';
import type { Shape } from './shape.ts';

/**
 * Decides what is kept and what is dead: for each wanted id the owned object whose immutable fields fit and whose users sit in
 * the wanted scope; preferably one that is in use. `condemned` are dead whatever they look like.
 */
export function classify(scene: Scene, rules: Rules, condemned: ReadonlySet<Present>): void {
  const banned = new Set(condemned);
  for (;;) {
    choose(scene, rules, banned);
    const misplaced = rules.per ? outOfScope(scene) : [];
    if (misplaced.length === 0) return;
    for (const present of misplaced) banned.add(present);
  }
}

function choose(scene: Scene, rules: Rules, banned: ReadonlySet<Present>): void {
  for (const present of scene.presents) {
    present.wanted = scene.want(present.shape, present.it.id);
    present.fate = present.it.owned || !rules.ownership ? 'dead' : 'foreign';
  }
  for (const wants of scene.wants) {
    for (const wanted of wants) {
      wanted.kept = undefined;
      let best: Present | undefined;
      for (let one = scene.withId(wanted.shape, wanted.it.id); one !== undefined; one = one.twin) {
        if (one.fate === 'foreign' || (banned.size > 0 && banned.has(one)) || !fits(scene, wanted, one, rules))
          continue;
        if (best === undefined || (best.uses.length === 0 && one.uses.length > 0)) best = one;
      }
      wanted.kept = best;
      if (best !== undefined) best.fate = 'kept';
    }
  }
}

/** Whether everything that cannot change in place is as wanted. What it refers to has been chosen before: kinds come by rank. */
function fits(scene: Scene, wanted: Wanted, present: Present, rules: Rules): boolean {
  if (!rules.fits || wanted.shape.immutable.size === 0) return true;
  const { attrs } = present.it;
  wanted.kept = present;
  for (const name of wanted.shape.immutable) {
    const ref = wanted.shape.spec.refs[name] === undefined ? undefined : wanted.shape.refs.find((r) => r.name === name);
    if (ref === undefined) {
      if (!sameValue(wanted.it.attrs[name], attrs[name], rules)) return false;
    } else if (!sameRef(scene, wanted, ref)) return false;
  }
  return true;
}

/** Kept objects whose users sit elsewhere than the wanted ones: a target group belongs to one load balancer. */
function outOfScope(scene: Scene): readonly Present[] {
  const suspects = new Map<Wanted, Set<Handle>>();
  eachScope(scene, (used, scope) => {
    if (used.kept?.uses.some((use) => sitsElsewhere(scene, use, used.shape, scope)) === true)
      suspects.set(used, new Set());
  });
  if (suspects.size === 0) return [];
  // Seldom: all scopes of these few.
  eachScope(scene, (used, scope) => {
    if (scope !== undefined) suspects.get(used)?.add(scope);
  });
  const found: Present[] = [];
  for (const [{ kept, shape }, scopes] of suspects) {
    const elsewhere = (use: Use): boolean => {
      const scope = presentScope(scene, use, shape.per);
      return scope !== undefined && !scopes.has(scope);
    };
    if (kept?.uses.some(elsewhere) === true) found.push(kept);
  }
  return found;
}

function sitsElsewhere(scene: Scene, use: Use, { per }: Shape, wanted: Handle | undefined): boolean {
  const scope = presentScope(scene, use, per);
  return scope !== undefined && scope !== wanted;
}

/** Where a user sits: the end of the path, skipping refs that its kind does not have. */
function presentScope(scene: Scene, { user }: Use, path: readonly string[]): Handle | undefined {
  let at: Present = user;
  let handle: Handle | undefined;
  for (const name of path) {
    const ref = at.shape.refs.find((r) => r.name === name);
    if (ref === undefined) continue;
    handle = at.it.refs[name];
    const next = scene.find(ref.to, handle);
    if (next === undefined) break;
    at = next;
  }
  return handle;
}

/** Calls back with every wanted use of an object of a kind with scopes, and the handle of the user's scope where that exists. */
function eachScope(scene: Scene, call: (used: Wanted, scope: Handle | undefined) => void): void {
  for (const wants of scene.wants) {
    const shape = wants[0]?.shape;
    if (shape === undefined) continue;
    for (const { name, to } of [...shape.refs, ...shape.linkSets]) {
      if (to === undefined || to.per.length === 0) continue;
      const one = (user: Wanted, id: string): void => {
        const used = scene.want(to, id);
        if (used !== undefined) call(used, wantedScope(scene, user, to));
      };
      for (const user of wants) {
        const id = user.it.refs[name];
        if (id !== undefined) one(user, id);
        else for (const member of user.it.sets[name]?.keys() ?? []) one(user, member);
      }
    }
  }
}

function wantedScope(scene: Scene, user: Wanted, { per }: Shape): Handle | undefined {
  let at = user;
  let handle: Handle | undefined;
  for (const name of per) {
    const ref = at.shape.refs.find((r) => r.name === name);
    const id = ref === undefined ? undefined : at.it.refs[name];
    if (ref === undefined || id === undefined) continue;
    handle = scene.handleOf(ref.to, id);
    const next = scene.want(ref.to, id);
    if (next === undefined) break;
    at = next;
  }
  return handle;
}
