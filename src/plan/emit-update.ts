import type { Attrs, Json } from '../model/index.ts';
import { sameRef, sameValue } from './compare.ts';
import type { Draft, DraftRef } from './draft.ts';
import { goesDark, losableNow, passageTo, waitFor } from './gates.ts';
import { type Present, type Target, Wanted } from './scene.ts';
import type { RefShape } from './shape.ts';
import { push, type Sketch } from './sketch.ts';

/**
 * Drafts the one call that changes attributes and refs of an object that is kept. Where traffic flows along a changed ref it is a turn:
 * after the new thing's members are in and, where that can be known beforehand, ready.
 */
export function emitUpdate(sketch: Sketch, wanted: Wanted): void {
  const { kept, shape } = wanted;
  if (kept === undefined) return;
  const changed = shape.refs.filter((ref) => !sameRef(sketch.scene, wanted, ref));
  const turning = changed.some(({ serving }) => serving);
  const unknown = sketch.unknownAt(kept, []);
  // A turn is the business of those whose traffic it turns: what others may share waits for a call of its own.
  const attrs = turning && unknown !== undefined ? {} : changedAttrs(sketch, wanted, kept);
  const changesAttrs = Object.keys(attrs).length > 0;
  if (!changesAttrs && changed.length === 0) return;
  const refs: Record<string, DraftRef | null> = {};
  const draft = sketch.draft('update', wanted, reason(attrs, changed, turning), {
    ...(changesAttrs ? { attrs } : {}),
    ...(changed.length > 0 ? { refs } : {}),
  });
  if (unknown !== undefined && !turning) draft.refuse('incomplete', unknown);
  const losing = turning ? losableNow(sketch, wanted) : 0;
  for (const ref of changed) {
    const id = wanted.it.refs[ref.name];
    const target = id === undefined ? undefined : sketch.scene.resolve(ref.to, id);
    const to = target === undefined ? undefined : sketch.refTo(target);
    refs[ref.name] = to ?? null;
    if (id !== undefined && to === undefined)
      draft.refuse('blocked', `${ref.to.spec.kind} ${id}, which does not exist`);
    if (target !== undefined) approach(sketch, wanted, draft, ref, target, losing);
    leave(sketch, wanted, kept, draft, ref);
  }
  if (turning) {
    joinWithSets(sketch, wanted, kept, draft);
    push(sketch.turns, wanted, draft);
    draft.gains = wanted.it.serves;
    draft.loses = kept.it.serves.filter((service) => !wanted.it.serves.includes(service));
    if (goesDark(sketch, wanted)) sayGap(draft, wanted, kept);
  }
}

/** Services that were served and shall be, and are not. */
export function sayGap(draft: Draft, wanted: Wanted, kept: Present): void {
  for (const service of kept.it.serves) if (wanted.it.serves.includes(service)) draft.gap.add(service);
}

function changedAttrs(sketch: Sketch, { it, shape }: Wanted, kept: Present): Attrs {
  const number = shape.spec.order?.attr;
  const changes: Record<string, Json> = {};
  for (const name of new Set([...Object.keys(it.attrs), ...Object.keys(kept.it.attrs)])) {
    const value = it.attrs[name];
    if (value === undefined && shape.spec.sticky?.(name) === true) continue;
    if (name !== number && !sameValue(value, kept.it.attrs[name], sketch.rules)) changes[name] = value ?? null;
  }
  return changes;
}

function approach(sketch: Sketch, front: Wanted, draft: Draft, ref: RefShape, target: Target, losing: number): void {
  const { rules } = sketch;
  const made = target instanceof Wanted ? target : undefined;
  if (made !== undefined && rules.referentsFirst) draft.after(sketch.creates.get(made));
  if (!ref.serving) return;
  if (made !== undefined && rules.fillsFirst) draft.afterAll(sketch.fills.get(made) ?? []);
  if (losing > 0) {
    const { gates, blind } = passageTo(sketch, target, losing, warmUp(sketch, target));
    draft.afterAll(gates);
    if (blind && rules.risk) for (const service of front.it.serves) draft.risk.add(service);
  }
  sketch.noteEntry(front, target, draft);
  sketch.noteEntrance(front, target, draft);
}

/** Where another kept front lets the target in without a share, its health is known from then on. */
function warmUp(sketch: Sketch, target: Target): Draft | undefined {
  for (const entries of sketch.entries.values()) {
    const entry = entries.get(target);
    if (entry?.op === 'add' && entry.refused === undefined) return entry;
  }
  return undefined;
}

/** The old thing is free once the turn is done and, where the system tells, its connections have ended. */
function leave(sketch: Sketch, front: Wanted, kept: Present, draft: Draft, ref: RefShape): void {
  const handle = kept.it.refs[ref.name];
  const old = sketch.scene.find(ref.to, handle);
  if (old === undefined || handle === undefined) return;
  const told = ref.serving && sketch.rules.drained && kept.it.health?.[ref.name] !== undefined;
  if (!told || old.fate !== 'dead') {
    sketch.noteDeparture(kept, old, draft);
    return;
  }
  const until = { what: 'drained', set: ref.name, members: [handle], min: 1 } as const;
  sketch.noteDeparture(kept, old, waitFor(sketch, front, 'its connections may end first', until).after(draft));
}

/** A front that changes between a plain ref and a set never has neither. */
function joinWithSets(sketch: Sketch, front: Wanted, kept: Present, draft: Draft): void {
  const turns = sketch.turns.get(front) ?? [];
  const cleared = front.shape.refs.some((ref) => ref.serving && front.it.refs[ref.name] === undefined);
  if (cleared) {
    for (const add of sketch.fills.get(front) ?? []) draft.after(add);
    draft.afterAll(turns);
  } else if (kept.shape.refs.some((ref) => ref.serving && kept.it.refs[ref.name] === undefined)) {
    for (const turn of turns) turn.after(draft);
  }
}

function reason(attrs: Attrs, refs: readonly RefShape[], turning: boolean): string {
  if (turning) return 'turns to its successor';
  const names = [...Object.keys(attrs), ...refs.map(({ name }) => name)];
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more changed` : `${shown} changed`;
}
