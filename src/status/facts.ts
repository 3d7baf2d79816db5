/** What is known of services when their status is decided: plain data, put together by whoever knows balancers and sources. */
import type { AnnouncedAddress, PoolState, Problem, ServiceId } from '../model/index.ts';
import type { TargetHealth } from './gated-pods.ts';

export interface StatusPort {
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** One entry of `status.loadBalancer.ingress`: an address or a host name. */
export interface StatusAddress {
  readonly ip?: string;
  readonly hostname?: string;
  /** How packets arrive at nodes; absent: as the server has it by default (VIP). */
  readonly ipMode?: 'VIP' | 'Proxy';
  readonly ports: readonly StatusPort[];
}

/** The condition `Programmed`: whether the service is reachable as it is wanted, and if not, why. */
export interface Programmed {
  readonly status: boolean;
  /** CamelCase, or a code without its `E_`. */
  readonly reason: string;
  readonly message: string;
}

export interface ServiceFacts {
  readonly id: ServiceId;
  /** Where it is reachable now. Empty while nothing is known: then what was published before stays. */
  readonly addresses: readonly StatusAddress[];
  readonly programmed: Programmed;
  /** Its addresses are out of pools. */
  readonly pooled?: true;
  /** Name of the pool of its address, where that is written down at the object. */
  readonly pool?: string;
  /** Nobody serves it: what was published is taken back. */
  readonly unserved: boolean;
  /** Something of it lives longer than its object would: a finalizer holds the object until that is gone. */
  readonly outlives: boolean;
  /** After a start not everything has been looked at: what was said before is not taken back for what may only not be known yet. */
  readonly settling: boolean;
}

export interface Facts {
  /** Addresses that this machine and others announce, by service; absent: none. */
  readonly announced?: ReadonlyMap<ServiceId, readonly AnnouncedAddress[]>;
  readonly services: ReadonlyMap<ServiceId, ServiceFacts>;
  /** How full each pool is that this weir gives addresses out of; absent: it gives none. */
  readonly pools?: readonly PoolState[];
  /** Services that are not reached where their objects should be told, and why. */
  readonly unreached: readonly Problem[];
  /** Of all sources and balancers, each once. */
  readonly problems: readonly Problem[];
  /**
   * What there is of a service in systems that outlive its object, in words: empty when nothing is there and nothing is under way.
   * undefined: cannot be known at present.
   */
  readonly remains: (service: ServiceId) => readonly string[] | undefined;
  /** How the systems that check targets find those at an address; undefined: it is nobody's target. */
  readonly healthOf: (address: string) => TargetHealth | undefined;
}
