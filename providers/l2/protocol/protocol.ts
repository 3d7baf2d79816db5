import type { Action, Disk, Emit, Event, Ranks, Report } from './events.ts';
import { Membership } from './membership.ts';
import type { Ack, Beat, Group, Message, NodeId, Vip } from './messages.ts';
import { Owner, type Pulse } from './owner.ts';
import { Standby } from './standby.ts';
import type { Timing } from './timing.ts';
import { Voter } from './voter.ts';

/** One incarnation of a node; a node that learns of a newer one of itself begins another. */
interface Life {
  readonly inc: number;
  readonly owner: Owner;
  readonly resetId: number;
  /** There once the old gates are gone: nothing is sent before. */
  voter: Voter | undefined;
}

/**
 * One node of the protocol: owner, standby and voter. `step` takes an event with the node's clock and returns what is to be done;
 * the same events give the same actions.
 */
export class Protocol {
  readonly #self: NodeId;
  readonly #timing: Timing;
  readonly #membership: Membership;
  #actions: Action[] = [];
  #life: Life | undefined;
  #ranks: Ranks = new Map();
  #eligible = true;
  #disk: Disk = { inc: 0, group: undefined };
  #standby: Standby;

  constructor(self: NodeId, timing: Timing) {
    this.#self = self;
    this.#timing = timing;
    this.#membership = new Membership(self, timing, this.#emit, (group) => this.#persist({ group }));
    this.#standby = new Standby(self, timing);
  }

  /** What this node claims, and whether it still wants it or only waits for its gate to close. */
  get claims(): ReadonlyMap<Vip, { readonly wanted: boolean }> {
    return this.#life?.owner.claims ?? new Map();
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
    const { voter, owner } = this.#life ?? {};
    if (voter !== undefined && owner !== undefined) this.#proceed(owner, voter, now);
    return this.#actions;
  }

