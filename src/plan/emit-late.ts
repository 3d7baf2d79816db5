import type { Draft } from './draft.ts';
import { anchorOf } from './gates.ts';
import { type Present, usable } from './scene.ts';
import type { Sketch } from './sketch.ts';

/**
 * The last ready members of a set go after everybody who uses it has turned away, and where a front stays that has other targets,
 * after one of those is ready.
 */
export function emitLate(sketch: Sketch): void {
  if (sketch.rules.gap) for (const [object, removals] of sketch.emptied) sayEmptied(sketch, object, removals);
  if (!sketch.rules.lastReady) return;
  for (const [object, removals] of sketch.lastMembers) {
    for (const { user, via } of object.uses) {
      if (!via.serving || user.fate === 'foreign') continue;
      const departure = sketch.departure(user, object);
      if (departure !== undefined) for (const removal of removals) removal.after(departure);
      else if (user.wanted?.kept === user) {
        // What takes its clients over first comes to its place.
        const anchor = [...anchorOf(sketch, user.wanted), ...(sketch.orders.get(user.wanted) ?? [])];
        for (const removal of removals) removal.afterAll(anchor);
      }
    }
  }
}

/** Where somebody goes on sending to what has lost its last ready member, its services are interrupted. */
function sayEmptied(sketch: Sketch, object: Present, removals: readonly Draft[]): void {
  const asked = object.uses.some(
    ({ user, via }) => sends(user, via, object) && user.fate !== 'dead' && sketch.departure(user, object) === undefined,
  );
  if (!asked && !object.shape.front) return;
  const wanted = object.wanted?.it.serves ?? [];
  for (const service of object.it.serves) if (wanted.includes(service)) removals.at(-1)?.gap.add(service);
}

/** Whether an object sends traffic to another one now. */
function sends({ it }: Present, via: Present['uses'][number]['via'], to: Present): boolean {
  if (!via.serving) return false;
  const member = 'spec' in via ? it.sets[via.name]?.get(to.it.handle) : undefined;
  return !('spec' in via) || (member !== undefined && usable(via, member));
}
