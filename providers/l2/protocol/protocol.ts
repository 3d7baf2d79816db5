import { ApiVote } from './api-vote.ts';
import type { Action, Disk, Emit, Event, Ranks, Report } from './events.ts';
import { GatewayVote } from './gateway-vote.ts';
import { Listener } from './listener.ts';
import { Membership } from './membership.ts';
import { type Beat, electorateOf, type Group, type Message, type NodeId, type Vip } from './messages.ts';
import type { Mode } from './modes.ts';
import { Owner } from './owner.ts';
import { Peers } from './peers.ts';
import type { Pulse } from './round.ts';
import { Standby } from './standby.ts';
import { noThirdVote, type ThirdVote, type ThirdVoteParts } from './third-vote.ts';
import type { Timing } from './timing.ts';
import { Voter } from './voter.ts';

/** One incarnation of a node; a node that learns of a newer one of itself begins another. */
interface Life {
  readonly inc: number;
  readonly owner: Owner;
  readonly resetId: number;
  /** There once the old gates are gone: nothing is sent before. */
  listener: Listener | undefined;
}

/**
 * One node of the protocol: owner, standby and voter. `step` takes an event with the node's clock and returns what is to be done;
 * the same events give the same actions.
 */
export class Protocol {
  readonly #self: NodeId;
  readonly #timing: Timing;
  readonly #membership: Membership;
  readonly #peers: Peers;
  readonly #standby: Standby;
  readonly #third: ThirdVote;
  #actions: Action[] = [];
  #life: Life | undefined;
  #ranks: Ranks = new Map();
  #eligible = true;
  #disk: Disk = { inc: 0, group: undefined };
  #beginAgainAt = Number.POSITIVE_INFINITY;
  #claimed = false;
  #answeredAt = 0;
  /** Until then this node does not rest. */
  #stirredUntil = 0;
  #reached: boolean | undefined;

