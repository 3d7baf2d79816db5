import { shown } from '../model/problem.ts';
import { addressBytes, addressFamily, parseAddress } from './address.ts';
import { type Cidr, contains, parseCidr } from './cidr.ts';
import { accept, type Parsed, refuse } from './parsed.ts';

export type AddressClass = 'unicast' | 'unspecified' | 'loopback' | 'link-local' | 'multicast' | 'reserved';

/** What an accepted address is for (IANA special-purpose registries; 0.0.0.0/8 counts as unspecified because systems connect it to themselves). */
export function classifyAddress(address: string): AddressClass {
  const bytes = addressBytes(address);
  const [a = 0, b = 0] = bytes;
  if (addressFamily(address) === 'ipv4') {
    if (a === 0) return 'unspecified';
    if (a === 127) return 'loopback';
    if (a === 169 && b === 254) return 'link-local';
    if (a >= 240) return 'reserved';
    return a >= 224 ? 'multicast' : 'unicast';
  }
  if (a === 0xff) return 'multicast';
  if (a === 0xfe && (b & 0xc0) === 0x80) return 'link-local';
  if (bytes.slice(0, 12).every((byte) => byte === 0)) {
    if (address === '::') return 'unspecified';
    // The rest of ::/96 is the dead IPv4-compatible range: 127.0.0.1 in disguise.
    return address === '::1' ? 'loopback' : 'reserved';
  }
  return 'unicast';
}

/**
 * An address that traffic may be sent to. Loopback and link-local only within `allowed`; unspecified, multicast and reserved never
 * (CVE-2021-25740: an endpoint that names the balancer's own machine).
 */
export function parseTargetAddress(value: unknown, allowed: readonly Cidr[]): Parsed<string> {
  const address = parseAddress(value);
  if (!address.ok) return address;
  const kind = classifyAddress(address.value);
  if (kind === 'unicast') return address;
  const permitted = kind === 'loopback' || kind === 'link-local';
  if (permitted && allowed.some((range) => contains(range, address.value))) return address;
  const remedy = permitted ? '; allow it in allowTargets of the source' : '';
  return refuse('E_ADDRESS_FORBIDDEN', `must not be a ${kind} address${remedy}`);
}

/** `10.0.0.1:8080` or `[2001:db8::1]:8080`, split but not judged; undefined when it is not of that form. */
export function splitAuthority(text: string): { readonly address: string; readonly port: string } | undefined {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text);
  const address = match?.[1] ?? match?.[2];
  const port = match?.[3];
  return address === undefined || port === undefined ? undefined : { address, port };
}

/** The natural key of a target: `10.0.0.1:8080`, `[2001:db8::1]:8080`. */
export function formatAuthority(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The allowed ranges of a source's configuration; the first bad one is refused with its text. */
export function parseAllowed(ranges: readonly string[]): Parsed<readonly Cidr[]> {
  const parsed: Cidr[] = [];
  for (const text of ranges) {
    const range = parseCidr(text);
    if (!range.ok) return refuse(range.code, `${shown(text)} ${range.reason}`);
    parsed.push(range.value);
  }
  return accept(parsed);
}
