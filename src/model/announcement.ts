/** Who announces addresses on the local network: what owners of pools ask for, who is there to do it, and who does. Plain JSON. */
import type { KnownNamespace, Pool } from './pool.ts';
import type { ServiceId } from './service.ts';

/** Which pools are announced, from where; several rules for one pool add up. */
export interface AnnounceRule {
  readonly name: string;
  /** Names of pools. Absent: all. */
  readonly pools?: readonly string[];
  /** Label selectors as kubectl takes them, one of which must select the node. Absent: every node. */
  readonly nodeSelectors?: readonly string[];
  /** One of them must select the service, and the service must share its address with nobody. Absent: every service. */
  readonly serviceSelectors?: readonly string[];
  /** Names of interfaces. Absent: all. */
  readonly interfaces?: readonly string[];
  /** The sum of the weights of those that select a node ranks it among the nodes of the rule. */
  readonly preferences: readonly { readonly weight: number; readonly selector: string }[];
  /** How its owner finds it, e.g. `L2Advertisement/metallb-system/lan`. */
  readonly source: string;
}

/** A machine on which a weir announces, as its cluster knows it. */
export interface Announcer {
  readonly node: string;
  /** Where the others reach it. */
  readonly address: string;
  readonly port?: number;
}

/** Addresses for services, and who may announce them. What is absent is not there; the same arrays while they are the same. */
export interface Network {
  /** Pools of addresses. */
  readonly pools?: readonly Pool[];
  /** Which of them are announced, from where. */
  readonly announcements?: readonly AnnounceRule[];
  /** Machines on which weirs announce, as a source finds them that was told how; empty: it finds none now. */
  readonly announcers?: readonly Announcer[];
  /** By whose labels pools choose whom they serve. */
  readonly namespaces?: readonly KnownNamespace[];
}

/** What of it one balancer has to do with, beside its services. */
export interface NetworkOfBalancer extends Network {
  /** Services that another balancer takes, too: the same set while it holds the same. */
  readonly shared?: ReadonlySet<ServiceId>;
}

/** One address of a service, as the machine that tells it sees it. */
export interface AnnouncedAddress {
  readonly address: string;
  /** The node that answers for it; absent: nobody is known to. */
  readonly owner?: string;
  /** This machine does. */
  readonly own: boolean;
  /** Since when, wall-clock milliseconds. */
  readonly sinceMs?: number;
  /** Names of interfaces on which this machine answers; empty while it does not. */
  readonly interfaces: readonly string[];
  /** Nodes that may answer, best first. */
  readonly candidates: readonly string[];
  /** Every other node that announces, and why it may not. */
  readonly others: readonly { readonly node: string; readonly reason: string }[];
}
