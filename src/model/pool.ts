/** Pools of addresses, as their owners describe them: what sources and the configuration say, and what src/alloc gives addresses out of. Plain JSON. */
export interface Pool {
  readonly name: string;
  /** `10.0.0.0/24` (bits behind the prefix do not count) or `10.0.0.5-10.0.0.9`, IPv4 and IPv6; given out in this order, lowest first. */
  readonly ranges: readonly string[];
  /** false: only for services that name the pool or one of its addresses. Default: true. */
  readonly autoAssign?: boolean;
  /** IPv4 addresses that end in .0 or .255 are not given out: some old equipment takes them for networks and broadcasts. Default: false. */
  readonly avoidBuggy?: boolean;
  /** Its addresses are announced only where a rule says so. Absent: everywhere, unless rules name it. */
  readonly byRule?: true;
  /** Whom it serves; such pools are tried before those without. Absent: everyone. */
  readonly allocation?: PoolAllocation;
  /** How its owner finds it, e.g. `IPAddressPool/metallb-system/public`: for problems. Default: `pool NAME`. */
  readonly source?: string;
  /** Where it stands, and what its owner calls the fields (`ranges` → `spec.addresses`): for problems. */
  readonly file?: string;
  readonly line?: number;
  readonly fields?: Readonly<Record<string, string>>;
}

export interface PoolAllocation {
  /** Lower first; 0 is the last. Default: 0. */
  readonly priority?: number;
  /** Namespaces that may use it, those found by selectors among them. Absent: all; empty: none. */
  readonly namespaces?: readonly string[];
  /** Label selectors, one of which must select the namespace, beside `namespaces`: where the pool stands no Namespace is known. Absent: none is left to ask. */
  readonly namespaceSelectors?: readonly string[];
  /** Label selectors as kubectl takes them (`team=shop,tier in (web,api)`): one of them must select the service. Absent: all. */
  readonly serviceSelectors?: readonly string[];
}

/** A Namespace of a cluster. */
export interface KnownNamespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** An address that the network needs elsewhere: no pool gives it out. */
export interface ReservedAddress {
  readonly address: string;
  /** Whose it is, for messages: `node a`, `the gateway`. */
  readonly owner: string;
}
