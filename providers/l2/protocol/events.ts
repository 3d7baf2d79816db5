import type { Group, Message, NodeId, Vip } from './messages.ts';

/** What a node keeps on disk; written before it is acted on, never on the path of a beat. */
export interface Disk {
  readonly inc: number;
  /** Absent as long as the node has not learned what it may vote on. */
  readonly group: Group | undefined;
  /** Nothing before this group counts any more. */
  readonly settled?: boolean;
  /** The highest number of a claim that was known. */
  readonly fence?: number;
}

/** Address → who should have it, best first: the owner and its standbys. A hint that costs time where nodes differ, never safety. */
export type Ranks = ReadonlyMap<Vip, readonly NodeId[]>;

/** The one record that holds the third vote of two nodes; it is changed by compare-and-swap only. */
export interface VoteRecord {
  readonly holder: NodeId | '';
  /** The highest number of a claim that its holder knew. */
  readonly fence: number;
  /** Differs after every write. */
  readonly revision: string;
}

/** What is asked of whoever keeps that record; a swap without a revision makes it. */
export type VoteRequest =
  | { readonly id: number; readonly kind: 'read' }
  | {
      readonly id: number;
      readonly kind: 'swap';
      readonly revision: string | undefined;
      readonly holder: NodeId | '';
      readonly fence: number;
    };

/** `record`: as it is now, after a read or a swap that was done; absent: there is none yet. `failed`: it may have been done or not. */
export type VoteAnswer =
  | { readonly id: number; readonly kind: 'record'; readonly record: VoteRecord | undefined }
  | { readonly id: number; readonly kind: 'conflict' }
  | { readonly id: number; readonly kind: 'failed'; readonly reason: string };

/** What happens to a node. `now` is its own monotonic clock in ms. */
export type Event =
  /** Without a disk the wall clock makes the incarnation, which no datagram of an earlier one may fit. */
  | { readonly kind: 'start'; readonly disk: Disk | undefined; readonly wallClockMs: number; readonly group: Group }
  | { readonly kind: 'tick' }
  | { readonly kind: 'received'; readonly message: Message }
  /** Transactions complete in the order in which they were given; one that failed changed nothing. `inc` as in the action. */
  | { readonly kind: 'kernelDone'; readonly inc: number; readonly id: number; readonly ok: boolean }
  | { readonly kind: 'persisted'; readonly disk: Disk }
  | { readonly kind: 'rank'; readonly ranks: Ranks }
  | { readonly kind: 'handOver'; readonly vip: Vip; readonly to: NodeId }
  /** Many at once, by one transaction; none to this node itself. */
  | { readonly kind: 'handOverAll'; readonly heirs: ReadonlyMap<Vip, NodeId> }
  /** Whether this node may take addresses over; what it has it keeps until it is handed over. */
  | { readonly kind: 'eligible'; readonly eligible: boolean }
  | { readonly kind: 'regroup'; readonly group: Group }
  /** Somebody else was heard to say that an address of this node is his. */
  | { readonly kind: 'rival'; readonly vip: Vip }
  | { readonly kind: 'vote'; readonly answer: VoteAnswer }
  /** Whether anybody answered for the address that a probe asked for. */
  | { readonly kind: 'probed'; readonly id: number; readonly answered: boolean };

/** One atomic change of the kernel's gates. The gate of an address is open while `cur` is among the living armed tokens and it is among `owned`. */
export type Transaction =
  /** Delete every table of an older incarnation and make one's own, closed. */
  | { readonly kind: 'reset'; readonly inc: number }
  /** Add a token that dies `gateMs` after the kernel added it. */
  | { readonly kind: 'arm'; readonly token: number; readonly gateMs: number }
  /** Set `cur` and `owned`. */
  | { readonly kind: 'confirm'; readonly token: number; readonly owned: readonly Vip[] }
  /** Set `owned` and leave `cur`. */
  | { readonly kind: 'own'; readonly owned: readonly Vip[] };

/** What a node tells those who watch it. */
export type Report =
  /** `fence` orders the claims of an address, of all nodes: the newest has the highest. */
  | { readonly kind: 'claimed'; readonly vip: Vip; readonly fence: number }
  | { readonly kind: 'dropped' | 'opened'; readonly vip: Vip }
  | { readonly kind: 'refused'; readonly vip: Vip; readonly holder: NodeId }
  /** Another node answers for it by a newer claim; it is given up at once. */
  | { readonly kind: 'outdone'; readonly vip: Vip; readonly by: NodeId; readonly fence: number }
  /** Majorities of this group and the one before have it on disk, and every promise of before has ended: the next record may be written. */
  | { readonly kind: 'settled'; readonly version: number }
  /** The record that counts here from now on. */
  | { readonly kind: 'group'; readonly group: Group }
  /** A record that cannot follow the present one, or another of the same version; it is not taken. */
  | { readonly kind: 'groupRefused'; readonly group: Group; readonly reason: string }
  /** Whether this voter votes; one that began without a disk does when it has heard enough of the others. */
  | { readonly kind: 'member'; readonly votes: boolean; readonly waitsFor: readonly NodeId[] }
  /** Whether enough voters acknowledge what this node says; without, it answers for nothing. */
  | { readonly kind: 'quorum'; readonly reached: boolean; readonly silent: readonly NodeId[] }
  /** Whether the third vote of two nodes stands in for the other one. */
  | { readonly kind: 'alone'; readonly alone: boolean }
  | { readonly kind: 'stale'; readonly knownInc: number }
  | { readonly kind: 'kernelFailed'; readonly transaction: Transaction };

/** What a node wants done, in this order. */
export type Action =
  | { readonly kind: 'send'; readonly to: NodeId; readonly message: Message }
  | { readonly kind: 'kernel'; readonly id: number; readonly inc: number; readonly transaction: Transaction }
  | { readonly kind: 'persist'; readonly disk: Disk }
  /** Gratuitous announcements for addresses whose gate has opened. */
  | { readonly kind: 'announce'; readonly vips: readonly Vip[] }
  | { readonly kind: 'vote'; readonly request: VoteRequest }
  /** Whether anybody on the network answers for the gateway, or for an address; without an answer for `withinMs`, nobody does. */
  | { readonly kind: 'probe'; readonly id: number; readonly target: Vip | 'gateway'; readonly withinMs: number }
  /** The next tick; replaces the one before. */
  | { readonly kind: 'timer'; readonly at: number }
  | { readonly kind: 'report'; readonly report: Report };

export type Emit = (action: Action) => void;
