import { gateOn, unreadyBehind } from './gates.ts';
import { readyBehind, refersTo, servedBy } from './health.ts';
import type { Present } from './scene.ts';
import type { Sketch } from './sketch.ts';

/**
 * The last ready members of a set go after everybody who uses it has turned away, and where a front stays that has other targets,
 * after one of those is ready.
 */
export function emitLate(sketch: Sketch): void {
  if (!sketch.rules.lastReady) return;
  for (const [object, removals] of sketch.lastMembers) {
    for (const { user, via } of object.uses) {
      if (!via.serving || user.fate === 'foreign') continue;
      const departure = sketch.departure(user, object);
      if (departure !== undefined) for (const removal of removals) removal.after(departure);
      else for (const removal of removals) removal.afterAll(othersReady(sketch, user, object));
    }
  }
}

function othersReady(sketch: Sketch, user: Present, object: Present) {
  const front = user.wanted;
  if (front === undefined || front.kept !== user) return [];
  const others = servedBy(sketch.scene, front).filter((target) => target.kept !== object);
  if (others.some(({ kept }) => kept !== undefined && user.fate === 'kept' && serves(sketch, user, kept))) return [];
  for (const target of others) {
    const entry = sketch.entries.get(front)?.get(target);
    const [carrier] = unreadyBehind(sketch, target, 1);
    if (carrier !== undefined) return [gateOn(sketch, carrier, 1, entry), ...(sketch.turns.get(front) ?? [])];
  }
  return [];
}

/** Whether a front sends traffic to a thing that is ready now and goes on doing so. */
function serves(sketch: Sketch, user: Present, thing: Present): boolean {
  const front = user.wanted;
  const wanted = thing.wanted;
  if (front === undefined || wanted === undefined || readyBehind(sketch.scene, thing) === 0) return false;
  return thing.uses.some((use) => use.user === user && refersTo(sketch.scene, front, use.via.name, wanted));
}
