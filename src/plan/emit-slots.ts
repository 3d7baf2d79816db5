import type { Draft } from './draft.ts';
import { labelOf } from './draft.ts';
import type { Numbers } from './order-numbers.ts';
import type { Present, Wanted } from './scene.ts';
import type { Sketch } from './sketch.ts';

/** Places that only one object can hold: a create waits until the dead holder is deleted, and is refused where somebody else holds it. */
export function emitSlots(sketch: Sketch, created: readonly Wanted[], numbers: Numbers): void {
  const claims = created.filter(({ shape }) => shape.spec.slots !== undefined);
  if (claims.length === 0) return;
  const held = heldSlots(sketch);
  const claimed = new Map<string, Wanted>();
  for (const wanted of claims) {
    const draft = sketch.creates.get(wanted);
    if (draft === undefined) continue;
    for (const slot of slotsOfWanted(sketch, wanted, numbers)) {
      const first = claimed.get(slot);
      if (first === undefined) claimed.set(slot, wanted);
      else if (sketch.rules.slotRefusal) draft.refuse('slot', labelOf(first));
      const holder = held.get(slot);
      if (holder !== undefined) waitForHolder(sketch, draft, holder);
    }
  }
}

function waitForHolder(sketch: Sketch, draft: Draft, holder: Present): void {
  if (holder.fate !== 'dead') {
    if (sketch.rules.slotRefusal) draft.refuse('slot', labelOf(holder));
    return;
  }
  if (!sketch.rules.slotWait) return;
  draft.holder = holder;
  draft.after(sketch.deletes.get(holder));
}

function heldSlots({ scene }: Sketch): ReadonlyMap<string, Present> {
  const held = new Map<string, Present>();
  for (const present of scene.presents) {
    for (const slot of present.shape.spec.slots?.(present.it.attrs, present.it.refs) ?? []) {
      // A dead holder can be waited for; whoever else holds the slot cannot.
      if (held.get(slot)?.fate === 'foreign') continue;
      held.set(slot, present);
    }
  }
  return held;
}

/** In terms of handles on both sides; what does not exist yet collides with nothing that does. */
function slotsOfWanted({ scene }: Sketch, wanted: Wanted, numbers: Numbers): readonly string[] {
  const { it, shape } = wanted;
  const refs: Record<string, string> = {};
  for (const ref of shape.refs) {
    const id = it.refs[ref.name];
    if (id !== undefined) refs[ref.name] = scene.handleOf(ref.to, id) ?? `new ${ref.to.spec.kind} ${id}`;
  }
  const number = numbers.get(it);
  const attr = shape.spec.order?.attr;
  const attrs = number === undefined || attr === undefined ? it.attrs : { ...it.attrs, [attr]: number };
  return shape.spec.slots?.(attrs, refs) ?? [];
}
