import type { Handle, Member } from '../model/index.ts';
import { sameAttrs } from './compare.ts';
import type { Draft, DraftRef } from './draft.ts';
import { batches } from './emit-create.ts';
import { anchorOf, passageTo } from './gates.ts';
import { type Entrant, type Leaver, LinkSet, noMembers } from './link-set.ts';
import { type Present, usable, type Wanted } from './scene.ts';
import type { SetShape } from './shape.ts';
import type { Sketch } from './sketch.ts';

/**
 * Drafts the changes of a set whose members are objects, such as the weighted target groups of a rule. New members enter without a
 * share, one atomic `set` turns the shares once they are ready, and the old ones leave when they have drained.
 */
export function emitLinkSet(sketch: Sketch, front: Wanted, set: SetShape): void {
  const { kept } = front;
  if (kept === undefined || set.to === undefined) return;
  new LinkSetEmitter(sketch, front, kept, set).emit();
}

class LinkSetEmitter extends LinkSet {
  readonly #entering: Entrant[] = [];
  readonly #changing: (Entrant & { readonly raised: boolean })[] = [];
  #leaving: Leaver[] = [];
  #size: number;
  readonly #before: Draft[] = [];

  constructor(sketch: Sketch, front: Wanted, kept: Present, set: SetShape) {
    super(sketch, front, kept, set);
    this.#size = this.now.size;
  }

  emit(): void {
    this.#compare();
    if (this.#entering.length + this.#changing.length + this.#leaving.length === 0) return;
    this.#dropWhatIsInTheWay();
    const room = this.#makeRoom();
    if (this.#entering.length > room) this.#swap();
    else this.#turn();
  }

  #compare(): void {
    const { scene, rules } = this.sketch;
    const staying = new Set<Handle>();
    for (const [id, member] of this.front.it.sets[this.set.name] ?? noMembers) {
      if (member.gone === true || this.set.to === undefined) continue;
      const target = scene.resolve(this.set.to, id);
      const ref = target === undefined ? undefined : this.sketch.refTo(target);
      if (target === undefined || ref === undefined) {
        const add = this.draft('add', 'is new', []);
        add.refuse('blocked', `${this.set.to.spec.kind} ${id}, which does not exist`);
        this.#before.push(add);
        continue;
      }
      const seen = typeof ref === 'string' ? this.now.get(ref) : undefined;
      if (seen === undefined) this.#entering.push({ target, ref, member });
      else if (!sameAttrs(member.attrs, seen.attrs, rules)) {
        this.#changing.push({ target, ref, member, raised: !usable(this.set, seen) && usable(this.set, member) });
      }
      if (seen !== undefined && typeof ref === 'string') staying.add(ref);
    }
    for (const [handle, member] of this.now) if (!staying.has(handle)) this.#leaving.push({ handle, member });
  }

  /** A member whose slot is needed goes at once while another one stays: its services have a gap. */
  #dropWhatIsInTheWay(): void {
    if (!this.sketch.sacrifices.dropping.has(this.kept)) return;
    const early = (handle: Handle): boolean => {
      const present = this.present(handle);
      return present !== undefined && this.sketch.sacrifices.early.has(present);
    };
    const stays = [...this.now].some(([handle, member]) => usable(this.set, member) && !early(handle));
    const inTheWay = this.#leaving.filter(
      ({ handle, member }) => early(handle) && (stays || !usable(this.set, member)),
    );
    if (inTheWay.length === 0 || inTheWay.length === this.#size) return;
    const drop = this.remove(inTheWay, 'must make room for what takes its name', this.drainedIdle(inTheWay));
    drop.loses = this.servedOnlyBy(inTheWay);
    this.sketch.dropped.set(this.kept, drop.loses);
    if (this.set.spec.max !== undefined) this.#before.push(drop);
    for (const { handle, member } of inTheWay) {
      const present = this.present(handle);
      if (!this.sketch.rules.gap || this.losing === 0 || !usable(this.set, member) || present === undefined) continue;
      for (const service of present.it.serves) drop.gap.add(service);
    }
    this.#leaving = this.#leaving.filter((leaver) => !inTheWay.includes(leaver));
    this.#size -= inTheWay.length;
  }

