import type { Emit, Transaction } from './events.ts';
import { Fences, outranks } from './fences.ts';
import { Gate } from './gate.ts';
import { Hints } from './hints.ts';
import type { Known } from './membership.ts';
import type { Ack, Group, NodeId, Refusal, Vip } from './messages.ts';
import { type Pulse, Round, type Third } from './round.ts';
import type { Timing } from './timing.ts';

interface Claim {
  /** Whether it may be confirmed; a claim that is not wanted waits for its gate to close and is told until then. */
  wanted: boolean;
  readonly claimedAt: number;
  /** The first beat whose acknowledgements count: older ones promised a claim that was given back since. */
  since: number;
  insistUntil: number;
  successor: NodeId | undefined;
}

/** What an owner has of the node around it. */
export interface OwnerParts {
  readonly self: NodeId;
  readonly inc: number;
  readonly timing: Timing;
  readonly emit: Emit;
  /** The highest number of a claim known so far. */
  readonly fence: number;
  readonly third: Third;
  /** A refusal by a claim that is older than the own one does not count: two nodes that have both taken an address settle it by that. */
  readonly newestKeeps: () => boolean;
}

const releaseTries = 12; // A voter that is gone never acknowledges one.

/** The claims of one incarnation: from the claim over the beats and their majorities to the open gate, and back. */
export class Owner {
  readonly gate: Gate;
  readonly fences: Fences;
  readonly #parts: OwnerParts;
  readonly #claims = new Map<Vip, Claim>();
  readonly #hints = new Hints();
  readonly #rounds = new Map<number, Round>();
  readonly #notBefore = new Map<Vip, number>();
  /** The claims as beats tell them: the same array as long as they are the same. */
  #told: readonly Vip[] = [];
  #unwanted = 0;
  /** The youngest claim's first beat. */
  #youngest = 0;
  #seq = 0;
  #confirmed = 0;
  #arming: { readonly id: number; readonly pulse: Pulse; readonly known: Known } | undefined;
  #nextBeatAt = 0;
  #open: ReadonlySet<Vip> = new Set();
  #openList: readonly Vip[] = [];
  /** What was claimed just now is waited for: beats follow one another more quickly until then. */
  #hastyUntil = 0;
  #releaseFrom: number | undefined;
  #releaseTries = 0;

  constructor(parts: OwnerParts) {
    this.#parts = parts;
    this.fences = new Fences(parts.fence);
    this.gate = new Gate(parts.inc, parts.emit);
  }

  get claims(): ReadonlyMap<Vip, { readonly wanted: boolean }> {
    return this.#claims;
  }

  /** A release is told that not every voter has heard yet. */
  get releasing(): boolean {
    return this.#releaseFrom !== undefined;
  }

  /** Nothing of a beat has to be acknowledged. */
  get idle(): boolean {
    return this.#claims.size === 0 && !this.releasing && this.#hints.none;
  }

  /** The newest beat that has left. */
  get newest(): Round | undefined {
    return this.#rounds.get(this.#seq) ?? this.#rounds.get(this.#seq - 1);
  }

  /** The earliest time at which a claim makes sense again after a refusal or a hand-over. */
  notBefore(vip: Vip): number {
    return this.#notBefore.get(vip) ?? 0;
  }

  holdOff(vip: Vip, until: number): void {
    this.#notBefore.set(vip, Math.max(until, this.notBefore(vip)));
  }

