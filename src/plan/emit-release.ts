import { batches } from './emit-create.ts';
import type { Present } from './scene.ts';
import type { Sketch } from './sketch.ts';

/**
 * What is borrowed stays when it is let go, and what we put into it does not: its members are taken out first, in steps of their own. Of a
 * borrowed object that nobody wants only our members are observed. After `emitDelete`.
 */
export function emitRelease(sketch: Sketch, present: Present): void {
  const { it, shape } = present;
  const release = sketch.deletes.get(present);
  if (release === undefined || release.refused !== undefined || shape.spec.borrowed?.(it) !== true) return;
  for (const set of shape.plainSets) {
    if (!set.serving) continue;
    const members = [...(it.sets[set.name]?.keys() ?? [])].map((key) => [key, null] as const);
    const before = [...release.hard];
    for (const part of batches(sketch, set, members)) {
      const removal = sketch.draft('remove', present, release.why, { set: set.name, members: part }).afterAll(before);
      release.after(removal);
    }
  }
}