  /** A full set: members without a share leave first, never below the minimum. Answers the room that is then there. */
  #makeRoom(): number {
    const { max, min = 0 } = this.set.spec;
    if (max === undefined || !this.sketch.rules.max) return Number.POSITIVE_INFINITY;
    const missing = this.#entering.length - (max - this.#size);
    if (missing <= 0) return max - this.#size;
    const idle = this.#leaving.filter(({ member }) => this.losing === 0 || !usable(this.set, member));
    const freed = idle.slice(0, Math.max(0, Math.min(missing, this.#size - Math.max(min, this.set.serving ? 1 : 0))));
    if (freed.length > 0) {
      const room = this.remove(freed, 'makes room', this.drainedIdle(freed));
      room.loses = this.servedOnlyBy(freed);
      this.#before.push(room);
      this.#leaving = this.#leaving.filter((leaver) => !freed.includes(leaver));
      this.#size -= freed.length;
    }
    return max - this.#size;
  }

  /** No room to warm up: one atomic change. */
  #swap(): void {
    const draft = this.draft('set', 'the set is full: the new ones take the place of the old ones', [
      ...this.#entering.map(({ ref, member }) => [ref, member] as const),
      ...this.#changing.map(({ ref, member }) => [ref, member] as const),
      ...this.#leaving.map(({ handle }) => [handle, null] as const),
    ]).afterAll(this.#before);
    for (const { target, member } of [...this.#entering, ...this.#changing]) {
      this.waitForTarget(draft, target);
      if (this.losing === 0 || !usable(this.set, member)) continue;
      const { gates, blind } = passageTo(this.sketch, target, this.losing);
      draft.afterAll(gates);
      if (blind) this.sayRisk(draft);
    }
    if (this.losing > 0 && this.sketch.rules.gate) draft.afterAll(anchorOf(this.sketch, this.front, draft));
    for (const { target } of this.#entering) this.sketch.noteEntry(this.front, target, draft);
    for (const { target } of [...this.#entering, ...this.#changing.filter(({ raised }) => raised)]) {
      this.sketch.noteEntrance(this.front, target, draft);
    }
    for (const leaver of this.#leaving) this.depart(leaver, draft);
    this.noteTurn(draft);
  }

  #turn(): void {
    const { entering, warm } = this.#enter();
    const drained = this.weight !== undefined && this.drainsInside();
    const changes: (readonly [DraftRef, Member | null])[] = [
      ...warm.map(({ ref, member }) => [ref, member] as const),
      ...this.#changing.map(({ ref, member }) => [ref, member] as const),
    ];
    const lowered = this.#leaving.filter(({ member }) => drained && usable(this.set, member));
    changes.push(...lowered.map(({ handle, member }) => [handle, this.weightless(member)] as const));
    const direct = drained ? [] : this.#leaving;
    changes.push(...direct.map(({ handle }) => [handle, null] as const));
    let turn: Draft | undefined;
    if (changes.length > 0) {
      const op = changes.every(([, member]) => member === null) ? 'remove' : 'set';
      turn = this.draft(op, op === 'remove' ? 'is no longer wanted' : this.#reason(warm), changes);
      turn.afterAll(this.#before).afterAll(entering);
      for (const { target, raised } of this.#changing) {
        if (!raised) continue;
        this.guard(turn, target);
        this.sketch.noteEntrance(this.front, target, turn);
      }
      for (const { target } of warm) this.sketch.noteEntrance(this.front, target, turn);
      for (const { target } of this.#entering) this.guardEntered(turn, target);
      const takes = changes.some(([, member]) => member === null || !usable(this.set, member));
      if (takes && this.losing > 0 && this.sketch.rules.gate) turn.afterAll(anchorOf(this.sketch, this.front, turn));
      this.noteTurn(turn);
      for (const leaver of direct) this.depart(leaver, turn);
    }
    if (drained && this.#leaving.length > 0) this.#drain(turn, [...entering, ...this.#before]);
  }

  /** Adds what is new: without a share where it must warm up first. */
  #enter(): { entering: readonly Draft[]; warm: readonly Entrant[] } {
    const { rules } = this.sketch;
    const warm: Entrant[] = [];
    const gates: Draft[] = [];
    const members = this.#entering.map((entrant): readonly [DraftRef, Member] => {
      const { target, ref, member } = entrant;
      if (this.losing === 0 || !usable(this.set, member)) return [ref, member];
      const passage = passageTo(this.sketch, target, this.losing);
      if (passage.gates.length > 0 && !passage.blind) gates.push(...passage.gates);
      if (!passage.blind || this.weight === undefined || !rules.weightZero) return [ref, member];
      warm.push(entrant);
      return [ref, this.weightless(member)];
    });
    const entering = batches(this.sketch, this.set, members).map((part) => {
      const add = this.draft('add', warm.length > 0 ? 'enters without a share until it is ready' : 'is new', part);
      add.afterAll(this.#before).afterAll(gates);
      for (const entrant of this.#entering) {
        if (!part.some(([ref]) => ref === entrant.ref)) continue;
        if (warm.includes(entrant)) this.waitForCreate(add, entrant.target);
        else {
          this.waitForTarget(add, entrant.target);
          add.gains = [...add.gains, ...this.shareOf(entrant)];
          this.sketch.noteEntrance(this.front, entrant.target, add);
        }
        this.sketch.noteEntry(this.front, entrant.target, add);
      }
      this.sketch.noteFill(this.front, add);
      return add;
    });
    return { entering, warm };
  }

  /** Waits until those that lost their share have lost their connections too, then removes them. */
  #drain(turn: Draft | undefined, before: readonly Draft[]): void {
    const wait = this.waitDrained(this.#leaving.map(({ handle }) => handle)).after(turn);
    const remove = this.remove(this.#leaving, 'has been drained', [wait, ...before]);
    if (turn === undefined && this.set.serving) this.noteTurn(remove);
  }

  #reason(warm: readonly Entrant[]): string {
    if (warm.length > 0) return 'its successor is ready';
    return this.#changing.length > 0 ? 'its share changed' : 'its successor serves';
  }
}
