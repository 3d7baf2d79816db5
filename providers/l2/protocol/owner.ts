import type { Emit } from './events.ts';
import { Gate } from './gate.ts';
import { type Ack, type Group, type Hint, majorityOf, type NodeId, type Refusal, type Vip } from './messages.ts';
import type { Timing } from './timing.ts';

interface Claim {
  /** Whether it may be confirmed; a claim that is not wanted waits for its gate to close and is told until then. */
  wanted: boolean;
  /** The first beat whose acknowledgements count: older ones promised a claim that was given back since. */
  since: number;
  insistUntil: number;
  successor: NodeId | undefined;
}

interface Sent {
  readonly seq: number;
  readonly group: Group;
  readonly claims: readonly Vip[];
  readonly sentAt: number;
  readonly acks: Map<NodeId, ReadonlySet<Vip>>;
  confirmAt: number | undefined;
}

/** What a beat consists of beyond the sender's name and group. */
export interface Pulse {
  readonly seq: number;
  readonly claims: readonly Vip[];
  readonly hints: readonly Hint[];
}

const releaseTries = 12; // A voter that is gone never acknowledges one.

/** The claims of one incarnation: from the claim over the beats and their majorities to the open gate, and back. */
export class Owner {
  readonly gate: Gate;
  readonly #timing: Timing;
  readonly #emit: Emit;
  readonly #claims = new Map<Vip, Claim>();
  readonly #hints = new Map<Vip, { readonly to: NodeId; readonly until: number }>();
  readonly #sent = new Map<number, Sent>();
  readonly #notBefore = new Map<Vip, number>();
  /** The keys of the claims, the same list as long as they are the same. */
  #claimed: readonly Vip[] | undefined;
  #seq = 0;
  #confirmed = 0;
  #arming: { readonly id: number; readonly pulse: Pulse; readonly group: Group } | undefined;
  #nextBeatAt = 0;
  #open: ReadonlySet<Vip> = new Set();
  #releaseFrom: number | undefined;
  #releaseTries = 0;

  constructor(inc: number, timing: Timing, emit: Emit) {
    this.#timing = timing;
    this.#emit = emit;
    this.gate = new Gate(inc, emit);
  }

  get claims(): ReadonlyMap<Vip, { readonly wanted: boolean }> {
    return this.#claims;
  }

  /** The earliest time at which a claim makes sense again after a refusal or a hand-over. */
  notBefore(vip: Vip): number {
    return this.#notBefore.get(vip) ?? 0;
  }

  holdOff(vip: Vip, until: number): void {
    this.#notBefore.set(vip, Math.max(until, this.notBefore(vip)));
  }

