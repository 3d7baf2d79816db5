import type { Member, MemberSet } from '../model/index.ts';
import { sameAttrs } from './compare.ts';
import type { Draft } from './draft.ts';
import { batches } from './emit-create.ts';
import { enough, gateOn, newGate } from './gates.ts';
import { healthLasts, isOnItsWay } from './health.ts';
import { type Present, usable, type Wanted } from './scene.ts';
import type { SetShape } from './shape.ts';
import { push, type Sketch } from './sketch.ts';

type Change = readonly [string, Member | null];

/** What must happen to a set of plain members, sorted by what it costs. */
export interface SetDiff {
  readonly adds: readonly Change[];
  /** Changes that take no ready member away. */
  readonly changes: readonly Change[];
  /** Removals, and members that lose their share, that take nothing ready away … */
  readonly idle: readonly Change[];
  /** … and those that do. */
  readonly active: readonly Change[];
  /** Ready members that stay. */
  readonly staying: number;
  /** Ready members now. */
  readonly ready: number;
  /** Members that shall take traffic. */
  readonly wanted: number;
}

const noMembers: MemberSet = new Map();

export function diffSet(sketch: Sketch, set: SetShape, present: Present, wanted: Wanted): SetDiff {
  const now = present.it.sets[set.name] ?? noMembers;
  const want = wanted.it.sets[set.name] ?? noMembers;
  const health = present.it.health?.[set.name];
  const isReady = (key: string, member: Member) =>
    usable(set, member) && (health === undefined || health.get(key) === 'ready');
  const dark =
    sketch.rules.rising && ![...now].some(([key, member]) => want.get(key)?.gone !== true && isReady(key, member));
  const isLosable = (key: string, member: Member) =>
    dark ? usable(set, member) && isOnItsWay(present.it, set, key) : isReady(key, member);
  const diff: Record<'adds' | 'changes' | 'idle' | 'active', Change[]> = {
    adds: [],
    changes: [],
    idle: [],
    active: [],
  };
  let staying = 0;
  let ready = 0;
  let count = 0;
  for (const [key, member] of want) {
    if (member.gone === true) continue;
    if (usable(set, member)) count++;
    const seen = now.get(key);
    if (seen === undefined) diff.adds.push([key, member]);
    else if (!sameAttrs(member.attrs, seen.attrs, sketch.rules)) {
      const loses = usable(set, seen) && !usable(set, member);
      (!loses ? diff.changes : isLosable(key, seen) ? diff.active : diff.idle).push([key, member]);
    }
  }
  for (const [key, seen] of now) {
    const member = want.get(key);
    if (member?.gone !== true && isReady(key, seen)) ready++;
    if (member === undefined || member.gone === true) {
      (member?.gone !== true && isLosable(key, seen) ? diff.active : diff.idle).push([key, null]);
    } else if (isReady(key, seen) && usable(set, member)) staying++;
  }
  return { ...diff, staying, ready: Math.max(ready, Math.min(1, diff.active.length)), wanted: count };
}

/** Drafts the changes of one set of plain members of an object that is kept. */
export function emitPlainSet(sketch: Sketch, wanted: Wanted, set: SetShape): void {
  const { kept } = wanted;
  if (kept === undefined) return;
  const diff = diffSet(sketch, set, kept, wanted);
  const { adds, changes, idle, active } = diff;
  if (adds.length + changes.length + idle.length + active.length === 0) return;
  const emit = new SetEmitter(sketch, wanted, kept, set);
  const room = sketch.rules.max
    ? (set.spec.max ?? Number.POSITIVE_INFINITY) - (kept.it.sets[set.name]?.size ?? 0)
    : adds.length;
  emit.put('set', changes, 'changed');
  if (adds.length > room) {
    emitRolling(emit, diff, room);
    return;
  }
  const added = emit.put('add', adds, 'is new');
  const before = sketch.rules.addsFirst ? added : [];
  emit.take(idle, diff.staying > 0 && set.serving ? [] : before);
  if (active.length === 0) return;
  const gate = emit.gated(diff) ? [gateOn(sketch, wanted, diff.ready)] : [];
  const why = diff.staying === 0 && diff.wanted === 0 ? 'is no longer wanted, and none is left to serve' : undefined;
  emit.noteLast(diff, emit.take(active, [...before, ...gate], why));
}

/**
 * A full set: what is idle makes room first, then half of the ready members; what then fits is added, and after a gate the others
 * leave. Where the last one must make room for the only add, nothing helps: a gap.
 */
