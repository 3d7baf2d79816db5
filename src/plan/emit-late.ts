import { anchorOf } from './gates.ts';
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
      else if (user.wanted?.kept === user) {
        // What takes its clients over first comes to its place.
        const anchor = [...anchorOf(sketch, user.wanted), ...(sketch.orders.get(user.wanted) ?? [])];
        for (const removal of removals) removal.afterAll(anchor);
      }
    }
  }
}