  claim(vip: Vip, now: number, insistUntil = 0): void {
    if (this.#claims.get(vip)?.wanted) return;
    this.#claimed = undefined;
    this.#claims.set(vip, { wanted: true, since: this.#seq + 1, insistUntil, successor: undefined });
    this.#notBefore.delete(vip);
    this.#hints.delete(vip);
    this.#nextBeatAt = now;
    this.#emit({ kind: 'report', report: { kind: 'claimed', vip } });
  }

  /** Closes the gate; the claim leaves the beats only after it is surely closed. */
  release(vip: Vip, now: number, successor?: NodeId): void {
    const claim = this.#claims.get(vip);
    if (!claim?.wanted) return;
    claim.wanted = false;
    claim.successor = successor;
    if (this.gate.owned.includes(vip)) this.gate.withdraw(vip);
    this.#dropClosed(now);
  }

  /** Gives a claim up for a better-ranked claimant, if nothing can be open here. */
  yield(vip: Vip, now: number): boolean {
    const claim = this.#claims.get(vip);
    if (claim === undefined) return true;
    const yields = this.gate.closed(vip, now) && now >= claim.insistUntil;
    if (yields) this.release(vip, now);
    return yields;
  }

  /** Starts a beat if one is due: its token first, where something is claimed. Returns a beat that may leave at once. */
  start(now: number, group: Group): Pulse | undefined {
    if (now < this.#dueAt() || this.#arming !== undefined) return undefined;
    this.#nextBeatAt = now + this.#timing.beatMs;
    this.#seq += 1;
    const claims = this.#claimed ?? [...this.#claims.keys()];
    this.#claimed = claims;
    const pulse: Pulse = { seq: this.#seq, claims, hints: this.#hintsAt(now) };
    if (claims.length === 0) return this.#leave(pulse, group, now);
    this.#arming = { id: this.gate.arm(pulse.seq, this.#timing.gateMs), pulse, group };
    return undefined;
  }

  /** Takes the kernel's answer; a beat whose token is armed may leave. */
  kernelDone(id: number, ok: boolean, now: number): Pulse | undefined {
    const transaction = this.gate.done(id, ok);
    if (transaction !== undefined && !ok) this.#emit({ kind: 'report', report: { kind: 'kernelFailed', transaction } });
    if (ok && (transaction?.kind === 'confirm' || transaction?.kind === 'own')) this.#opened(transaction.owned);
    this.#dropClosed(now);
    if (this.#arming?.id !== id) return undefined;
    const { pulse, group } = this.#arming;
    this.#arming = undefined;
    return ok ? this.#leave(pulse, group, now) : undefined;
  }

  /** Counts a voter's promise, and gives up what no majority will promise. */
  acked(ack: Ack, now: number, better: (holder: NodeId, vip: Vip) => boolean): void {
    const sent = this.#sent.get(ack.seq);
    if (sent === undefined || ack.version !== sent.group.version || !sent.group.voters.includes(ack.from)) return;
    sent.acks.set(ack.from, new Set(ack.refused.map(({ vip }) => vip)));
    for (const refusal of ack.refused) this.#refused(sent, refusal, now, better);
    this.#confirm(sent, now);
    const heardByAll = sent.group.voters.every((voter) => sent.acks.has(voter));
    if (heardByAll && sent.seq >= (this.#releaseFrom ?? Number.POSITIVE_INFINITY)) this.#releaseFrom = undefined;
  }

  /** What is due by time alone. */
  tick(now: number): void {
    for (const sent of this.#sent.values()) {
      if (sent.confirmAt !== undefined && now >= sent.confirmAt) this.#confirm(sent, now);
    }
    this.#dropClosed(now);
  }

  /** When `tick` or `start` has something to do. */
  wakeAt(now: number): number {
    let at = this.#arming === undefined ? this.#dueAt() : Number.POSITIVE_INFINITY;
    for (const { confirmAt } of this.#sent.values()) if (confirmAt !== undefined) at = Math.min(at, confirmAt);
    for (const [vip, { wanted }] of this.#claims) if (!wanted) at = Math.min(at, this.gate.closedAt(vip));
    return Math.max(at, now);
  }

  /** Successors that the beats name, to whom they are sent besides the voters. */
  successors(now: number): readonly NodeId[] {
    return this.#hintsAt(now).map(({ to }) => to);
  }

  #leave(pulse: Pulse, group: Group, now: number): Pulse {
    const { seq, claims } = pulse;
    this.#releaseTries -= 1;
    this.#sent.set(seq, { seq, group, claims, sentAt: now, acks: new Map(), confirmAt: undefined });
    for (const old of this.#sent.values()) {
      if (now - old.sentAt > this.#timing.promiseMs) this.#sent.delete(old.seq);
    }
    return pulse;
  }

  #dueAt(): number {
    const newest = this.#sent.get(this.#seq);
    if (newest === undefined) return this.#nextBeatAt;
    if (this.#releaseFrom !== undefined && this.#releaseTries > 0) {
      return Math.min(this.#nextBeatAt, newest.sentAt + this.#timing.releaseMs);
    }
    const waiting = this.#countable(newest).some((vip) => !this.#carried(newest, vip));
    return waiting ? Math.min(this.#nextBeatAt, newest.sentAt + this.#timing.retryMs) : this.#nextBeatAt;
  }

  /** Claims of a beat that its acknowledgements may open. */
  #countable(sent: Sent): readonly Vip[] {
    return sent.claims.filter((vip) => {
      const claim = this.#claims.get(vip);
      return claim?.wanted === true && sent.seq >= claim.since;
    });
  }

  #carried(sent: Sent, vip: Vip): boolean {
    let promises = 0;
    for (const refused of sent.acks.values()) if (!refused.has(vip)) promises += 1;
    return promises >= majorityOf(sent.group.voters);
  }

  #confirm(sent: Sent, now: number): void {
    if (sent.seq < this.#confirmed) return;
    const countable = this.#countable(sent);
    const ready = countable.filter((vip) => this.#carried(sent, vip));
    if (ready.length === 0) return;
    if (ready.length < countable.length) {
      sent.confirmAt ??= now + this.#timing.gatherMs;
      if (now < sent.confirmAt) return;
    }
    sent.confirmAt = undefined;
    if (sent.seq === this.#confirmed && sameMembers(ready, this.gate.owned)) return;
    this.#confirmed = sent.seq;
    this.gate.confirm(sent.seq, ready, sent.sentAt + this.#timing.promiseMs);
  }

  #refused(
    sent: Sent,
    { vip, holder, remainingMs }: Refusal,
    now: number,
    better: (holder: NodeId, vip: Vip) => boolean,
  ): void {
    const claim = this.#claims.get(vip);
    if (!claim?.wanted || sent.seq < claim.since || now < claim.insistUntil) return;
    let refusals = 0;
    for (const refused of sent.acks.values()) if (refused.has(vip)) refusals += 1;
    const hopeless = refusals > sent.group.voters.length - majorityOf(sent.group.voters);
    if (!hopeless && !(this.gate.closed(vip, now) && better(holder, vip))) return;
    this.#emit({ kind: 'report', report: { kind: 'refused', vip, holder } });
    this.release(vip, now);
    this.holdOff(vip, now + remainingMs);
  }

  /** What was not owned before is announced to the neighbours. */
  #opened(owned: readonly Vip[]): void {
    const vips = owned.filter((vip) => !this.#open.has(vip) && this.#claims.get(vip)?.wanted);
    this.#open = new Set(owned);
    if (vips.length === 0) return;
    this.#emit({ kind: 'announce', vips });
    for (const vip of vips) this.#emit({ kind: 'report', report: { kind: 'opened', vip } });
  }

  #dropClosed(now: number): void {
    for (const [vip, { wanted, successor }] of this.#claims) {
      if (wanted || !this.gate.closed(vip, now)) continue;
      this.#claimed = undefined;
      this.#claims.delete(vip);
      if (successor !== undefined) {
        this.#hints.set(vip, { to: successor, until: now + this.#timing.hintMs });
        this.holdOff(vip, now + this.#timing.returnMs);
      }
      [this.#releaseFrom, this.#releaseTries] = [this.#seq + 1, releaseTries];
      this.#nextBeatAt = now;
      this.#emit({ kind: 'report', report: { kind: 'dropped', vip } });
    }
  }

  #hintsAt(now: number): readonly Hint[] {
    for (const [vip, { until }] of this.#hints) if (now >= until) this.#hints.delete(vip);
    return [...this.#hints].map(([vip, { to, until }]) => ({ vip, to, leftMs: until - now }));
  }
}

function sameMembers(a: readonly Vip[], b: readonly Vip[]): boolean {
  if (a.length !== b.length) return false;
  const members = new Set(b);
  return a.every((vip) => members.has(vip));
}
