import { type Draft, labelOf } from './draft.ts';
import type { Present } from './scene.ts';
import type { Sketch } from './sketch.ts';

/** Drafts the delete of something dead: after everybody who refers to it has turned away or gone. */
export function emitDelete(sketch: Sketch, present: Present): void {
  const draft = sketch.draft('delete', present, reason(sketch, present));
  sketch.deletes.set(present, draft);
  refuseUnknown(sketch, present, draft);
  if (!sketch.rules.usersFirst) return;
  for (const { user } of present.uses) {
    if (user.fate === 'foreign') draft.refuse('in use', labelOf(user));
    else {
      const departure = sketch.departure(user, present);
      if (departure === undefined) draft.refuse('in use', labelOf(user));
      else draft.after(departure);
    }
  }
}

/**
 * While it is not known what a service wants, nothing is deleted that serves it, but for a generation whose successor serves it too.
 */
function refuseUnknown(sketch: Sketch, { it, wanted }: Present, draft: Draft): void {
  const lost = it.serves.filter((service) => wanted === undefined || !wanted.it.serves.includes(service));
  const unknown = sketch.incomplete(lost);
  if (unknown !== undefined) draft.refuse('incomplete', unknown);
}

function reason({ sacrifices }: Sketch, present: Present): string {
  if (sacrifices.early.has(present)) return 'must make room for what takes its name or place';
  if (present.wanted === undefined) return 'is wanted no more';
  return present.wanted.kept === undefined ? 'a new one takes its place' : 'another one has taken its place';
}
