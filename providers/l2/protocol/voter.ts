import type { Beat, NodeId, Refusal, Vip } from './messages.ts';
import type { Timing } from './timing.ts';

interface Sender {
  inc: number;
  seq: number;
  /** When the promise to this sender ends; one for all that it holds, so a beat renews any number of addresses alike. */
  deadline: number;
  heardAt: number;
  eligible: boolean;
}

/** What a voter makes of a beat. */
export type Hearing =
  | { readonly kind: 'granted'; readonly refused: readonly Refusal[] }
  /** A replay, a late beat, or one heard before promises may be given. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'stale'; readonly knownInc: number };

/** Whether this node gives its own claim up for a better-ranked sender; only if its gate is surely closed. */
export type Yields = (vip: Vip, sender: NodeId) => boolean;

/** The memory of one voter: which address it promised to whom, and until when. Forgotten at a restart, therefore mute for one promise. */
export class Voter {
  readonly mutedUntil: number;
  readonly #self: NodeId;
  readonly #timing: Timing;
  readonly #senders = new Map<NodeId, Sender>();
  readonly #holders = new Map<Vip, NodeId>();
  readonly #freeAt = new Map<Vip, number>();

  constructor(self: NodeId, timing: Timing, now: number) {
    this.#self = self;
    this.#timing = timing;
    this.mutedUntil = now + timing.promiseMs;
  }

  muted(now: number): boolean {
    return now < this.mutedUntil;
  }

  /** The clock is read before the answer leaves, so the promise outlives every gate that the answer opens. */
  hear(beat: Beat, now: number, yields: Yields): Hearing {
    const sender = this.#senders.get(beat.from) ?? this.#meet(beat.from);
    if (beat.inc < sender.inc) return { kind: 'stale', knownInc: sender.inc };
    if (beat.inc > sender.inc) {
      // A new incarnation closed the gates of the old one before its first message.
      this.#freeAll(beat.from, new Set(), now);
      sender.inc = beat.inc;
      sender.seq = 0;
    }
    if (beat.seq <= sender.seq) return { kind: 'silent' };
    sender.seq = beat.seq;
    sender.heardAt = now;
    sender.eligible = beat.eligible;
    this.#freeAll(beat.from, new Set(beat.claims), now);
    const refused: Refusal[] = [];
    for (const vip of beat.claims) {
      const holder = this.#holders.get(vip);
      if (
        holder === undefined ||
        holder === beat.from ||
        this.#free(holder, now) ||
        this.#yielded(vip, holder, beat, yields)
      ) {
        this.#holders.set(vip, beat.from);
      } else {
        refused.push({ vip, holder, remainingMs: this.#deadline(holder) - now });
      }
    }
    sender.deadline = now + this.#timing.promiseMs;
    return this.muted(now) ? { kind: 'silent' } : { kind: 'granted', refused };
  }

  /** A sign of life of a node whose beat does not count here. */
  notice(beat: Beat, now: number): void {
    const sender = this.#senders.get(beat.from) ?? this.#meet(beat.from);
    if (beat.inc < sender.inc || (beat.inc === sender.inc && beat.seq <= sender.seq)) return;
    sender.heardAt = now;
    sender.eligible = beat.eligible;
  }

  /** The earliest time at which an address may be promised to another node. */
  availableAt(vip: Vip): number {
    const holder = this.#holders.get(vip);
    return holder === undefined ? (this.#freeAt.get(vip) ?? this.mutedUntil) : this.#deadline(holder);
  }

  /** Heard within one promise, and willing to take addresses over. */
  candidate(node: NodeId, now: number): boolean {
    const sender = this.#senders.get(node);
    if (sender === undefined || !sender.eligible) return false;
    return now - sender.heardAt < this.#timing.promiseMs;
  }

  #meet(node: NodeId): Sender {
    const sender: Sender = { inc: 0, seq: 0, deadline: 0, heardAt: Number.NEGATIVE_INFINITY, eligible: false };
    this.#senders.set(node, sender);
    return sender;
  }

  #deadline(holder: NodeId): number {
    return this.#senders.get(holder)?.deadline ?? 0;
  }

  #free(holder: NodeId, now: number): boolean {
    return now >= this.#deadline(holder);
  }

  #yielded(vip: Vip, holder: NodeId, beat: Beat, yields: Yields): boolean {
    return holder === this.#self && yields(vip, beat.from);
  }

  /** Frees what a node holds beyond the set it claims. */
  #freeAll(node: NodeId, but: ReadonlySet<Vip>, now: number): void {
    for (const [vip, holder] of this.#holders) {
      if (holder !== node || but.has(vip)) continue;
      this.#holders.delete(vip);
      this.#freeAt.set(vip, now);
    }
  }
}
