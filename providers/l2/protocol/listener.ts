import { readFencings } from './fences.ts';
import type { Membership } from './membership.ts';
import { type Ack, type Beat, electorateOf, type Message, type NodeId, type Vip } from './messages.ts';
import type { Owner } from './owner.ts';
import type { Peers } from './peers.ts';
import type { Timing } from './timing.ts';
import type { Voter } from './voter.ts';

/** What a listener has of its node. */
export interface ListenerParts {
  readonly self: NodeId;
  readonly inc: number;
  readonly timing: Timing;
  readonly owner: Owner;
  readonly voter: Voter;
  readonly membership: Membership;
  readonly peers: Peers;
  readonly send: (to: NodeId, message: Message) => void;
  readonly mayClaim: (vip: Vip) => boolean;
  /** Whether another node comes before this one in the plan. */
  readonly better: (node: NodeId, vip: Vip) => boolean;
  /** It may be somebody's turn to take an address. */
  readonly look: () => void;
  /** Somebody who has nothing himself misses an owner, or is new: who rests is wanted. */
  readonly stir: (now: number) => void;
}

/** What one incarnation of a node makes of what the others say. */
export class Listener {
  readonly #parts: ListenerParts;
  /** Claims of a node that were compared with the own ones. */
  readonly #compared = new Map<NodeId, { readonly theirs: readonly Vip[]; readonly open: readonly Vip[] }>();

  constructor(parts: ListenerParts) {
    this.#parts = parts;
  }

  get voter(): Voter {
    return this.#parts.voter;
  }

  hear(message: Message, now: number): void {
    const { owner, voter, membership, peers, inc } = this.#parts;
    switch (message.kind) {
      case 'beat':
        this.#hearBeat(message, now);
        return;
      case 'ack':
        if (message.inc !== inc) return;
        peers.acked(message.from, now);
        this.#acked(message, now);
        return;
      case 'hello':
        peers.hello(message.from, message.inc);
        return;
      case 'nudge': {
        const current = message.inc === inc && message.seq + oldestNudge >= (owner.newest?.pulse.seq ?? 0);
        if (current && this.#parts.mayClaim(message.vip) && now >= owner.notBefore(message.vip) && !voter.muted(now)) {
          owner.claim([message.vip], now);
        }
        return;
      }
      case 'regroup':
        membership.follow(message, now);
        return;
      case 'stale':
    }
  }

  /** Gives the own vote for a beat that is news, and answers it; the own beats are voted on like others. */
  vote(beat: Beat, now: number): void {
    const { self, voter, owner, membership } = this.#parts;
    if (beat.from === self && voter.meet(beat, now) !== 'news') return;
    const yields = (vip: Vip, sender: NodeId) => this.#parts.better(sender, vip) && owner.yield(vip, now);
    const promised = voter.grant(beat, now, yields);
    if (promised === undefined) return;
    const version = membership.group?.version ?? 0;
    const { inc, seq } = beat;
    const ack: Ack = { kind: 'ack', from: self, inc, seq, version, fence: owner.fences.highest, ...promised };
    if (beat.from === self) this.#acked(ack, now);
    else if (!beat.quiet) this.#parts.send(beat.from, ack);
  }

  #hearBeat(beat: Beat, now: number): void {
    const { self, inc, owner, voter, membership, peers, send } = this.#parts;
    const mine = electorateOf(beat.group).indexOf(self);
    const fresh = mine >= 0 && beat.known[mine] === inc;
    const standing = membership.judge(beat, fresh, now);
    if (standing === 'old' && membership.group !== undefined && peers.mayAnswer('regroup', beat.from, now)) {
      send(beat.from, { kind: 'regroup', from: self, group: membership.group, settled: membership.settled });
    }
    if (standing === 'same' && mine >= 0 && !fresh) {
      // A replay of what was said to an earlier incarnation, or the sender does not know yet that this one has begun.
      if (peers.mayAnswer('hello', beat.from, now)) send(beat.from, { kind: 'hello', from: self, inc });
      return;
    }
    const meeting = voter.meet(beat, now);
    if (meeting === 'stale' && peers.mayAnswer('stale', beat.from, now)) {
      send(beat.from, { kind: 'stale', from: self, knownInc: voter.incOf(beat.from) });
    }
    if (meeting !== 'news') return;
    if (!beat.restful && beat.claims.length === 0) this.#parts.stir(now);
    owner.fences.hear(beat.fence);
    this.#compare(beat, now);
    if (standing === 'same' && membership.promises(self)) this.vote(beat, now);
    const kept = new Set(beat.hints.length > 0 ? beat.claims : []);
    const given = beat.hints.flatMap(({ vips, to, leftMs }) =>
      vips.filter((vip) => !kept.has(vip)).map((vip) => ({ vip, to, leftMs })),
    );
    this.#follow(
      given.flatMap(({ vip, to }) => (to === self ? [vip] : [])),
      now,
    );
    for (const { vip, to, leftMs } of given) {
      if (to !== self) owner.holdOff(vip, now + leftMs - (this.#parts.timing.hintMs - this.#parts.timing.holdOffMs));
    }
    if (beat.hints.length > 0) this.#parts.look();
  }

  /** All at once, so that they share a number. */
  #follow(vips: readonly Vip[], now: number): void {
    const { owner, voter, timing, mayClaim } = this.#parts;
    if (!voter.muted(now)) owner.claim(vips.filter(mayClaim), now, now + timing.insistMs);
  }

  /** Two that answer for one address: the older claim gives way to the newer one. */
  #compare(beat: Beat, now: number): void {
    const { owner, peers } = this.#parts;
    if (owner.claims.size === 0) return;
    if (beat.fencings.length > 0) {
      const theirs = new Set(beat.claims);
      const newer = [...readFencings(beat)].filter(([vip, { open }]) => open && theirs.has(vip));
      owner.outdone(new Map(newer.map(([vip, { fence }]) => [vip, fence])), beat.from, now);
    }
    const open = owner.gate.owned;
    const before = this.#compared.get(beat.from);
    if (before?.theirs === beat.claims && before.open === open) return;
    const mine = new Set(open);
    const both = beat.claims.filter((vip) => mine.has(vip));
    if (both.length === 0) this.#compared.set(beat.from, { theirs: beat.claims, open });
    else if (peers.mayAnswer('contest', beat.from, now)) for (const vip of both) owner.contest(vip, now);
  }

  #acked(ack: Ack, now: number): void {
    const group = this.#parts.owner.acked(ack, now, this.#parts.better);
    if (group !== undefined) this.#parts.membership.acked(ack.from, group);
    if (ack.refused.length > 0) this.#parts.look();
  }
}

/** A standby that was heard so many beats ago is not nudged by what was said to it then: 40 a second at most leave. */
const oldestNudge = 100;
