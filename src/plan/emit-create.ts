import type { Attrs, Member } from '../model/index.ts';
import { sameRef, sameValue } from './compare.ts';
import { type Draft, type DraftRef, labelOf } from './draft.ts';
import { gateOn, losableNow, unreadyBehind } from './gates.ts';
import { servedBy } from './health.ts';
import type { Numbers } from './order-numbers.ts';
import type { Places } from './places.ts';
import { Present, Wanted } from './scene.ts';
import type { RefShape, SetShape, Shape } from './shape.ts';
import type { Sketch } from './sketch.ts';

/** Drafts the create of something wanted and the adds of what the create call does not carry. */
export function emitCreate(sketch: Sketch, wanted: Wanted, numbers: Numbers, places: Places): void {
  const { it, shape } = wanted;
  const refs: Record<string, DraftRef> = {};
  const sets: Record<string, readonly (readonly [DraftRef, Member])[]> = {};
  const draft = sketch.draft('create', wanted, reasonOf(sketch, wanted), {
    attrs: attrsOf(wanted, numbers),
    refs,
    sets,
  });
  sketch.creates.set(wanted, draft);
  refuseForeign(sketch, wanted, draft);
  if (it.waits !== undefined) draft.refuse('incomplete', it.waits);
  for (const ref of shape.refs) {
    const id = it.refs[ref.name];
    if (id !== undefined) link(sketch, draft, ref, id, (to) => Object.assign(refs, { [ref.name]: to }));
  }
  const pending: (() => void)[] = [];
  for (const set of [...shape.plainSets, ...shape.linkSets]) {
    const members = linkMembers(sketch, wanted, draft, set);
    const room = set.spec.inCreate === true ? set.spec.batch : 0;
    if (room > 0) sets[set.name] = members.slice(0, room);
    const rest = members.slice(room);
    if (rest.length > 0) pending.push(() => fill(sketch, wanted, draft, set, rest));
  }
  for (const emit of pending) emit();
  if (shape.front) guardPlace(sketch, wanted, draft, places);
}

function attrsOf({ it, shape }: Wanted, numbers: Numbers): Attrs {
  const name = shape.spec.order?.attr;
  const number = numbers.get(it);
  return name === undefined || number === undefined ? it.attrs : { ...it.attrs, [name]: number };
}

/** A create waits for what it refers to, and for the members of what it sends traffic to. */
function link(
  sketch: Sketch,
  draft: Draft,
  via: { readonly to: Shape | undefined; readonly serving: boolean },
  id: string,
  use: (ref: DraftRef) => void,
): void {
  if (via.to === undefined) {
    use(id);
    return;
  }
  const target = sketch.scene.resolve(via.to, id);
  const ref = target === undefined ? undefined : sketch.refTo(target);
  if (target === undefined || ref === undefined) {
    draft.refuse('blocked', `${via.to.spec.kind} ${id}, which does not exist`);
    return;
  }
  use(ref);
  if (target instanceof Present) return;
  if (sketch.rules.referentsFirst) draft.after(sketch.creates.get(target));
  if (via.serving && sketch.rules.fillsFirst) draft.afterAll(sketch.fills.get(target) ?? []);
}

function linkMembers(
  sketch: Sketch,
  { it }: Wanted,
  draft: Draft,
  set: SetShape,
): readonly (readonly [DraftRef, Member])[] {
  const members: (readonly [DraftRef, Member])[] = [];
  for (const [id, member] of it.sets[set.name] ?? []) {
    if (member.gone !== true) link(sketch, draft, set, id, (ref) => members.push([ref, member]));
  }
  return members;
}

/** Members that the create call does not carry, a batch a call. */
function fill(
  sketch: Sketch,
  wanted: Wanted,
  create: Draft,
  set: SetShape,
  members: readonly (readonly [DraftRef, Member])[],
): void {
  for (const part of batches(sketch, set, members)) {
    const add = sketch.draft('add', wanted, 'is new', { handle: create, set: set.name, members: part }).after(create);
    sketch.noteFill(wanted, add);
    if (set.serving && set.to !== undefined) {
      for (const target of servedBy(sketch.scene, wanted)) sketch.noteEntry(wanted, target, add);
    }
  }
}

export function batches<T>({ rules }: Sketch, { spec }: SetShape, all: readonly T[]): readonly (readonly T[])[] {
  if (all.length === 0) return [];
  if (all.length <= spec.batch || !rules.batch) return [all];
  const parts: T[][] = [];
  for (let at = 0; at < all.length; at += spec.batch) parts.push(all.slice(at, at + spec.batch));
  return parts;
}

function refuseForeign({ scene, rules }: Sketch, wanted: Wanted, draft: Draft): void {
  if (!rules.ownership) return;
  for (let one = scene.withId(wanted.shape, wanted.it.id); one !== undefined; one = one.twin) {
    if (one.fate === 'foreign') draft.refuse('foreign', labelOf(one));
  }
}

/**
 * A new front inside another (a rule of a listener) takes its place from what the other does by default, at once. Where its targets are
 * not known to be ready: wait for them when they are checked unused and the same service is there already, else say so.
 */
function guardPlace(sketch: Sketch, wanted: Wanted, draft: Draft, places: Places): void {
  const { scene, rules } = sketch;
  for (const ref of wanted.shape.refs) {
    const id = wanted.it.refs[ref.name];
    if (ref.serving || !ref.to.front || id === undefined) continue;
    const parent = scene.want(ref.to, id);
    const losing = parent === undefined ? 0 : losableNow(sketch, parent);
    if (parent === undefined || losing === 0) continue;
    // Who holds the place in the same front goes on holding it until the new one is ready.
    if (places.holders(wanted).some(({ it }) => it.refs[ref.name] === parent.kept?.it.handle)) continue;
    for (const target of servedBy(scene, wanted)) {
      for (const carrier of unreadyBehind(sketch, target, losing)) {
        const shared = wanted.it.serves.some((service) => parent.kept?.it.serves.includes(service));
        if (carrier.shape.spec.unusedHealth === true && shared && rules.gate)
          draft.after(gateOn(sketch, carrier, losing));
        else if (rules.risk) for (const service of wanted.it.serves) draft.risk.add(service);
      }
    }
  }
}

function reasonOf(sketch: Sketch, wanted: Wanted): string {
  const { scene, rules, sacrifices } = sketch;
  for (let one = scene.withId(wanted.shape, wanted.it.id); one !== undefined; one = one.twin) {
    if (one.fate !== 'dead') continue;
    if (sacrifices.early.has(one)) return 'takes the place of the one that had to go first';
    const field = [...wanted.shape.immutable].find((name) => !sameField(scene, wanted, one, name, rules));
    return field === undefined ? 'the present one belongs elsewhere' : `${field} cannot be changed in place`;
  }
  return 'is new';
}

function sameField(
  scene: Sketch['scene'],
  wanted: Wanted,
  present: Present,
  name: string,
  rules: Sketch['rules'],
): boolean {
  const ref: RefShape | undefined = wanted.shape.refs.find((r) => r.name === name);
  if (ref === undefined) return sameValue(wanted.it.attrs[name], present.it.attrs[name], rules);
  const probe = new Wanted(wanted.it, wanted.shape);
  probe.kept = present;
  return sameRef(scene, probe, ref);
}