  readonly #emit: Emit = (action) => {
    this.#actions.push(action);
  };

  #take(event: Event, now: number): void {
    switch (event.kind) {
      case 'start':
        this.#membership.load(event.disk?.group ?? event.group);
        this.#persist({
          inc: Math.max((event.disk?.inc ?? 0) + 1, event.wallClockS),
          group: event.disk?.group ?? event.group,
        });
        return;
      case 'persisted':
        this.#persisted(event.disk, now);
        return;
      case 'kernelDone':
        if (event.inc === this.inc) this.#kernelDone(event.id, event.ok, now);
        return;
      case 'received':
        this.#receive(event.message, now);
        return;
      case 'rank':
        this.#ranks = event.ranks;
        for (const vip of this.claims.keys()) if (!event.ranks.has(vip)) this.#life?.owner.release(vip, now);
        this.#standby.look();
        return;
      case 'handOver':
        if (event.to !== this.#self) this.#life?.owner.release(event.vip, now, event.to);
        return;
      case 'eligible':
        this.#eligible = event.eligible;
        this.#standby.look();
        return;
      case 'regroup':
        this.#membership.offer(event.group);
        return;
      case 'tick':
        this.#life?.owner.tick(now);
    }
  }

  /** What may have become due: takeovers, the next beat, the next timer. */
  #proceed(owner: Owner, voter: Voter, now: number): void {
    const votes = this.#membership.votes(this.#self);
    if (votes && !voter.muted(now)) {
      const due = this.#standby.due(this.#ranks, owner, voter, this.#eligible, this.#membership.voters, now);
      for (const vip of due.claims) owner.claim(vip, now);
      for (const { to, vip } of due.nudges) this.#send(to, { kind: 'nudge', from: this.#self, vip });
    }
    const group = this.#membership.group;
    const pulse = group === undefined ? undefined : owner.start(now, group);
    if (pulse !== undefined) this.#beat(pulse, now);
    const at = Math.min(
      owner.wakeAt(now),
      voter.muted(now) ? voter.mutedUntil : votes ? this.#standby.lookAt : Number.POSITIVE_INFINITY,
      this.#membership.wakeAt(now),
    );
    this.#membership.tick(now);
    this.#emit({ kind: 'timer', at: Math.max(at, now) });
  }

  /** Each write holds the newest of everything, so that no later one takes an earlier one back. */
  #persist(part: Partial<Disk>): void {
    this.#disk = { ...this.#disk, ...part };
    this.#emit({ kind: 'persist', disk: this.#disk });
  }

  #persisted(disk: Disk, now: number): void {
    if (disk.inc > this.inc) {
      const owner = new Owner(disk.inc, this.#timing, this.#emit);
      this.#life = { inc: disk.inc, owner, resetId: owner.gate.reset(), voter: undefined };
    }
    if (disk.group !== undefined) this.#membership.adopt(disk.group, now);
  }

  #kernelDone(id: number, ok: boolean, now: number): void {
    const life = this.#life;
    if (life === undefined) return;
    const pulse = life.owner.kernelDone(id, ok, now);
    if (id === life.resetId && ok) {
      life.voter = new Voter(this.#self, this.#timing, now);
      this.#standby.look();
    }
    if (pulse !== undefined) this.#beat(pulse, now);
  }

  /** The own vote is a vote like any other, with the same promise. */
  #beat(pulse: Pulse, now: number): void {
    const { group } = this.#membership;
    const life = this.#life;
    if (group === undefined || life?.voter === undefined) return;
    const beat: Beat = { kind: 'beat', from: this.#self, inc: life.inc, group, eligible: this.#eligible, ...pulse };
    const to = new Set([...group.voters, ...group.previous, ...life.owner.successors(now)]);
    to.delete(this.#self);
    if (this.#membership.votes(this.#self)) this.#vote(beat, life.owner, life.voter, now);
    for (const node of to) this.#send(node, beat);
  }

  #receive(message: Message, now: number): void {
    const { voter, owner } = this.#life ?? {};
    if (voter === undefined || owner === undefined || message.from === this.#self) return;
    switch (message.kind) {
      case 'beat':
        this.#hearBeat(message, owner, voter, now);
        return;
      case 'ack':
        this.#membership.seen(message.from, message.version, now);
        if (message.inc === this.inc) this.#acked(message, owner, now);
        return;
      case 'stale':
        if (message.knownInc <= this.inc) return;
        this.#report({ kind: 'stale', knownInc: message.knownInc });
        this.#persist({ inc: message.knownInc + 1 });
        return;
      case 'nudge':
        if (this.#mayClaim(message.vip) && now >= owner.notBefore(message.vip) && !voter.muted(now)) {
          owner.claim(message.vip, now);
        }
        return;
      case 'regroup':
        this.#membership.offer(message.group);
    }
  }

  #hearBeat(beat: Beat, owner: Owner, voter: Voter, now: number): void {
    const verdict = this.#membership.judge(beat, now);
    if (verdict === 'old' && this.#membership.group !== undefined) {
      this.#send(beat.from, { kind: 'regroup', from: this.#self, group: this.#membership.group });
    }
    if (verdict === 'same' && this.#membership.votes(this.#self)) this.#vote(beat, owner, voter, now);
    else voter.notice(beat, now);
    for (const { vip, to, leftMs } of beat.hints) {
      if (beat.claims.includes(vip)) continue;
      if (to === this.#self) {
        if (this.#mayClaim(vip) && !voter.muted(now)) owner.claim(vip, now, now + this.#timing.insistMs);
      } else {
        owner.holdOff(vip, now + leftMs - (this.#timing.hintMs - this.#timing.holdOffMs));
      }
    }
    this.#standby.look();
  }

  #vote(beat: Beat, owner: Owner, voter: Voter, now: number): void {
    const hearing = voter.hear(beat, now, (vip, sender) => this.#better(sender, vip) && owner.yield(vip, now));
    if (hearing.kind === 'stale') {
      this.#send(beat.from, { kind: 'stale', from: this.#self, knownInc: hearing.knownInc });
    }
    if (hearing.kind !== 'granted') return;
    const version = this.#membership.group?.version ?? 0;
    const ack: Ack = { kind: 'ack', from: this.#self, inc: beat.inc, seq: beat.seq, version, refused: hearing.refused };
    if (beat.from === this.#self) this.#acked(ack, owner, now);
    else this.#send(beat.from, ack);
  }

  #acked(ack: Ack, owner: Owner, now: number): void {
    owner.acked(ack, now, (holder, vip) => this.#better(holder, vip));
    if (ack.refused.length > 0) this.#standby.look();
  }

  #mayClaim(vip: Vip): boolean {
    return this.#eligible && (this.#ranks.get(vip)?.includes(this.#self) ?? false);
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
