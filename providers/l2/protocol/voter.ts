import { outranks, readFencings } from './fences.ts';
import type { Beat, NodeId, Refusal, Vip } from './messages.ts';
import type { Timing } from './timing.ts';

interface Sender {
  inc: number;
  seq: number;
  /** When the promise to this sender ends; one for all that it holds, so a beat renews any number of addresses alike. */
  deadline: number;
  heardAt: number;
  eligible: boolean;
  /** What it said last is that it may say nothing for a while. */
  restful: boolean;
  /** How many addresses are promised to it. */
  holds: number;
  /** The claims that it holds all of, if nothing of that has changed since; the same array stands for the same set. */
  held: readonly Vip[] | undefined;
}

/** What a beat is by its number: a replay or a late one is no news, and an older incarnation is told of the newer. */
export type Meeting = 'news' | 'late' | 'stale';

/** A voter's promise: for all claims of the beat but those refused. */
export interface Promised {
  readonly refused: readonly Refusal[];
  /** Numbers of claims are missing here. */
  readonly needs: boolean;
}

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
  /** The highest number of a claim that a promise was given to, and whose it was. */
  readonly #fences = new Map<Vip, { readonly fence: number; readonly node: NodeId }>();
  /** Claims whose numbers are all known. */
  readonly #complete = new Map<NodeId, readonly Vip[]>();
  #changes = 0;

  constructor(self: NodeId, timing: Timing, now: number) {
    this.#self = self;
    this.#timing = timing;
    this.mutedUntil = now + timing.promiseMs;
  }

  muted(now: number): boolean {
    return now < this.mutedUntil;
  }

  /** Counts what may make it another node's turn. */
  get changes(): number {
    return this.#changes;
  }

  /** The newest incarnation of a node that was heard; 0: none. */
  incOf(node: NodeId): number {
    return this.#senders.get(node)?.inc ?? 0;
  }

  /** The last beat of a node. */
  seqOf(node: NodeId): number {
    return this.#senders.get(node)?.seq ?? 0;
  }

  /** Takes note of a beat that may or may not count here; what it claims is left to `grant`. */
  meet(beat: Beat, now: number): Meeting {
    const sender = this.#senders.get(beat.from) ?? this.#add(beat.from);
    if (beat.inc < sender.inc) return 'stale';
    if (beat.inc > sender.inc) {
      // A new incarnation closed the gates of the old one before its first message.
      this.#freeAll(beat.from, new Set(), now);
      sender.inc = beat.inc;
      sender.seq = 0;
      sender.held = undefined;
    }
    if (beat.seq <= sender.seq) return 'late';
    if (beat.eligible !== sender.eligible || now - sender.heardAt >= this.#patience(sender)) {
      this.#changes += 1;
    }
    sender.seq = beat.seq;
    sender.heardAt = now;
    sender.eligible = beat.eligible;
    sender.restful = beat.restful;
    return 'news';
  }

  /** Registers the claims of a beat that is news. The clock is read before the answer leaves, so the promise outlives every gate that the answer opens; undefined: nothing may be promised yet. */
  grant(beat: Beat, now: number, yields: Yields): Promised | undefined {
    const sender = this.#senders.get(beat.from) ?? this.#add(beat.from);
    const numbers = readFencings(beat);
    const refused: Refusal[] = [];
    if (sender.held !== beat.claims || numbers.size > 0) {
      this.#freeAll(beat.from, new Set(beat.claims), now);
      for (const vip of beat.claims) {
        const refusal = this.#register(vip, beat, numbers.get(vip)?.fence, now, yields);
        if (refusal !== undefined) refused.push(refusal);
      }
      sender.held = refused.length === 0 ? beat.claims : undefined;
    }
    sender.deadline = now + this.#timing.promiseMs;
    return this.muted(now) ? undefined : { refused, needs: this.#lacks(beat) };
  }

  /** The earliest time at which an address may be promised to another node. */
  availableAt(vip: Vip): number {
    const holder = this.#holders.get(vip);
    return holder === undefined ? (this.#freeAt.get(vip) ?? this.mutedUntil) : this.#deadline(holder);
  }

  /** Whether anybody was ever heard to have an address. */
  knows(vip: Vip): boolean {
    return this.#holders.has(vip) || this.#freeAt.has(vip);
  }

  /** Heard within one promise, and willing to take addresses over. Who rests speaks again when an owner is overdue, so it may be silent until then only. */
  candidate(node: NodeId, now: number): boolean {
    const sender = this.#senders.get(node);
    if (sender === undefined || !sender.eligible) return false;
    const silentMs = now - sender.heardAt;
    return silentMs < this.#timing.promiseMs || (silentMs < this.#patience(sender) && now < this.overdueAt);
  }

  /** When the first of those that hold something should have been heard once more. */
  get overdueAt(): number {
    const { beatMs, retryMs } = this.#timing;
    let at = Number.POSITIVE_INFINITY;
    for (const [node, { holds, heardAt }] of this.#senders)
      if (holds > 0 && node !== this.#self) at = Math.min(at, heardAt + beatMs + retryMs);
    return at;
  }

  #register(vip: Vip, beat: Beat, fence: number | undefined, now: number, yields: Yields): Refusal | undefined {
    const known = this.#fences.get(vip);
    const holder = this.#holders.get(vip);
    if (holder !== beat.from) {
      const remainingMs = holder === undefined ? 0 : this.#deadline(holder) - now;
      if (holder !== undefined && remainingMs > 0 && !this.#yielded(vip, holder, beat, yields)) {
        return { vip, holder, remainingMs, fence: known?.fence ?? 0 };
      }
      const older =
        known !== undefined && known.node !== beat.from && !outranks({ fence: fence ?? 0, node: beat.from }, known);
      if (older) return { vip, holder: known.node, remainingMs: 0, fence: known.fence };
      if (!this.knows(vip)) this.#changes += 1;
      this.#hold(vip, beat.from);
    }
    if (fence !== undefined) this.#fences.set(vip, { fence, node: beat.from });
    return undefined;
  }

  #lacks(beat: Beat): boolean {
    const sender = this.#senders.get(beat.from);
    if (sender?.held === undefined || this.#complete.get(beat.from) === sender.held) return false;
    const lacks = beat.claims.some((vip) => this.#fences.get(vip)?.node !== beat.from);
    if (!lacks) this.#complete.set(beat.from, sender.held);
    return lacks;
  }

  #add(node: NodeId): Sender {
    const heardAt = Number.NEGATIVE_INFINITY;
    const flags = { eligible: false, restful: false };
    const sender: Sender = { inc: 0, seq: 0, deadline: 0, heardAt, ...flags, holds: 0, held: undefined };
    this.#senders.set(node, sender);
    return sender;
  }

  /** Promises an address to a node, or to nobody. */
  #hold(vip: Vip, node: NodeId | undefined): void {
    const [before, after] = [this.#holders.get(vip), node].map((one) => this.#senders.get(one ?? ''));
    if (before !== undefined) {
      before.holds -= 1;
      before.held = undefined;
    }
    if (after !== undefined) after.holds += 1;
    if (node === undefined) this.#holders.delete(vip);
    else this.#holders.set(vip, node);
  }

  #patience({ restful }: Sender): number {
    return this.#timing.promiseMs + (restful ? this.#timing.restMs : 0);
  }

  #deadline(holder: NodeId): number {
    return this.#senders.get(holder)?.deadline ?? 0;
  }

  #yielded(vip: Vip, holder: NodeId, beat: Beat, yields: Yields): boolean {
    return holder === this.#self && yields(vip, beat.from);
  }

  /** Frees what a node holds beyond the set it claims. */
  #freeAll(node: NodeId, but: ReadonlySet<Vip>, now: number): void {
    for (const [vip, holder] of this.#holders) {
      if (holder !== node || but.has(vip)) continue;
      this.#hold(vip, undefined);
      this.#freeAt.set(vip, now);
      this.#changes += 1;
    }
  }
}
