/** The words between those who run a node that announces and the thread in which it runs. Plain data. */
import type { Refusal } from './intake.ts';
import type { Range } from './kernel/gate-text.ts';
import type { InterfaceChoice } from './kernel/interfaces.ts';
import type { Report, VoteAnswer, VoteRequest } from './protocol/events.ts';
import type { Group, NodeId, Vip } from './protocol/messages.ts';
import type { Mode } from './protocol/modes.ts';
import type { Said } from './word-exchange.ts';

/** Another node and where it hears datagrams. */
export interface Peer {
  readonly name: NodeId;
  readonly address: string;
  readonly port: number;
}

/** What changes while a node runs: the addresses it knows and who should have each, best first. */
export interface Addresses {
  /** Guarded on every node: requests for these are answered by their owner only. */
  readonly pools: readonly Range[];
  readonly ranks: readonly (readonly [Vip, readonly NodeId[]])[];
  /** Addresses that are announced on some interfaces only, by name, `*` for any text; those that are not listed: on all that announce. */
  readonly bound?: readonly (readonly [Vip, readonly string[]])[];
  /** Where a proxy of this machine serves: while it answers at none of these, the node takes no address and gives away what it has. */
  readonly probes?: readonly Place[];
}

/** An address and a port of TCP. */
export type Place = readonly [Vip, number];

/** One node that announces, as its thread gets it; plain data. */
export interface SpeakerOptions extends Addresses {
  readonly node: NodeId;
  readonly peers: readonly Peer[];
  readonly listen: { readonly address: string; readonly port: number };
  /** The same on all nodes: 16 bytes or more. */
  readonly secret: string;
  /** Tells groups of nodes on one network apart. */
  readonly cluster: string;
  /** Who votes, where nothing is on disk. */
  readonly group: Group;
  /** What decides while two vote; the same on all nodes. Strict where absent. */
  readonly mode?: Mode;
  /** Only votes: needs no gates, no capability, and announces nothing. */
  readonly witness?: boolean;
  readonly beatMs?: number;
  readonly interfaces: InterfaceChoice;
  readonly stateDir: string;
  /** Without nft's gates: two nodes may answer after a death. */
  readonly ungated?: boolean;
  /** What this machine says of the addresses that it gives. Absent: nothing yet. */
  readonly words?: Words;
  /** How often addresses that are owned are announced again, ms; 0: never. */
  readonly refreshMs?: number;
}

/** About addresses, not understood here, with the version of each other machine's words that were taken in. */
export interface Words {
  readonly words: string;
  readonly taken: readonly (readonly [NodeId, string])[];
}

/** What a node tells those who run it. */
export type News =
  | { readonly kind: 'report'; readonly report: Report; readonly atMs: number }
  /** It runs: its gates are there, it accepts what it can, and is a candidate. */
  | { readonly kind: 'ready' }
  /** It does not run and will not by itself. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Interfaces that announce, and why each other one does not. */
  | {
      readonly kind: 'interfaces';
      readonly announcing: readonly string[];
      readonly passed: readonly (readonly [string, string])[];
    }
  /** Addresses that cannot be taken here, with the reason; empty when all can. */
  | { readonly kind: 'unaccepted'; readonly vips: readonly (readonly [Vip, string])[] }
  /** Addresses that somebody else had when they were to be used for the first time, with his Ethernet address; empty when there are none. */
  | { readonly kind: 'taken'; readonly vips: readonly (readonly [Vip, string])[] }
  | { readonly kind: 'gatesMended' }
  /** Since it was told last, address → how many: questions that the kernel has answered, and frames that told the network of it. */
  | {
      readonly kind: 'counted';
      readonly answered: readonly (readonly [Vip, number])[];
      readonly announced: readonly (readonly [Vip, number])[];
    }
  /** Somebody else says that an address is his which is open here; it is announced again against him. `node`: he is one of ours. */
  | { readonly kind: 'conflict'; readonly vip: Vip; readonly mac: string; readonly node?: NodeId }
  | { readonly kind: 'trouble'; readonly what: string; readonly error: string }
  /** What another node's beats claim, and whether it may take more; told when it differs, and when the node falls silent: then of nothing. */
  | { readonly kind: 'claims'; readonly node: NodeId; readonly vips: readonly Vip[]; readonly eligible: boolean }
  /** Peers that are not heard, and since when in wall-clock ms; told when other ones are. */
  | { readonly kind: 'silent'; readonly nodes: readonly (readonly [NodeId, number])[] }
  /** Whether a proxy of this machine answers where `probes` says. */
  | { readonly kind: 'served'; readonly served: boolean; readonly reason: string }
  /** Datagrams that were not taken, of one address and for one reason, since it was told last. */
  | { readonly kind: 'dropped'; readonly why: Refusal; readonly from: string; readonly count: number }
  /** What another machine says of the addresses that it gives. */
  | { readonly kind: 'said'; readonly said: Said }
  /** A question to whoever keeps the third vote of two nodes; the order `vote` answers it. */
  | { readonly kind: 'vote'; readonly request: VoteRequest }
  | { readonly kind: 'closed' };

/** What those tell it. */
export type Order =
  | { readonly kind: 'addresses'; readonly addresses: Addresses }
  /** Nodes that have joined or left. */
  | { readonly kind: 'peers'; readonly peers: readonly Peer[] }
  | { readonly kind: 'eligible'; readonly eligible: boolean }
  | ({ readonly kind: 'say' } & Words)
  | { readonly kind: 'regroup'; readonly group: Group }
  | { readonly kind: 'vote'; readonly answer: VoteAnswer }
  | { readonly kind: 'handOver'; readonly vip: Vip; readonly to: NodeId }
  /** Hands everything over and takes nothing more; false: takes again. */
  | { readonly kind: 'drain'; readonly draining?: boolean }
  /** leave: as a kill would, for a restart. withdraw: after a drain, and nothing of weir stays in the kernel. */
  | { readonly kind: 'close'; readonly how: 'leave' | 'withdraw' };
