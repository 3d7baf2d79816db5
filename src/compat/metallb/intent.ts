import type { AnnounceRule, Pool } from '../../model/index.ts';

/** What MetalLB's objects mean, all of a cluster together. */
export interface MetallbIntent {
  readonly pools: readonly Pool[];
  readonly layer2: readonly Layer2Advertisement[];
  readonly bgp: BgpIntent;
}

/** Label selectors as kubectl takes them, one of which must select. Absent: everything. */
export type Selectors = readonly string[];

/** Who announces which pools on the local network; weights are 1 to 100. */
export type Layer2Advertisement = AnnounceRule;

/** Kept as it is written for whoever announces by BGP. */
export interface BgpIntent {
  readonly advertisements: readonly BgpAdvertisement[];
  readonly peers: readonly BgpPeer[];
  readonly profiles: readonly BfdProfile[];
  /** Alias → `65000:100` or `large:65000:1:2`. */
  readonly communities: ReadonlyMap<string, string>;
}

export interface BgpAdvertisement {
  readonly name: string;
  /** Absent: all. */
  readonly pools?: readonly string[];
  /** Prefix lengths under which addresses are announced together. */
  readonly aggregation: { readonly ipv4: number; readonly ipv6: number };
  readonly localPref?: number;
  /** Values, aliases resolved. */
  readonly communities: readonly string[];
  readonly nodeSelectors?: Selectors;
  readonly serviceSelectors?: Selectors;
  /** Names of peers; absent: all. */
  readonly peers?: readonly string[];
}

export interface BgpPeer {
  readonly name: string;
  readonly asn: number;
  /** As the peer shall see us, where it differs. */
  readonly localAsn?: number;
  /** internal, external: whatever number the peer says. */
  readonly peerAsn: number | 'internal' | 'external';
  readonly at: { readonly address: string } | { readonly interface: string };
  readonly port: number;
  readonly sourceAddress?: string;
  readonly routerId?: string;
  readonly holdMs: number;
  readonly keepaliveMs: number;
  readonly connectMs?: number;
  readonly nodeSelectors?: Selectors;
  /** Name of the Secret (type basic-auth) with the password; a password that stands in the object itself is not kept here. */
  readonly passwordSecret?: string;
  readonly hasPassword: boolean;
  readonly bfdProfile?: string;
  readonly multiHop: boolean;
  readonly gracefulRestart: boolean;
  readonly vrf?: string;
  readonly bothFamilies: boolean;
}

export interface BfdProfile {
  readonly name: string;
  readonly receiveMs?: number;
  readonly transmitMs?: number;
  readonly multiplier?: number;
  readonly echoMs?: number;
  readonly echo: boolean;
  readonly passive: boolean;
  readonly minimumTtl?: number;
}
