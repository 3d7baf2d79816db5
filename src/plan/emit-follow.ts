import { sameJson } from '../model/index.ts';
import type { Draft } from './draft.ts';
import { diffSet, SetEmitter } from './emit-plain-set.ts';
import type { Present, Wanted } from './scene.ts';
import type { SetShape } from './shape.ts';
import type { Sketch } from './sketch.ts';

/**
 * A condemned generation that serves until a gate opens, or until a refusal is lifted, follows the wanted members of its id: a rollout
 * meanwhile must not empty it. Only what costs no ready member, and nothing waits for it but the delete.
 */
export function emitFollow(sketch: Sketch, dead: readonly Present[]): void {
  if (!sketch.rules.follow || sketch.options.policy === 'create-only') return;
  const known = new Map<Draft, boolean>();
  for (const present of dead) {
    const { wanted, shape } = present;
    if (wanted === undefined || !shape.carrier) continue;
    if (!present.uses.some(({ user, via }) => via.serving && leavesLate(sketch, user, present, known))) continue;
    const gone = sketch.deletes.get(present);
    for (const set of shape.plainSets) {
      if (set.serving && fits(set, present, wanted))
        for (const draft of followSet(sketch, present, wanted, set)) gone?.after(draft);
    }
  }
}

/** Whether the old generation can hold what the new one wants: a group of instances takes no addresses. */
function fits({ spec }: SetShape, present: Present, wanted: Wanted): boolean {
  return (spec.fits ?? []).every((name) => sameJson(wanted.it.attrs[name], present.it.attrs[name]));
}

function followSet(sketch: Sketch, present: Present, wanted: Wanted, set: SetShape): readonly Draft[] {
  const diff = diffSet(sketch, set, present, wanted);
  // What has nothing ready has nothing to keep.
  if (diff.ready === 0) return [];
  const why = 'follows the wanted members while it still serves';
  const emit = new SetEmitter(sketch, wanted, present, set);
  const leaving = [...diff.idle, ...diff.active].filter(([, member]) => member === null);
  const room = (set.spec.max ?? Number.POSITIVE_INFINITY) - (present.it.sets[set.name]?.size ?? 0);
  // A full set: half of the ready ones make room for those that come.
  const spare = diff.staying > 0 ? leaving.length : diff.idle.length + Math.floor(diff.ready / 2);
  const making = leaving.slice(0, Math.max(0, Math.min(spare, diff.adds.length - room)));
  const made = emit.take(making, []);
  const adds = diff.adds.slice(0, Math.max(0, room) + making.length);
  const put = [...made, ...emit.put('set', diff.changes, why), ...emit.put('add', adds, why, made)];
  return diff.staying > 0 ? [...put, ...emit.take(leaving.slice(making.length), put)] : put;
}

/** Whether a user turns away only after a gate, or not at all because something was refused. */
function leavesLate(sketch: Sketch, user: Present, object: Present, known: Map<Draft, boolean>): boolean {
  const departure = sketch.departure(user, object);
  const turns = user.wanted === undefined ? [] : (sketch.turns.get(user.wanted) ?? []);
  return departure === undefined || [departure, ...turns].some((draft) => isLate(draft, known));
}

/** Whether a draft waits, near or far, for a gate or a refusal. A circle is looked through once. */
function isLate(draft: Draft, known: Map<Draft, boolean>): boolean {
  const found = known.get(draft);
  if (found !== undefined) return found;
  known.set(draft, false);
  const gate = draft.op === 'wait' && draft.fields.until?.what === 'ready';
  const late =
    gate ||
    draft.refused !== undefined ||
    draft.hard.some((on) => isLate(on, known)) ||
    draft.soft.some(({ on }) => isLate(on, known));
  known.set(draft, late);
  return late;
}
