import { type Draft, labelOf } from './draft.ts';
import { waitFor } from './gates.ts';
import type { Present, Scene } from './scene.ts';
import type { Sketch } from './sketch.ts';

/** A front that is told to have connections to something that it no longer sends traffic to, and by which ref or set it did. */
interface Drain {
  readonly front: Present;
  readonly name: string;
}

export type Drains = ReadonlyMap<Present, readonly Drain[]>;

/** Connections that outlive a turn: a plan made after it must still wait for them. */
export function drainsOf(scene: Scene): Drains {
  const found = new Map<Present, Drain[]>();
  for (const front of scene.presents) {
    if (!front.shape.serving || front.it.health === undefined || front.fate === 'foreign') continue;
    for (const { name, to, serving } of [...front.shape.refs, ...front.shape.linkSets]) {
      if (!serving || to === undefined) continue;
      for (const [handle, health] of front.it.health[name] ?? []) {
        const left = health === 'draining' ? scene.find(to, handle) : undefined;
        if (left === undefined || left.uses.some(({ user, via }) => user === front && via.name === name)) continue;
        const list = found.get(left);
        if (list === undefined) found.set(left, [{ front, name }]);
        else list.push({ front, name });
      }
    }
  }
  return found;
}

/** Drafts the delete of something dead: after everybody who refers to it has turned away or gone. */
export function emitDelete(sketch: Sketch, present: Present, drains: Drains): void {
  const draft = sketch.draft('delete', present, reason(sketch, present));
  sketch.deletes.set(present, draft);
  refuseUnknown(sketch, present, draft);
  refuseGuarded(sketch.scene, present, draft);
  if (sketch.rules.drained) {
    for (const { front, name } of drains.get(present) ?? []) {
      // One that goes itself ends its connections with it, and not before.
      if (front.fate === 'dead') {
        draft.after(sketch.deletes.get(front));
        continue;
      }
      const members = [present.it.handle];
      draft.after(
        waitFor(sketch, front, 'its connections may end first', { what: 'drained', set: name, members, min: 1 }),
      );
    }
  }
  if (!sketch.rules.usersFirst) return;
  for (const { user } of present.uses) {
    if (user.fate === 'foreign') {
      // What is only let go stays for them.
      if (present.shape.spec.borrowed?.(present.it) !== true) draft.refuse('in use', labelOf(user));
    } else {
      const departure = sketch.departure(user, present);
      if (departure === undefined) draft.refuse('in use', labelOf(user));
      else draft.after(departure);
    }
  }
}

/**
 * While it is not known what a service wants, nothing is deleted that serves it, but for a generation whose successor serves it too.
 */
function refuseUnknown(sketch: Sketch, present: Present, draft: Draft): void {
  const { it, wanted } = present;
  const lost = it.serves.filter((service) => wanted === undefined || !wanted.it.serves.includes(service));
  const unknown = sketch.unknownAt(present, lost);
  if (unknown !== undefined) draft.refuse('incomplete', unknown);
}

/** What stays for its guard keeps what hangs at it: alone it would be of no use to anybody. */
function refuseGuarded(scene: Scene, present: Present, draft: Draft): void {
  const found = guardOf(scene, present);
  if (found !== undefined) draft.refuse('guarded', `${labelOf(found.object)}: ${found.guard}`);
}

function guardOf(scene: Scene, present: Present): { readonly object: Present; readonly guard: string } | undefined {
  if (present.fate !== 'dead') return undefined;
  const { it, shape } = present;
  const guard = shape.spec.guarded?.(it);
  if (guard !== undefined) return { object: present, guard };
  for (const { name, to, serving } of shape.refs) {
    const parent = serving ? undefined : scene.find(to, it.refs[name]);
    const found = parent === undefined ? undefined : guardOf(scene, parent);
    if (found !== undefined) return found;
  }
  return undefined;
}

function reason({ sacrifices }: Sketch, present: Present): string {
  if (sacrifices.early.has(present)) return 'must make room for what takes its name or place';
  if (present.wanted === undefined) return 'is no longer wanted';
  return present.wanted.kept === undefined ? 'a new one takes its place' : 'another one has taken its place';
}
