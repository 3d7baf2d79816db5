import type { Event } from './events.ts';
import type { Vip } from './messages.ts';
import type { Round, Third } from './round.ts';
import type { ThirdVote, ThirdVoteParts } from './third-vote.ts';

/** An address is free when nobody answers for so long; asked so soon after a beat that the gateway answered, the answer is good for so long. */
const probeMs = 30;
const probeWithinMs = 120;
const probeGoodMs = 100;

/** Addresses that are asked for at once: their answers are counted together. */
interface Batch {
  left: number;
  free: boolean;
}

type Asked = { readonly round: Round } | { readonly vip: Vip; readonly batch: Batch };

/**
 * The gateway's answer as the third vote of two nodes: who reaches it while the other is silent goes on alone. An address that is not open
 * here is asked for first: the other node's kernel answers while its gate is open, even if its process hangs. **Not safe** where the two
 * cannot see each other and both see the gateway: both may answer until they do again.
 */
export class GatewayVote implements ThirdVote {
  readonly #parts: ThirdVoteParts;
  readonly #asked = new Map<number, Asked>();
  /** Beats that the gateway answered. */
  readonly #reached = new WeakSet<Round>();
  readonly #freeUntil = new Map<Vip, number>();
  readonly #probing = new Set<Vip>();
  #ids = 0;
  #alone = false;

  constructor(parts: ThirdVoteParts) {
    this.#parts = parts;
  }

  readonly counts: Third = (round, vip, now) => {
    if (!this.#reached.has(round)) return false;
    if (this.#open(vip, now)) return this.#silent(now);
    return this.#gone(now) && now < (this.#freeUntil.get(vip) ?? 0);
  };

  sent(round: Round, now: number): void {
    if (this.#silent(now) && round.pulse.claims.length > 0) this.#ask('gateway', this.#parts.timing.beatMs, { round });
  }

  take(event: Event, now: number): boolean {
    if (event.kind !== 'probed') return false;
    const asked = this.#asked.get(event.id);
    this.#asked.delete(event.id);
    if (asked === undefined) return false;
    if ('vip' in asked) {
      this.#probing.delete(asked.vip);
      const { vip, batch } = asked;
      if (event.answered) this.#freeUntil.delete(vip);
      else this.#freeUntil.set(vip, now + probeGoodMs);
      batch.left -= 1;
      batch.free ||= !event.answered;
      return batch.left === 0 && batch.free;
    }
    if (!event.answered) return false;
    this.#reached.add(asked.round);
    if (this.#gone(now) && now <= asked.round.sentAt + probeWithinMs) this.#probe(asked.round, now);
    return true;
  }

  proceed(active: boolean, now: number): void {
    const alone = active && this.#silent(now) && (this.#parts.owner()?.gate.owned.length ?? 0) > 0;
    if (alone === this.#alone) return;
    this.#alone = alone;
    this.#parts.emit({ kind: 'report', report: { kind: 'alone', alone } });
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY;
  }

  #silent(now: number): boolean {
    return this.#parts.silentMs(now) >= this.#parts.timing.gateMs / 2;
  }

  #gone(now: number): boolean {
    return this.#parts.silentMs(now) >= this.#parts.timing.promiseMs;
  }

  #open(vip: Vip, now: number): boolean {
    const { promiseMs, gateMs } = this.#parts.timing;
    return this.#parts.owner()?.gate.surelyOpen(vip, now, promiseMs - gateMs) ?? false;
  }

  #probe(round: Round, now: number): void {
    const batch: Batch = { left: 0, free: false };
    for (const vip of round.pulse.claims) {
      const needed = !this.#open(vip, now) && now >= (this.#freeUntil.get(vip) ?? 0);
      if (!needed || this.#probing.has(vip) || this.#parts.owner()?.claims.get(vip)?.wanted !== true) continue;
      this.#probing.add(vip);
      batch.left += 1;
      this.#ask(vip, probeMs, { vip, batch });
    }
  }

  #ask(target: Vip | 'gateway', withinMs: number, asked: Asked): void {
    this.#ids += 1;
    this.#asked.set(this.#ids, asked);
    this.#parts.emit({ kind: 'probe', id: this.#ids, target, withinMs });
  }
}
