import type { Draft } from './draft.ts';
import { diffSet, SetEmitter } from './emit-plain-set.ts';
import type { Present } from './scene.ts';
import type { Sketch } from './sketch.ts';

/**
 * A condemned generation that serves until a gate opens follows the wanted members of its id: a rollout during the gate must not
 * empty it. Only what costs no ready member, and nothing waits for it but the delete.
 */
export function emitFollow(sketch: Sketch, dead: readonly Present[]): void {
  if (!sketch.rules.follow || sketch.options.policy === 'create-only') return;
  for (const present of dead) {
    const { wanted, shape } = present;
    if (wanted === undefined || !shape.carrier || sketch.sacrifices.early.has(present)) continue;
    if (!present.uses.some(({ user, via }) => via.serving && leavesLate(sketch, user, present))) continue;
    const gone = sketch.deletes.get(present);
    for (const set of shape.plainSets) {
      if (!set.serving) continue;
      const diff = diffSet(sketch, set, present, wanted);
      // What has nothing ready has nothing to keep.
      if (diff.ready === 0) continue;
      const emit = new SetEmitter(sketch, wanted, present, set);
      const room = (set.spec.max ?? Number.POSITIVE_INFINITY) - (present.it.sets[set.name]?.size ?? 0);
      const spare = diff.staying > 0 ? [...diff.idle, ...diff.active] : [];
      const followed = [
        ...emit.put('set', diff.changes, 'follows the wanted members while it still serves'),
        ...emit.put('add', diff.adds.slice(0, Math.max(0, room)), 'follows the wanted members while it still serves'),
      ];
      followed.push(...emit.take(spare, followed));
      for (const draft of followed) gone?.after(draft);
    }
  }
}

/** Whether a user turns away only after a gate. */
function leavesLate(sketch: Sketch, user: Present, object: Present): boolean {
  const departure = sketch.departure(user, object);
  const waits = (draft: Draft): boolean => draft.hard.some(isGate) || draft.soft.some(({ on }) => isGate(on));
  const turns = user.wanted === undefined ? [] : (sketch.turns.get(user.wanted) ?? []);
  return departure !== undefined && [departure, ...turns].some(waits);
}

function isGate(draft: Draft): boolean {
  return draft.op === 'wait' && draft.fields.until?.what === 'ready';
}