function emitRolling(emit: SetEmitter, diff: SetDiff, room: number): void {
  const { sketch, wanted, set } = emit;
  const early = [...emit.take(diff.idle.filter(removes), [])];
  emit.take(
    diff.idle.filter((change) => !removes(change)),
    [],
  );
  const leaving = diff.active.filter(removes);
  let free = room + diff.idle.filter(removes).length;
  const missing = diff.adds.length - free;
  // Half of the ready ones go on serving, and one at the least.
  const most = diff.staying > 0 ? leaving.length : leaving.length - 1;
  const spare = Math.min(most, Math.max(1, Math.floor(diff.ready / 2)));
  const first = leaving.slice(0, Math.max(0, Math.min(missing, spare)));
  const last = leaving.slice(first.length);
  free += first.length;
  const making = emit.take(first, []);
  if (free > 0) {
    const added = emit.put('add', diff.adds.slice(0, free), 'is new', [...early, ...making]);
    emit.take(
      diff.active.filter((change) => !removes(change)),
      added,
    );
    // Only half of what shall be there fits until the others leave: no more can be waited for.
    const min = Math.min(enough(diff.ready, diff.wanted), emit.wantedPresent() + free);
    const gate = emit.gated(diff) ? [newGate(sketch, wanted, min)] : [];
    const removals = emit.take(last, [...added, ...gate]);
    emit.noteLast(diff, removals);
    emit.put('add', diff.adds.slice(free), 'is new', removals, gate.length > 0);
    return;
  }
  // Members that are wanted and not ready yet may become so: then nothing is lost.
  const hope = emit.gated(diff) && emit.wantedPresent() > 0;
  const removals = emit.take(last, hope ? [newGate(sketch, wanted, 1)] : []);
  if (set.serving && !hope && diff.staying === 0 && sketch.rules.gap) {
    for (const draft of removals) for (const service of wanted.it.serves) draft.gap.add(service);
  }
  emit.put('add', diff.adds, 'is new', removals);
}

function removes([, member]: Change): boolean {
  return member === null;
}

/** Drafts calls on one set, a batch a call. */
export class SetEmitter {
  readonly sketch: Sketch;
  readonly wanted: Wanted;
  readonly present: Present;
  readonly set: SetShape;

  constructor(sketch: Sketch, wanted: Wanted, present: Present, set: SetShape) {
    this.sketch = sketch;
    this.wanted = wanted;
    this.present = present;
    this.set = set;
  }

  /** Whether ready members may leave only when wanted ones are ready, and whether that can be known. */
  gated({ wanted, ready, staying }: SetDiff): boolean {
    if (!this.#watched || !this.#lasting || wanted === 0 || !this.sketch.rules.removeGate) return false;
    return staying < enough(ready, wanted) && this.present.it.health?.[this.set.name] !== undefined;
  }

  /** Removals after which nothing ready is left, and nobody who stays could tell when something is: they go late. */
  noteLast({ staying, wanted }: SetDiff, removals: readonly Draft[]): void {
    if (!this.#watched || staying > 0 || (wanted > 0 && this.#lasting)) return;
    for (const removal of removals) push(this.sketch.lastMembers, this.present, removal);
    if (wanted === 0) this.sketch.emptied.set(this.present, removals);
  }

  get #watched(): boolean {
    return this.set.serving && (this.present.shape.front || this.present.uses.some(({ via }) => via.serving));
  }

  get #lasting(): boolean {
    return healthLasts(this.sketch.scene, this.wanted, this.sketch.rules);
  }

  /** How many members that shall take traffic are there already. */
  wantedPresent(): number {
    const now = this.present.it.sets[this.set.name];
    let count = 0;
    for (const [key, member] of this.wanted.it.sets[this.set.name] ?? []) {
      if (usable(this.set, member) && now?.has(key) === true) count++;
    }
    return count;
  }

  /** Adds or changes; `fill` false: nobody waits for these, who may have to turn away before. */
  put(
    op: 'add' | 'set',
    members: readonly Change[],
    why: string,
    after: readonly Draft[] = [],
    fill = true,
  ): readonly Draft[] {
    const waiting = op === 'add' ? members.filter(([, member]) => member?.waits !== undefined) : [];
    for (const part of batches(this.sketch, this.set, waiting)) {
      const draft = this.sketch.draft(op, this.#object, why, { set: this.set.name, members: part });
      draft.refuse('incomplete', part[0]?.[1]?.waits);
    }
    const free = waiting.length === 0 ? members : members.filter((change) => !waiting.includes(change));
    const drafts = batches(this.sketch, this.set, free).map((part) =>
      this.sketch.draft(op, this.#object, why, { set: this.set.name, members: part }).afterAll(after),
    );
    if (op === 'add' && fill && this.present.fate === 'kept') {
      for (const draft of drafts) this.sketch.noteFill(this.wanted, draft);
    }
    return drafts;
  }

  /** Removals and members that lose their share: refused while a service that it serves is not known. */
  take(members: readonly Change[], after: readonly Draft[], why: string | undefined = undefined): readonly Draft[] {
    const gone = members.filter(removes);
    const lowered = members.filter((change) => !removes(change));
    const drafts = [
      ...batches(this.sketch, this.set, gone).map((part) =>
        this.sketch.draft('remove', this.#object, why ?? 'is no longer wanted', { set: this.set.name, members: part }),
      ),
      ...batches(this.sketch, this.set, lowered).map((part) =>
        this.sketch.draft('set', this.#object, why ?? 'shall take no more traffic', {
          set: this.set.name,
          members: part,
        }),
      ),
    ];
    const { present, wanted, set } = this;
    const services = [...present.it.serves, ...wanted.it.serves];
    const unknown = set.serving ? this.sketch.incomplete(services) : this.sketch.unknownAt(present, services);
    const held = set.spec.deletes === true && !this.sketch.allows('delete');
    for (const draft of drafts) {
      draft.afterAll(after);
      if (held && draft.op === 'remove') draft.refuse('policy', this.sketch.options.policy);
      if (unknown !== undefined) draft.refuse('incomplete', unknown);
    }
    return drafts;
  }

  get #object(): Wanted | Present {
    return this.present.fate === 'kept' ? this.wanted : this.present;
  }
}
