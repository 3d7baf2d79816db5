import { addressBytes, addressFamily, type Family, parseAddress } from './address.ts';
import { accept, type Parsed, refuse } from './parsed.ts';

/** A range of addresses, parsed once and asked often. */
export interface Cidr {
  /** Canonical: host bits cleared, e.g. `10.0.0.0/8`. */
  readonly text: string;
  readonly family: Family;
  readonly prefix: number;
  readonly bytes: readonly number[];
}

const wanted = 'must be a range such as 10.0.0.0/8 or 2001:db8::/32';

/** A range in CIDR form. A plain address is a range of one; bits behind the prefix are cleared, as Kubernetes does for source ranges. */
export function parseCidr(value: unknown): Parsed<Cidr> {
  if (typeof value !== 'string') return refuse('E_ADDRESS', wanted);
  const [head = '', length, ...rest] = value.split('/');
  const address = parseAddress(head);
  if (!address.ok)
    return refuse('E_ADDRESS', length === undefined ? wanted : `${wanted}; its address ${address.reason}`);
  const family = addressFamily(address.value);
  const bits = family === 'ipv4' ? 32 : 128;
  if (rest.length > 0 || (length !== undefined && !/^(0|[1-9]\d{0,2})$/.test(length)))
    return refuse('E_ADDRESS', wanted);
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits) return refuse('E_ADDRESS', `must have a prefix length from 0 to ${bits}`);
  const bytes = addressBytes(address.value).map((byte, i) => byte & mask(prefix - i * 8));
  return accept({ text: `${textOf(bytes)}/${prefix}`, family, prefix, bytes });
}

/** The bits of one byte that `bits` more prefix bits cover. */
function mask(bits: number): number {
  if (bits >= 8) return 0xff;
  return bits <= 0 ? 0 : (0xff << (8 - bits)) & 0xff;
}

function textOf(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let i = 0; i < bytes.length; i += 2) groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16));
  const parsed = parseAddress(groups.join(':'));
  // Clearing host bits of an accepted address can only make an IPv4-mapped one when the prefix cuts it there: keep the long form.
  return parsed.ok ? parsed.value : groups.join(':');
}

/** Whether the range covers an address that `parseAddress` accepted; another family is never covered. */
export function contains(range: Cidr, address: string): boolean {
  if (addressFamily(address) !== range.family) return false;
  const bytes = addressBytes(address);
  return range.bytes.every((byte, i) => ((bytes[i] ?? 0) & mask(range.prefix - i * 8)) === byte);
}
