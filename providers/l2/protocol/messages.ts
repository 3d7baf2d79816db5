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

/** Tells that an address was let go in favour of another node. */
export interface Hint {
  readonly vip: Vip;
  readonly to: NodeId;
  /** How long the hint will still be told, ms. */
  readonly leftMs: number;
}

/** A node tells the voters that it lives and what it claims; a set that lacks an address frees it. */
export interface Beat {
  readonly kind: 'beat';
  readonly from: NodeId;
  /** Incarnation of the sender: every start has a higher one. */
  readonly inc: number;
  /** Counts the beats of one incarnation; also the token at the sender's gate. */
  readonly seq: number;
  readonly group: Group;
  readonly claims: readonly Vip[];
  readonly hints: readonly Hint[];
  /** False: the sender may not take addresses over, because it leaves or is not healthy. */
  readonly eligible: boolean;
}

export interface Refusal {
  readonly vip: Vip;
  readonly holder: NodeId;
  /** How long the promise to the holder still runs, ms. */
  readonly remainingMs: number;
}

/** A voter's promise for all claims of one beat but those it refuses. */
export interface Ack {
  readonly kind: 'ack';
  readonly from: NodeId;
  readonly inc: number;
  readonly seq: number;
  /** Version of the group that the voter has on disk. */
  readonly version: number;
  readonly refused: readonly Refusal[];
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
  readonly vip: Vip;
}

/** Answer to a beat of an older group: the record that replaced it. */
export interface Regroup {
  readonly kind: 'regroup';
  readonly from: NodeId;
  readonly group: Group;
}

/** What nodes send one another; every one fits a datagram and may be lost, doubled or late. */
export type Message = Beat | Ack | Stale | Nudge | Regroup;

/** How many of so many voters make a majority. */
export function majorityOf(voters: readonly NodeId[]): number {
  return Math.floor(voters.length / 2) + 1;
}
