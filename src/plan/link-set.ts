import type { Attrs, Handle, Member, MemberSet } from '../model/index.ts';
import type { Draft, DraftRef } from './draft.ts';
import { sayGap } from './emit-update.ts';
import { goesDark, losableNow, passageTo, unreadyBehind, waitFor } from './gates.ts';
import { type Present, type Target, usable, Wanted } from './scene.ts';
import type { SetShape } from './shape.ts';
import { push, type Sketch } from './sketch.ts';

/** Something that comes into a set of objects, or changes there. */
export interface Entrant {
  readonly target: Target;
  readonly ref: DraftRef;
  readonly member: Member;
}

export interface Leaver {
  readonly handle: Handle;
  readonly member: Member;
}

export const noMembers: MemberSet = new Map();

/** A set of objects of a front that is kept: the calls on it, and what they wait for. */
export class LinkSet {
  readonly sketch: Sketch;
  readonly front: Wanted;
  readonly kept: Present;
  readonly set: SetShape;
  readonly now: MemberSet;
  /** Ready members that the front could lose. */
  readonly losing: number;
  /** Attribute that is the share, where traffic flows by shares. */
  readonly weight: string | undefined;

  constructor(sketch: Sketch, front: Wanted, kept: Present, set: SetShape) {
    this.sketch = sketch;
    this.front = front;
    this.kept = kept;
    this.set = set;
    this.now = kept.it.sets[set.name] ?? noMembers;
    this.losing = set.serving ? losableNow(sketch, kept) : 0;
    this.weight = set.serving ? set.spec.weight : undefined;
  }

  /** A member that gains its share: after its members are in, and ready when the front has something to lose. */
  guard(turn: Draft, target: Target): void {
    this.waitForTarget(turn, target);
    if (this.losing === 0) return;
    const { gates, blind } = passageTo(this.sketch, target, this.losing);
    turn.afterAll(gates);
    if (blind) this.sayRisk(turn);
  }

  /** The old ones lose their share only when the new ones, which the front refers to by now, are ready. */
  guardEntered(turn: Draft, target: Target): void {
    this.waitForTarget(turn, target);
    if (this.losing === 0) return;
    const entry = this.sketch.entries.get(this.front)?.get(target);
    if (unreadyBehind(this.sketch, target, this.losing).length === 0) return;
    turn.afterAll(passageTo(this.sketch, target, this.losing, entry).gates);
  }

  waitForTarget(draft: Draft, target: Target): void {
    this.waitForCreate(draft, target);
    if (!(target instanceof Wanted) || !this.set.serving || !this.sketch.rules.fillsFirst) return;
    draft.afterAll(this.sketch.fills.get(target) ?? []);
  }

  waitForCreate(draft: Draft, target: Target): void {
    if (target instanceof Wanted && this.sketch.rules.referentsFirst) draft.after(this.sketch.creates.get(target));
  }

  remove(leavers: readonly Leaver[], why: string, after: readonly Draft[]): Draft {
    const members = leavers.map(({ handle }) => [handle, null] as const);
    const draft = this.draft('remove', why, members).afterAll(after);
    for (const leaver of leavers) this.depart(leaver, draft);
    return draft;
  }

  draft(op: 'add' | 'set' | 'remove', why: string, members: readonly (readonly [DraftRef, Member | null])[]): Draft {
    const draft = this.sketch.draft(op, this.front, why, { set: this.set.name, members });
    const takes = !this.set.serving && members.some(([, member]) => member === null);
    const unknown = takes ? this.sketch.unknownAt(this.kept) : undefined;
    if (unknown !== undefined) draft.refuse('incomplete', unknown);
    return draft;
  }

  weightless(member: Member): Member {
    const attrs: Attrs = this.weight === undefined ? member.attrs : { ...member.attrs, [this.weight]: 0 };
    return { attrs };
  }

  #knowsDraining(): boolean {
    return this.kept.it.health?.[this.set.name] !== undefined;
  }

  noteTurn(draft: Draft): void {
    if (!this.set.serving) return;
    push(this.sketch.turns, this.front, draft);
    if (goesDark(this.sketch, this.front)) sayGap(draft, this.front, this.kept);
    draft.gains = this.front.it.serves;
    draft.loses = this.kept.it.serves.filter((service) => !this.front.it.serves.includes(service));
  }

  /** Members that lost their share before may still have connections. */
  drainedIdle(leavers: readonly Leaver[]): readonly Draft[] {
    const idle = leavers.filter(({ member }) => !usable(this.set, member)).map(({ handle }) => handle);
    return idle.length > 0 && this.drainsInside() ? [this.waitDrained(idle)] : [];
  }

  waitDrained(handles: readonly Handle[]): Draft {
    return waitFor(this.sketch, this.front, 'its connections may end first', {
      what: 'drained',
      set: this.set.name,
      members: handles,
      min: handles.length,
    });
  }

  /**
   * One that leaves by this step: what is to be deleted, and holds its connections itself, is free when those have ended. What makes room
   * for a name is not waited for.
   */
  depart({ handle, member }: Leaver, turn: Draft): void {
    const present = this.present(handle);
    const told = this.kept.it.health?.[this.set.name];
    const serves = this.set.serving && (usable(this.set, member) || told?.get(handle) === 'draining');
    const waits =
      serves && this.#drainsOutside() && present?.fate === 'dead' && !this.sketch.sacrifices.early.has(present);
    this.sketch.noteDeparture(this.kept, present, waits ? this.waitDrained([handle]).after(turn) : turn);
  }

  /** Whether members that lost their share stay until their connections have ended. */
  drainsInside(): boolean {
    return this.sketch.rules.drained && this.#knowsDraining() && this.set.to?.spec.drainMs === undefined;
  }

  /** Whether members leave at once, and hold the connections that they have. */
  #drainsOutside(): boolean {
    return this.sketch.rules.drained && this.#knowsDraining() && this.set.to?.spec.drainMs !== undefined;
  }

  /** Services that have no other member with a share. */
  servedOnlyBy(leavers: readonly Leaver[]): readonly string[] {
    const serves = (handle: Handle): readonly string[] => this.present(handle)?.it.serves ?? [];
    const left = [...this.now].filter(
      ([handle, m]) => usable(this.set, m) && !leavers.some((one) => one.handle === handle),
    );
    const kept = new Set(left.flatMap(([handle]) => serves(handle)));
    return leavers.flatMap(({ handle }) => serves(handle)).filter((service) => !kept.has(service));
  }

  /** Services that get traffic as soon as the member is in. */
  shareOf({ target, member }: Entrant): readonly string[] {
    if (!usable(this.set, member)) return [];
    return this.front.it.serves.filter((service) => target.it.serves.includes(service));
  }

  sayRisk(draft: Draft): void {
    if (this.sketch.rules.risk) for (const service of this.front.it.serves) draft.risk.add(service);
  }

  present(handle: Handle): Present | undefined {
    return this.set.to === undefined ? undefined : this.sketch.scene.find(this.set.to, handle);
  }
}
