import type { ServiceId } from '../model/index.ts';
import { type Family, parseAddress } from '../net/index.ts';

/** What one service asks of the pools. */
export interface Claim {
  readonly id: ServiceId;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** When it came to be, in milliseconds since the epoch: of two that want the same the older is first. Absent: younger than all. */
  readonly bornMs?: number;
  /** The one pool that shall give its addresses. */
  readonly pool?: string;
  /** Addresses asked for by name: these or none. */
  readonly list?: readonly string[];
  /** Families that it can serve, the first one preferred. Empty: IPv4. */
  readonly families: readonly Family[];
  /** Of two families, prefer: the first will do where no pool gives both. Default: require. */
  readonly familyPolicy?: 'require' | 'prefer';
  readonly ports: readonly PortSpan[];
  /** Services with the same key may share an address. Absent or empty: it shares with nobody. */
  readonly shareKey?: string;
  /** Where its traffic may go; only services with the same one share. Absent: everywhere. */
  readonly backendKey?: string;
  /** Addresses that it says it holds: kept at first sight where the pools would give them. Later what the allocator gave counts. */
  readonly held: readonly string[];
  /** Nothing new may be given now: it keeps what it has, whatever it asks for. */
  readonly keeps?: true;
}

/** Ports `from` to `to`, inclusive, of a transport protocol (`tcp`, `udp`). */
export interface PortSpan {
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
}

/** Who comes first where two want the same: the older, then by id. */
export function compareClaims(a: Claim, b: Claim): number {
  const age = (a.bornMs ?? Number.POSITIVE_INFINITY) - (b.bornMs ?? Number.POSITIVE_INFINITY);
  // Two unknown ages give NaN, which is neither.
  if (age < 0 || age > 0) return age;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

const onlyIpv4: readonly Family[] = ['ipv4'];

/** The families that it can serve, each once; never none. */
export function familiesOf({ families }: Claim): readonly Family[] {
  if (families.length === 0) return onlyIpv4;
  return families.length === 1 ? families : [...new Set(families)];
}

/** Those of the texts that are addresses, canonical, each once. What is held may be a host name. */
export function readAddresses(texts: readonly string[]): readonly string[] {
  const read = texts.flatMap((text) => {
    const parsed = parseAddress(text.trim());
    return parsed.ok ? [parsed.value] : [];
  });
  return read.length < 2 ? read : [...new Set(read)];
}
