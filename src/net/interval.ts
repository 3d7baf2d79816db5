import {
  accept,
  addressBytes,
  addressFamily,
  type Family,
  type Parsed,
  parseAddress,
  parseCidr,
  refuse,
} from './index.ts';

/** Addresses from `first` to `last`, both inclusive, as numbers. */
export interface Interval {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

const wanted = 'must be a range such as 10.0.0.0/24 or 10.0.0.5-10.0.0.9';

/** Ranges that can never be the address of a service. */
const never: readonly (Interval & { readonly why: string })[] = [
  { ...cidr('0.0.0.0/8'), why: 'addresses of "this network" (0.0.0.0/8)' },
  { ...cidr('224.0.0.0/4'), why: 'multicast addresses (224.0.0.0/4)' },
  { ...cidr('255.255.255.255/32'), why: 'the broadcast address 255.255.255.255' },
  { ...cidr('::/128'), why: 'the unspecified address ::' },
  { ...cidr('::1/128'), why: 'the loopback address ::1' },
  // Written as numbers: the parser of addresses refuses them, as it should.
  { family: 'ipv6', first: 0xffffn << 32n, last: (0x10000n << 32n) - 1n, why: 'IPv4-mapped addresses (::ffff:0:0/96)' },
  { ...cidr('ff00::/8'), why: 'multicast addresses (ff00::/8)' },
];

/**
 * An entry of a pool: `CIDR`, host bits ignored, or `FIRST-LAST`, blanks around both ignored. A bare address, a whole family (/0), reversed
 * ends, two families, IPv4-mapped addresses and what can never be the address of a service are refused.
 */
export function parseInterval(text: unknown): Parsed<Interval> {
  if (typeof text !== 'string') return refuse('E_POOL', wanted);
  const parsed = text.includes('-') ? parseEnds(text) : parseBlock(text.trim());
  if (!parsed.ok) return parsed;
  const { family, first, last } = parsed.value;
  if (first === 0n && last === highest(family))
    return refuse('E_POOL', 'must not be a whole family of addresses; name the range that is yours');
  const bad = never.find((other) => overlap(other, parsed.value));
  if (bad !== undefined) return refuse('E_POOL', `must not contain ${bad.why}`);
  return parsed;
}

function parseBlock(text: string): Parsed<Interval> {
  const address = parseAddress(text);
  if (address.ok) {
    const length = addressFamily(address.value) === 'ipv4' ? 32 : 128;
    return refuse('E_POOL', `must be a range; write ${address.value}/${length} for this one address`);
  }
  const parsed = parseCidr(text);
  if (!parsed.ok) return refuse('E_POOL', text.includes('/') ? parsed.reason : wanted);
  return accept(spanOf(parsed.value.family, parsed.value.bytes, parsed.value.prefix));
}

function parseEnds(text: string): Parsed<Interval> {
  const [from = '', to = '', ...rest] = text.split('-').map((end) => end.trim());
  if (rest.length > 0) return refuse('E_POOL', wanted);
  for (const [end, which] of [
    [from, 'first'],
    [to, 'last'],
  ] as const) {
    const parsed = parseAddress(end);
    if (!parsed.ok) return refuse('E_POOL', `${wanted}; its ${which} address ${parsed.reason}`);
  }
  // Canonical texts: parseAddress has just accepted both.
  if (addressFamily(from) !== addressFamily(to))
    return refuse('E_POOL', 'must begin and end in the same family, IPv4 or IPv6');
  const family = addressFamily(from);
  const [first, last] = [toNumber(from), toNumber(to)];
  if (first > last) return refuse('E_POOL', `must begin with its lower end; write ${to}-${from}`);
  return accept({ family, first, last });
}

function cidr(text: string): Interval {
  const parsed = parseCidr(text);
  if (!parsed.ok) throw new Error(`${text} is no range`);
  return spanOf(parsed.value.family, parsed.value.bytes, parsed.value.prefix);
}

function spanOf(family: Family, bytes: readonly number[], prefix: number): Interval {
  const first = ofBytes(bytes);
  const hostBits = BigInt((family === 'ipv4' ? 32 : 128) - prefix);
  return { family, first, last: first + (1n << hostBits) - 1n };
}

export function overlap(a: Interval, b: Interval): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** An address that `parseAddress` accepted, as a number. */
export function toNumber(address: string): bigint {
  if (addressFamily(address) === 'ipv6') return ofBytes(addressBytes(address));
  // By hand: tens of thousands are read at a start.
  let [number, part] = [0, 0];
  for (let i = 0; i < address.length; i++) {
    const digit = address.charCodeAt(i) - 48;
    if (digit >= 0) part = part * 10 + digit;
    else [number, part] = [number * 256 + part, 0];
  }
  return BigInt(number * 256 + part);
}

/** A number of a family as canonical text. */
export function toText(family: Family, value: bigint): string {
  if (family === 'ipv4') {
    const number = Number(value);
    return `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
  }
  const long = value
    .toString(16)
    .padStart(32, '0')
    .replace(/.{4}(?!$)/g, '$&:');
  const parsed = parseAddress(long);
  return parsed.ok ? parsed.value : long;
}

/** `10.0.0.0-10.0.0.255`: for messages. */
export function intervalText({ family, first, last }: Interval): string {
  return `${toText(family, first)}-${toText(family, last)}`;
}

function highest(family: Family): bigint {
  return (1n << (family === 'ipv4' ? 32n : 128n)) - 1n;
}

function ofBytes(bytes: readonly number[]): bigint {
  if (bytes.length === 4) {
    const [a = 0, b = 0, c = 0, d = 0] = bytes;
    return BigInt(((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
  }
  return BigInt(`0x${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`);
}
