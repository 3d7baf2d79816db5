import type { Event, VoteAnswer, VoteRecord } from './events.ts';
import type { NodeId, Vip } from './messages.ts';
import type { Round } from './round.ts';
import type { ThirdVote, ThirdVoteParts } from './third-vote.ts';

interface Asked {
  readonly id: number;
  readonly sentAt: number;
  /** Undefined: the record was asked for only. */
  readonly holder: NodeId | '' | undefined;
}

/** So long after the last swap was sent the vote lasts for its holder; the other one waits a little longer, by its own clock. */
const lastsMs = 10_000;
const untouchedMs = 10_500;
const renewMs = 3000;
const lookAgainMs = 500;
const retryMs = 200;
/** A question without an answer is given up after this span; whether it was done is not known then. */
const giveUpMs = 3000;

/**
 * The third vote of two nodes as one record elsewhere, empty in normal times. Who hears nothing of the other takes it by compare-and-swap, and
 * gives it back when the other is there again. It is never on the way of a beat: while both are there nothing is asked.
 */
export class ApiVote implements ThirdVote {
  readonly #parts: ThirdVoteParts;
  #record: VoteRecord | undefined;
  /** What the record is was heard, and nothing was tried since that may have changed it. */
  #known = false;
  /** Since when the record is as it is, as far as it was seen. */
  #seenAt = 0;
  /** When the swap was sent by which it is held. */
  #heldFrom: number | undefined;
  /** Every gate that it helped to open has closed by then. */
  #usedUntil = Number.NEGATIVE_INFINITY;
  #pending: Asked | undefined;
  #askAt = 0;
  #ids = 0;
  #wakeAt = Number.POSITIVE_INFINITY;
  #alone = false;

  constructor(parts: ThirdVoteParts) {
    this.#parts = parts;
  }

  readonly counts = (round: Round, _vip: Vip, now: number): boolean => {
    const { gateMs, promiseMs } = this.#parts.timing;
    if (this.#heldFrom === undefined || !this.#silent(now)) return false;
    if (round.sentAt + gateMs > this.#heldFrom + lastsMs) return false;
    this.#usedUntil = Math.max(this.#usedUntil, round.sentAt + promiseMs);
    return true;
  };

  sent(): void {}

  take(event: Event, now: number): boolean {
    const asked = this.#pending;
    if (event.kind !== 'vote' || asked === undefined || event.answer.id !== asked.id) return false;
    this.#pending = undefined;
    this.#answered(event.answer, asked, now);
    return this.#heldFrom !== undefined;
  }

  proceed(active: boolean, now: number): void {
    this.#wakeAt = Number.POSITIVE_INFINITY;
    const claims = this.#parts.owner()?.claims.size ?? 0;
    const needs = active && claims > 0 && this.#silent(now);
    this.#tell(needs && this.#heldFrom !== undefined);
    if (this.#pending !== undefined) {
      this.#wakeAt = this.#pending.sentAt + giveUpMs;
      if (now < this.#wakeAt) return;
      this.#pending = undefined;
      this.#known = false;
    }
    if (!active && this.#record?.holder !== this.#parts.self) return;
    const at = this.#dueAt(needs);
    if (now < at) this.#wakeAt = at;
    else this.#ask(needs, now);
  }

  wakeAt(): number {
    return this.#wakeAt;
  }

  #silent(now: number): boolean {
    return this.#parts.silentMs(now) >= 2 * this.#parts.timing.beatMs;
  }

  #dueAt(needs: boolean): number {
    const mine = this.#record?.holder === this.#parts.self;
    if (!this.#known) return this.#askAt;
    if (!needs) return mine ? Math.max(this.#askAt, this.#usedUntil) : Number.POSITIVE_INFINITY;
    return this.#heldFrom === undefined ? this.#askAt : Math.max(this.#askAt, this.#heldFrom + renewMs);
  }

  #ask(needs: boolean, now: number): void {
    const { self, emit, owner } = this.#parts;
    this.#ids += 1;
    const id = this.#ids;
    const holder = this.#record?.holder ?? '';
    const others = holder !== '' && holder !== self;
    if (!this.#known || (needs && others && now < this.#seenAt + untouchedMs)) {
      this.#pending = { id, sentAt: now, holder: undefined };
      this.#askAt = now + lookAgainMs;
      emit({ kind: 'vote', request: { id, kind: 'read' } });
      return;
    }
    // Given back from now on, whatever the answer will be.
    if (!needs) this.#heldFrom = undefined;
    const next = needs ? self : '';
    const fence = Math.max(this.#record?.fence ?? 0, owner()?.fences.highest ?? 0);
    this.#pending = { id, sentAt: now, holder: next };
    emit({ kind: 'vote', request: { id, kind: 'swap', revision: this.#record?.revision, holder: next, fence } });
  }

  #answered(answer: VoteAnswer, asked: Asked, now: number): void {
    const swapped = asked.holder !== undefined;
    switch (answer.kind) {
      case 'failed':
        this.#askAt = now + retryMs;
        if (swapped) this.#known = false;
        return;
      case 'conflict':
        [this.#known, this.#heldFrom, this.#askAt] = [false, undefined, now];
        return;
      case 'record': {
        const { record } = answer;
        const mine = record?.holder === this.#parts.self;
        if (record?.revision !== this.#record?.revision) this.#seenAt = now;
        this.#parts.owner()?.fences.hear(record?.fence ?? 0);
        [this.#record, this.#known] = [record, true];
        if (!mine) this.#heldFrom = undefined;
        else if (swapped) this.#heldFrom = asked.sentAt;
        // What was learned is acted on at once; what belongs to the other is looked at again after a while.
        if (swapped || mine || (record?.holder ?? '') === '') this.#askAt = now;
      }
    }
  }

  #tell(alone: boolean): void {
    if (alone === this.#alone) return;
    this.#alone = alone;
    this.#parts.emit({ kind: 'report', report: { kind: 'alone', alone } });
  }
}
