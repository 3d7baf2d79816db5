/** A node's name, the same in every message and every record. */
export type NodeId = string;

/** An address in canonical text; one lease each. */
export type Vip = string;

/** Who votes. A record replaces the one before it, from which it differs by one voter at most. */
export interface Group {
  /** Counts the records, from 1. */
  readonly version: number;
  readonly voters: readonly NodeId[];
  /** Voters of the record before, empty in the first. */
  readonly previous: readonly NodeId[];
}

/** Tells that addresses were let go in favour of another node. */
export interface Hint {
  readonly vips: readonly Vip[];
  readonly to: NodeId;
  /** How long the hint will still be told, ms. */
  readonly leftMs: number;
}

/** What orders the claims of one address: a later claim has a higher number than every one that was known before. */
export interface Fencing {
  readonly fence: number;
  /** Whether the sender's gate was confirmed under it: only then may another give way. */
  readonly open: boolean;
  readonly vips: readonly Vip[];
}

/** A node tells the voters that it lives and what it claims; a set that lacks an address frees it. The others hear it at every change and once in a while. */
export interface Beat {
  readonly kind: 'beat';
  readonly from: NodeId;
  /** Incarnation of the sender: every start has a higher one. */
  readonly inc: number;
  /** Counts the beats of one incarnation; also the token at the sender's gate. */
  readonly seq: number;
  readonly group: Group;
  /** The sender knows that nothing before this group counts any more. */
  readonly settled: boolean;
  /** The sender began without a disk and has not learned yet what it may vote on. */
  readonly novice: boolean;
  /** Incarnations of the group's electorate as the sender knows them, 0 for none: a voter takes no beat that was not made for its own one. */
  readonly known: readonly number[];
  readonly claims: readonly Vip[];
  /** Nothing to promise and nothing to learn: heard, and not answered. */
  readonly quiet: boolean;
  /** Claims nothing and hears every owner in time: it may say nothing for a while, and wants no more of the others. */
  readonly restful: boolean;
  /** The highest number that the sender knows of any claim. */
  readonly fence: number;
  /** Numbers of those claims that a voter may not have heard of, or that another claims too. */
  readonly fencings: readonly Fencing[];
  readonly hints: readonly Hint[];
  /** False: the sender may not take addresses over, because it leaves or is not healthy. */
  readonly eligible: boolean;
}

export interface Refusal {
  readonly vip: Vip;
  readonly holder: NodeId;
  /** How long the promise to the holder still runs, ms. 0: it runs no more, and only the number of the claim is too low. */
  readonly remainingMs: number;
  /** The number of the holder's claim, as far as the voter knows it. */
  readonly fence: number;
}

/** A voter's promise for all claims of one beat but those it refuses. */
export interface Ack {
  readonly kind: 'ack';
  readonly from: NodeId;
  readonly inc: number;
  readonly seq: number;
  /** Version of the group that the voter has on disk. */
  readonly version: number;
  /** The highest number that the voter knows of any claim. */
  readonly fence: number;
  /** The voter does not know the numbers of all these claims. */
  readonly needs: boolean;
  readonly refused: readonly Refusal[];
}

/** A voter's answer to a beat that was not made for its incarnation: a replay, or it has started since. */
export interface Hello {
  readonly kind: 'hello';
  readonly from: NodeId;
  readonly inc: number;
}

/** Answer to a beat of an incarnation that is not the newest known. */
export interface Stale {
  readonly kind: 'stale';
  readonly from: NodeId;
  readonly knownInc: number;
}

/** A voter tells a standby that does not vote that an address is free. */
export interface Nudge {
  readonly kind: 'nudge';
  readonly from: NodeId;
  /** The standby's incarnation and its last beat that the voter heard, so that an old nudge moves nobody. */
  readonly inc: number;
  readonly seq: number;
  readonly vip: Vip;
}

/** Answer to a beat of an older group: the record that replaced it. */
export interface Regroup {
  readonly kind: 'regroup';
  readonly from: NodeId;
  readonly group: Group;
  readonly settled: boolean;
}

/** What nodes send one another; every one fits a datagram and may be lost, doubled or late. */
export type Message = Beat | Ack | Hello | Stale | Nudge | Regroup;

/** All whose promises may be needed: the voters and, until the record is settled, those of before. */
export function electorateOf({ voters, previous }: Group): readonly NodeId[] {
  return [...voters, ...previous.filter((node) => !voters.includes(node))];
}

/** How many of so many voters make a majority. */
export function majorityOf(voters: readonly NodeId[]): number {
  return Math.floor(voters.length / 2) + 1;
}

/** Whether two records say the same; one that is not there is the same as none. */
export function sameRecord(a: Group | undefined, b: Group | undefined): boolean {
  if (a === undefined || b === undefined || a.version !== b.version) return a === b;
  return a === b || (sameNames(a.voters, b.voters) && sameNames(a.previous, b.previous));
}

function sameNames(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}