  /** `mode`: what decides while the group has two voters, strict by default. */
  constructor(self: NodeId, timing: Timing, mode?: Mode) {
    this.#self = self;
    this.#timing = timing;
    this.#peers = new Peers(timing);
    this.#membership = new Membership(self, timing, this.#emit, (known) => this.#persist(known));
    this.#standby = new Standby(self, timing);
    this.#third = thirdVoteOf(mode, {
      self,
      timing,
      emit: this.#emit,
      owner: () => this.#life?.owner,
      silentMs: (now) => this.#peers.silentMs(this.#other ?? '', now),
    });
  }

  /** What this node claims, and whether it still wants it or only waits for its gate to close. */
  get claims(): ReadonlyMap<Vip, { readonly wanted: boolean }> {
    return this.#life?.owner.claims ?? new Map();
  }

  /** Not all voters have heard yet what was let go: without this node they would wait for its promises to end. */
  get releasing(): boolean {
    return this.#life?.owner.releasing ?? false;
  }

  get inc(): number {
    return this.#life?.inc ?? 0;
  }

  /** The record by which this node votes and counts votes. */
  get group(): Group | undefined {
    return this.#membership.group;
  }

  step(event: Event, now: number): readonly Action[] {
    this.#actions = [];
    this.#take(event, now);
    const { listener, owner } = this.#life ?? {};
    if (listener !== undefined && owner !== undefined) this.#proceed(owner, listener.voter, now);
    else if (this.#beginAgainAt < Number.POSITIVE_INFINITY) this.#beginAgain(now);
    if (this.#claimed) this.#persist({ fence: owner?.fences.highest ?? 0 });
    this.#claimed = false;
    return this.#actions;
  }

  readonly #emit: Emit = (action) => {
    if (action.kind === 'report' && action.report.kind === 'claimed') this.#claimed = true;
    this.#actions.push(action);
  };

  /** Who is not heard by enough others, or hears nothing, claims nothing: it could open nothing, and would keep others away. */
  get #fit(): boolean {
    return this.#eligible && (this.#reached !== false || (this.#third !== noThirdVote && this.#other !== undefined));
  }

  /** The other one of a group of two. */
  get #other(): NodeId | undefined {
    const { voters } = this.#membership;
    return voters.length === 2 && voters.includes(this.#self) ? voters.find((node) => node !== this.#self) : undefined;
  }

  #take(event: Event, now: number): void {
    const owner = this.#life?.owner;
    switch (event.kind) {
      case 'start': {
        const { inc = 0, group, settled = false, fence = 0 } = event.disk ?? {};
        this.#disk = { inc: Math.max(inc + 1, event.wallClockMs), group, settled, fence };
        this.#membership.load(group ?? event.group, settled, group === undefined);
        this.#persist({});
        return;
      }
      case 'persisted':
        this.#persisted(event.disk, now);
        return;
      case 'kernelDone':
        if (event.inc === this.inc) this.#kernelDone(event.id, event.ok, now);
        return;
      case 'received':
        this.#receive(event.message, now);
        return;
      case 'rank': {
        const gone = [...this.claims.keys()].filter((vip) => !event.ranks.has(vip));
        this.#ranks = event.ranks;
        this.#peers.know([...event.ranks.values()].flat());
        this.#stir(now, this.#timing.restMs);
        owner?.releaseAll(new Map(gone.map((vip) => [vip, undefined])), now);
        this.#standby.look();
        return;
      }
      case 'handOver':
        if (event.to !== this.#self) owner?.release(event.vip, now, event.to);
        return;
      case 'handOverAll':
        owner?.releaseAll(event.heirs, now);
        return;
      case 'eligible':
        this.#eligible = event.eligible;
        this.#stir(now, this.#timing.restMs);
        this.#standby.look();
        return;
      case 'regroup':
        this.#membership.offer(event.group, false);
        return;
      case 'rival':
        owner?.contest(event.vip, now);
        return;
      case 'vote':
      case 'probed':
        if (this.#third.take(event, now)) owner?.recount(now);
        return;
      case 'tick':
        owner?.tick(now);
    }
  }

  /** What may have become due: takeovers, the next beat, the next timer. */
  #proceed(owner: Owner, voter: Voter, now: number): void {
    const votes = this.#membership.votes(this.#self);
    if (votes && !voter.muted(now)) {
      this.#standby.lookAfter(voter.changes);
      const due = this.#standby.due(this.#ranks, owner, voter, this.#fit, this.#membership.voters, now);
      owner.claim(due.claims, now);
      for (const { to, vip } of due.nudges) {
        this.#send(to, { kind: 'nudge', from: this.#self, inc: voter.incOf(to), seq: voter.seqOf(to), vip });
      }
    }
    const { group, settled } = this.#membership;
    const pulse =
      group === undefined ? undefined : owner.start(now, { group, settled }, this.#rests(owner, voter, now));
    if (pulse !== undefined) this.#beat(pulse, now);
    this.#membership.tick(now);
    this.#third.proceed(this.#other !== undefined && !voter.muted(now), now);
    this.#tellQuorum(owner, voter, now);
    const rests = this.#rests(owner, voter, now);
    const at = Math.min(
      owner.wakeAt(now, rests),
      rests ? this.#sureUntil : Number.POSITIVE_INFINITY,
      rests && voter.overdueAt > now ? voter.overdueAt : Number.POSITIVE_INFINITY,
      voter.muted(now) ? voter.mutedUntil : votes ? this.#standby.lookAt : Number.POSITIVE_INFINITY,
      this.#membership.wakeAt(),
      this.#third.wakeAt(),
    );
    this.#emit({ kind: 'timer', at: Math.max(at, now) });
  }

  /** Each write holds the newest of everything, so that no later one takes an earlier one back. */
  #persist(part: Partial<Disk>): void {
    this.#disk = { ...this.#disk, ...part };
    this.#emit({ kind: 'persist', disk: this.#disk });
  }

  #persisted(disk: Disk, now: number): void {
    if (disk.inc > this.inc) {
      const owner: Owner = new Owner({
        self: this.#self,
        inc: disk.inc,
        timing: this.#timing,
        emit: this.#emit,
        fence: Math.max(disk.fence ?? 0, this.#life?.owner.fences.highest ?? 0),
        third: this.#third.counts,
        newestKeeps: () => this.#third instanceof GatewayVote && this.#other !== undefined,
      });
      this.#beginAgainAt = Number.POSITIVE_INFINITY;
      this.#life = { inc: disk.inc, owner, resetId: owner.gate.reset(), listener: undefined };
    }
    if (disk.group !== undefined) this.#membership.persisted(disk.group, disk.settled ?? false, now);
  }

  #kernelDone(id: number, ok: boolean, now: number): void {
    const life = this.#life;
    if (life === undefined) return;
    const pulse = life.owner.kernelDone(id, ok, now);
    if (id === life.resetId && ok) this.#begin(life, now);
    else if (id === life.resetId) this.#beginAgainAt = now + this.#timing.beatMs;
    if (pulse !== undefined) this.#beat(pulse, now);
  }

  #begin(life: Life, now: number): void {
    this.#peers.started(now);
    // Nobody answers before the first silence of all is over.
    this.#answeredAt = now + this.#timing.promiseMs;
    this.#stir(now, this.#timing.restMs);
    life.listener = new Listener({
      self: this.#self,
      inc: life.inc,
      timing: this.#timing,
      owner: life.owner,
      voter: new Voter(this.#self, this.#timing, now),
      membership: this.#membership,
      peers: this.#peers,
      send: (to, message) => this.#send(to, message),
      mayClaim: (vip) => this.#eligible && (this.#ranks.get(vip)?.includes(this.#self) ?? false),
      better: (node, vip) => this.#better(node, vip),
      look: () => this.#standby.look(),
      stir: (at) => this.#stir(at, this.#timing.promiseMs),
    });
    this.#standby.look();
  }

  /** The kernel refused the first act of this incarnation, perhaps because it knows a higher one: another one tries. */
  #beginAgain(now: number): void {
    if (now >= this.#beginAgainAt) {
      this.#beginAgainAt = Number.POSITIVE_INFINITY;
      this.#persist({ inc: this.inc + 1 });
    } else this.#emit({ kind: 'timer', at: this.#beginAgainAt });
  }

  /** The own vote is a vote like any other, with the same promise. */
  #beat(pulse: Pulse, now: number): void {
    const { group, settled, novice } = this.#membership;
    const life = this.#life;
    if (group === undefined || life?.listener === undefined) return;
    const known = this.#peers.incs(group, this.#self, life.inc);
    const eligible = this.#fit;
    const idle = pulse.claims.length === 0 && life.owner.idle;
    const restful = idle && this.#restful(life.owner, life.listener.voter, now);
    const quiet = idle && !novice && group.voters.length > 2 && this.#sure(now);
    const flags = { settled, novice, eligible, quiet, restful };
    const beat: Beat = { kind: 'beat', from: this.#self, inc: life.inc, group, known, ...flags, ...pulse };
    const to = new Set([...group.voters, ...group.previous, ...pulse.hints.map((hint) => hint.to)]);
    const urgent = pulse.fencings.some(({ open }) => open) ? `${pulse.seq}` : '';
    for (const node of this.#peers.audience(pulse.claims, `${eligible} ${restful} ${urgent}`, now)) to.add(node);
    to.delete(this.#self);
    const round = life.owner.newest;
    if (this.#membership.promises(this.#self)) life.listener.vote(beat, now);
    for (const node of to) this.#send(node, beat);
    if (round !== undefined) this.#third.sent(round, now);
  }

  /** Whether nothing is wanted of the others: nothing is claimed, and every owner was heard in time. Of two, each watches the other. */
  #restful(owner: Owner, voter: Voter, now: number): boolean {
    const { group, settled, novice } = this.#membership;
    if (group === undefined || group.voters.length <= 2 || !owner.idle) return false;
    // Without a vote it hears owners once in a while only, and is told by those who miss one.
    return !electorateOf(group).includes(this.#self) || (settled && !novice && now < voter.overdueAt);
  }

  /** Whether this node says nothing now: nobody needs it, and it was heard not long ago. */
  #rests(owner: Owner, voter: Voter, now: number): boolean {
    return now >= this.#stirredUntil && this.#sure(now) && this.#restful(owner, voter, now);
  }

  #sure(now: number): boolean {
    return this.#reached === true && now < this.#sureUntil;
  }

  /** A node that claims nothing asks once in a while to be acknowledged, and then with each beat until it is: so it knows whether it is heard. */
  get #sureUntil(): number {
    return this.#answeredAt + this.#timing.restMs - this.#timing.retryMs;
  }

  #stir(now: number, forMs: number): void {
    this.#stirredUntil = Math.max(this.#stirredUntil, now + forMs);
  }

  #receive(message: Message, now: number): void {
    const listener = this.#life?.listener;
    if (listener === undefined || message.from === this.#self) return;
    if (message.kind === 'stale' && message.knownInc > this.inc) {
      this.#report({ kind: 'stale', knownInc: message.knownInc });
      this.#persist({ inc: message.knownInc + 1 });
    }
    listener.hear(message, now);
  }

  /** Tells once when what this node says is acknowledged no more, and when it is again. */
  #tellQuorum(owner: Owner, voter: Voter, now: number): void {
    const { newest } = owner;
    const answered = newest?.answered() ? (owner.idle ? newest.sentAt : now) : 0;
    this.#answeredAt = Math.max(this.#answeredAt, this.#alone(owner, now) ? now : answered);
    const patience = owner.claims.size > 0 ? 0 : this.#timing.restMs + this.#timing.promiseMs;
    const reached = now - this.#answeredAt < this.#timing.promiseMs + patience;
    if (reached === this.#reached || (voter.muted(now) && !reached)) return;
    this.#reached = reached;
    this.#standby.look();
    this.#report({ kind: 'quorum', reached, silent: reached ? [] : (newest?.silent() ?? []) });
  }

  #alone(owner: Owner, now: number): boolean {
    const { newest } = owner;
    const [vip] = newest?.pulse.claims ?? [];
    return newest !== undefined && vip !== undefined && this.#other !== undefined && newest.carries(vip, now);
  }

  /** Whether another node comes before this one in the plan. */
  #better(node: NodeId, vip: Vip): boolean {
    const order = this.#ranks.get(vip) ?? [];
    const [theirs, ours] = [order.indexOf(node), order.indexOf(this.#self)];
    return theirs >= 0 && (ours < 0 || theirs < ours);
  }

  #send(to: NodeId, message: Message): void {
    this.#emit({ kind: 'send', to, message });
  }

  #report(report: Report): void {
    this.#emit({ kind: 'report', report });
  }
}

function thirdVoteOf(mode: Mode | undefined, parts: ThirdVoteParts): ThirdVote {
  if (mode === 'api') return new ApiVote(parts);
  return mode === 'available' ? new GatewayVote(parts) : noThirdVote;
}
