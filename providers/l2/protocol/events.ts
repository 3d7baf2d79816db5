import type { Group, Message, NodeId, Vip } from './messages.ts';

/** What a node keeps on disk; written before it is acted on, never on the path of a beat. */
export interface Disk {
  readonly inc: number;
  readonly group: Group | undefined;
}

/** Address → who should have it, best first: the owner and its standbys. A hint that costs time where nodes differ, never safety. */
export type Ranks = ReadonlyMap<Vip, readonly NodeId[]>;

/** What happens to a node. `now` is its own monotonic clock in ms. */
export type Event =
  | { readonly kind: 'start'; readonly disk: Disk | undefined; readonly wallClockS: number; readonly group: Group }
  | { readonly kind: 'tick' }
  | { readonly kind: 'received'; readonly message: Message }
  /** Transactions complete in the order in which they were given; one that failed changed nothing. `inc` as in the action. */
  | { readonly kind: 'kernelDone'; readonly inc: number; readonly id: number; readonly ok: boolean }
  | { readonly kind: 'persisted'; readonly disk: Disk }
  | { readonly kind: 'rank'; readonly ranks: Ranks }
  | { readonly kind: 'handOver'; readonly vip: Vip; readonly to: NodeId }
  /** Whether this node may take addresses over; what it has it keeps until it is handed over. */
  | { readonly kind: 'eligible'; readonly eligible: boolean }
  | { readonly kind: 'regroup'; readonly group: Group };

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
  | { readonly kind: 'claimed' | 'dropped' | 'opened'; readonly vip: Vip }
  | { readonly kind: 'refused'; readonly vip: Vip; readonly holder: NodeId }
  /** Majorities of this group and the one before have it on disk, and every promise of before has ended: the next record may be written. */
  | { readonly kind: 'settled'; readonly version: number }
  /** A record that cannot follow the present one, or another of the same version; it is not taken. */
  | { readonly kind: 'groupRefused'; readonly group: Group; readonly reason: string }
  | { readonly kind: 'stale'; readonly knownInc: number }
  | { readonly kind: 'kernelFailed'; readonly transaction: Transaction };

/** What a node wants done, in this order. */
export type Action =
  | { readonly kind: 'send'; readonly to: NodeId; readonly message: Message }
  | { readonly kind: 'kernel'; readonly id: number; readonly inc: number; readonly transaction: Transaction }
  | { readonly kind: 'persist'; readonly disk: Disk }
  /** Gratuitous announcements for addresses whose gate has opened. */
  | { readonly kind: 'announce'; readonly vips: readonly Vip[] }
  /** The next tick; replaces the one before. */
  | { readonly kind: 'timer'; readonly at: number }
  | { readonly kind: 'report'; readonly report: Report };

export type Emit = (action: Action) => void;