  /** Takes these up under one number. */
  claim(vips: readonly Vip[], now: number, insistUntil = 0): void {
    const fresh = vips.filter((vip) => !this.#claims.get(vip)?.wanted);
    if (fresh.length === 0) return;
    const fence = this.fences.next();
    for (const vip of fresh) {
      if (this.#claims.has(vip)) this.#unwanted -= 1;
      this.#claims.set(vip, { wanted: true, claimedAt: now, since: this.#seq + 1, insistUntil, successor: undefined });
      this.#notBefore.delete(vip);
      this.#hints.drop(vip);
      this.fences.claim(vip, fence);
      this.#parts.emit({ kind: 'report', report: { kind: 'claimed', vip, fence } });
    }
    this.#youngest = this.#seq + 1;
    this.#hastyUntil = now + this.#parts.timing.insistMs;
    this.#told = [...this.#claims.keys()];
    this.#nextBeatAt = now;
  }

  /** Closes the gate; the claim leaves the beats only after it is surely closed. */
  release(vip: Vip, now: number, successor?: NodeId): void {
    this.releaseAll(new Map([[vip, successor]]), now);
  }

  /** Each with its successor, if it has one; by one transaction. */
  releaseAll(vips: ReadonlyMap<Vip, NodeId | undefined>, now: number): void {
    const released = new Set<Vip>();
    for (const [vip, successor] of vips) {
      const claim = this.#claims.get(vip);
      if (!claim?.wanted) continue;
      claim.wanted = false;
      claim.successor = successor;
      this.#unwanted += 1;
      released.add(vip);
    }
    if (this.gate.owned.some((vip) => released.has(vip))) this.gate.withdraw(released);
    if (released.size > 0) this.#dropClosed(now);
  }

  /** Gives a claim up for a better-ranked claimant, if nothing can be open here. */
  yield(vip: Vip, now: number): boolean {
    const claim = this.#claims.get(vip);
    if (claim === undefined) return true;
    const yields = this.gate.closed(vip, now) && now >= claim.insistUntil;
    if (yields) this.release(vip, now);
    return yields;
  }

  /** Somebody else says that an address is his which is claimed here: all are told the number of the own claim, and give way if theirs is older. */
  contest(vip: Vip, now: number): boolean {
    if (!this.#claims.get(vip)?.wanted) return false;
    this.fences.tell(vip);
    const soonest = (this.newest?.sentAt ?? 0) + this.#parts.timing.retryMs;
    this.#nextBeatAt = Math.min(this.#nextBeatAt, Math.max(now, soonest));
    return true;
  }

  /** Gives way at once to newer claims of a node whose gate is open for them: address → their number. */
  outdone(claims: ReadonlyMap<Vip, number>, by: NodeId, now: number): void {
    const lost: Vip[] = [];
    for (const [vip, fence] of claims) {
      const mine = { fence: this.fences.of(vip), node: this.#parts.self };
      if (!this.#claims.get(vip)?.wanted || !outranks({ fence, node: by }, mine)) continue;
      this.#parts.emit({ kind: 'report', report: { kind: 'outdone', vip, by, fence } });
      lost.push(vip);
    }
    const until = now + this.#parts.timing.promiseMs;
    this.#letGo(new Map(lost.map((vip) => [vip, until])), now);
  }

  /** Starts a beat if one is due: its token first, where something is claimed. Returns a beat that may leave at once. `rests`: none is due. */
  start(now: number, known: Known, rests: boolean): Pulse | undefined {
    if (rests || now < this.#dueAt() || this.#arming !== undefined) return undefined;
    this.#nextBeatAt = now + this.#parts.timing.beatMs;
    this.#seq += 1;
    const fencings = this.fences.fencings((vip) => this.#open.has(vip));
    const [claims, fence, hints] = [this.#told, this.fences.highest, this.#hints.at(now)];
    const pulse: Pulse = { seq: this.#seq, claims, hints, fence, fencings };
    if (claims.length === 0) return this.#leave(pulse, known, now);
    this.#arming = { id: this.gate.arm(pulse.seq, this.#parts.timing.gateMs), pulse, known };
    return undefined;
  }

  /** Takes the kernel's answer; a beat whose token is armed may leave. */
  kernelDone(id: number, ok: boolean, now: number): Pulse | undefined {
    const transaction = this.gate.done(id, ok);
    if (transaction !== undefined && !ok) this.#failed(transaction);
    if (ok && (transaction?.kind === 'confirm' || transaction?.kind === 'own')) this.#opened(transaction.owned);
    this.#dropClosed(now);
    if (this.#arming?.id !== id) return undefined;
    const { pulse, known } = this.#arming;
    this.#arming = undefined;
    return ok ? this.#leave(pulse, known, now) : undefined;
  }

  /** Counts a voter's promise, and gives up what no majority will promise. Returns the group under which it was given; undefined: it counts no more. */
  acked(ack: Ack, now: number, better: (holder: NodeId, vip: Vip) => boolean): Group | undefined {
    const round = this.#rounds.get(ack.seq);
    this.fences.hear(ack.fence);
    if (round === undefined || !round.take(ack)) return undefined;
    if (ack.needs) this.fences.tellAll();
    this.#refused(round, ack.refused, now, better);
    this.#confirm(round, now);
    if (round.heardByAll() && round.pulse.seq >= (this.#releaseFrom ?? Number.POSITIVE_INFINITY)) {
      this.#releaseFrom = undefined;
    }
    return round.group;
  }

  /** The third vote has changed: what the newest beat lacked it may have now. */
  recount(now: number): void {
    for (const round of [...this.#rounds.values()].reverse()) if (round.waiting) this.#confirm(round, now);
  }

  /** What is due by time alone. */
  tick(now: number): void {
    for (const round of this.#rounds.values()) {
      if (round.confirmAt !== undefined && now >= round.confirmAt) this.#confirm(round, now);
    }
    this.#giveUp(now);
    this.#dropClosed(now);
  }

  /** When `tick` or `start` has something to do. */
  wakeAt(now: number, rests: boolean): number {
    let at = rests || this.#arming !== undefined ? Number.POSITIVE_INFINITY : this.#dueAt();
    for (const { confirmAt } of this.#rounds.values()) if (confirmAt !== undefined) at = Math.min(at, confirmAt);
    if (this.#unwanted > 0) {
      for (const [vip, { wanted }] of this.#claims) if (!wanted) at = Math.min(at, this.gate.closedAt(vip));
    }
    return Math.max(at, now);
  }

  #leave(pulse: Pulse, { group, settled }: Known, now: number): Pulse {
    this.#releaseTries -= 1;
    this.#rounds.set(pulse.seq, new Round(pulse, now, group, settled, this.#parts.third));
    for (const [seq, { sentAt }] of this.#rounds) {
      if (now - sentAt <= this.#parts.timing.promiseMs) break;
      this.#rounds.delete(seq);
    }
    return pulse;
  }

  #dueAt(): number {
    const newest = this.#rounds.get(this.#seq);
    if (newest === undefined) return this.#nextBeatAt;
    const { releaseMs, retryMs } = this.#parts.timing;
    if (this.#releaseFrom !== undefined && this.#releaseTries > 0) {
      return Math.min(this.#nextBeatAt, newest.sentAt + releaseMs);
    }
    const waits = newest.waiting && this.#countable(newest).length > 0;
    const again = newest.sentAt < this.#hastyUntil ? releaseMs : retryMs;
    return waits ? Math.min(this.#nextBeatAt, newest.sentAt + again) : this.#nextBeatAt;
  }

  /** Claims of a beat that its acknowledgements may open. */
  #countable({ pulse: { seq, claims } }: Round): readonly Vip[] {
    if (claims === this.#told && this.#unwanted === 0 && seq >= this.#youngest) return claims;
    return claims.filter((vip) => {
      const claim = this.#claims.get(vip);
      return claim?.wanted === true && seq >= claim.since;
    });
  }

  #confirm(round: Round, now: number): void {
    const { seq, fencings } = round.pulse;
    const late = round.confirmAt !== undefined && now >= round.confirmAt;
    if (late) round.confirmAt = undefined;
    if (seq < this.#confirmed) return;
    const countable = this.#countable(round);
    const ready = round.carriesAll() ? countable : countable.filter((vip) => round.carries(vip, now));
    round.waiting = ready.length < countable.length;
    if (ready.length === 0) return;
    if (round.waiting && !late) {
      round.confirmAt ??= now + this.#parts.timing.gatherMs;
      return;
    }
    round.confirmAt = undefined;
    const owned = sameMembers(ready, this.gate.owned) ? this.gate.owned : ready;
    if (seq === this.#confirmed && owned === this.gate.owned) return;
    this.#confirmed = seq;
    const heard = new Set(fencings.length > 0 ? owned : []);
    this.fences.told(fencings, (vip) => heard.has(vip));
    this.gate.confirm(seq, owned, round.sentAt + this.#parts.timing.promiseMs);
  }

  /** All of one answer together: a thousand, one by one, would cost a beat, and have more numbers than beats can tell soon. */
  #refused(
    round: Round,
    refusals: readonly Refusal[],
    now: number,
    better: (holder: NodeId, vip: Vip) => boolean,
  ): void {
    const outnumbered: Vip[] = [];
    const lost = new Map<Vip, number>();
    const keeps = this.#parts.newestKeeps();
    for (const refusal of refusals) {
      const { vip, holder, remainingMs, fence } = refusal;
      const claim = this.#claims.get(vip);
      if (!claim?.wanted || round.pulse.seq < claim.since || now < claim.insistUntil) continue;
      const mine = { fence: this.fences.of(vip), node: this.#parts.self };
      if (remainingMs === 0) {
        this.fences.hear(fence);
        if (outranks(mine, { fence, node: holder })) this.fences.tell(vip);
        else outnumbered.push(vip);
        continue;
      }
      const counts = (one: Refusal) =>
        one.remainingMs > 0 && !(keeps && outranks(mine, { fence: one.fence, node: one.holder }));
      const givesWay = this.gate.closed(vip, now) && better(holder, vip) && counts(refusal);
      if (!round.hopeless(vip, counts) && !givesWay) continue;
      this.#parts.emit({ kind: 'report', report: { kind: 'refused', vip, holder } });
      lost.set(vip, now + remainingMs);
    }
    this.#renumber(outnumbered, now);
    this.#letGo(lost, now);
  }

  /** A voter knows of claims with a higher number that have ended: the own ones need a higher one still. */
  #renumber(vips: readonly Vip[], now: number): void {
    if (vips.length === 0) return;
    const fence = this.fences.next();
    for (const vip of vips) {
      this.fences.claim(vip, fence);
      this.#parts.emit({ kind: 'report', report: { kind: 'claimed', vip, fence } });
    }
    this.#nextBeatAt = now;
  }

  /** Address → until when it is left to others. */
  #letGo(vips: ReadonlyMap<Vip, number>, now: number): void {
    this.releaseAll(new Map([...vips.keys()].map((vip) => [vip, undefined])), now);
    for (const [vip, until] of vips) this.holdOff(vip, until);
  }

  #failed(transaction: Transaction): void {
    this.#parts.emit({ kind: 'report', report: { kind: 'kernelFailed', transaction } });
  }

  /**
   * A claim that nobody acknowledged for long keeps others away, if this node is heard and hears nothing: it is let go for a while, once its gate is
   * surely closed.
   */
  #giveUp(now: number): void {
    if (this.newest?.waiting !== true) return;
    const { promiseMs, returnMs } = this.#parts.timing;
    const lost = new Map<Vip, number>();
    for (const [vip, { wanted, claimedAt }] of this.#claims) {
      if (!wanted || now < Math.max(claimedAt + promiseMs, this.gate.closedAt(vip)) + promiseMs) continue;
      lost.set(vip, now + returnMs);
    }
    this.#letGo(lost, now);
  }

  /** What was not owned before is announced to the neighbours. */
  #opened(owned: readonly Vip[]): void {
    if (owned === this.#openList) return;
    const vips = owned.filter((vip) => !this.#open.has(vip) && this.#claims.get(vip)?.wanted);
    [this.#open, this.#openList] = [new Set(owned), owned];
    if (vips.length === 0) return;
    this.#parts.emit({ kind: 'announce', vips });
    for (const vip of vips) this.#parts.emit({ kind: 'report', report: { kind: 'opened', vip } });
  }

  #dropClosed(now: number): void {
    if (this.#unwanted === 0) return;
    const claimed = this.#claims.size;
    for (const [vip, { wanted, successor }] of this.#claims) {
      if (wanted || !this.gate.closed(vip, now)) continue;
      this.#claims.delete(vip);
      this.#unwanted -= 1;
      this.fences.drop(vip);
      if (successor !== undefined) {
        this.#hints.add(vip, successor, now + this.#parts.timing.hintMs);
        this.holdOff(vip, now + this.#parts.timing.returnMs);
      }
      [this.#releaseFrom, this.#releaseTries] = [this.#seq + 1, releaseTries];
      this.#nextBeatAt = now;
      this.#parts.emit({ kind: 'report', report: { kind: 'dropped', vip } });
    }
    if (this.#claims.size < claimed) this.#told = [...this.#claims.keys()];
  }
}

function sameMembers(a: readonly Vip[], b: readonly Vip[]): boolean {
  if (a === b) return true;
  const members = a.length === b.length ? new Set(b) : undefined;
  return members !== undefined && a.every((vip) => members.has(vip));
}
