import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { accept, type Parsed, refuse } from './parsed.ts';

export type Family = 'ipv4' | 'ipv6';

const wanted = 'must be an IPv4 or IPv6 address such as 10.0.0.7 or 2001:db8::7';

/**
 * An IP address in canonical text (IPv6 as RFC 5952: lower case, shortest). Leading zeros, zones, brackets, IPv4-mapped IPv6 and
 * host names are refused. ipaddr.js stands behind isIP because alone it reads 010.0.0.1 as 8.0.0.1.
 */
export function parseAddress(value: unknown): Parsed<string> {
  if (typeof value !== 'string') return refuse('E_ADDRESS', wanted);
  switch (isIP(value)) {
    case 4:
      return accept(value);
    case 6:
      return parseIpv6(value);
    default:
      return refuse('E_ADDRESS', whyNot(value));
  }
}

function parseIpv6(text: string): Parsed<string> {
  if (text.includes('%')) return refuse('E_ADDRESS', 'must be an address without a zone (%…)');
  const address = ipaddr.IPv6.parse(text);
  if (address.isIPv4MappedAddress()) {
    return refuse('E_ADDRESS', 'must be a plain IPv4 address, not one mapped into IPv6 (::ffff:…)');
  }
  return accept(address.toRFC5952String());
}

function whyNot(text: string): string {
  if (/^[0-9]+(\.[0-9]+){3}$/.test(text) && /(^|\.)0\d/.test(text)) {
    return `${wanted}, without leading zeros (some systems read them as octal)`;
  }
  if (/^\[.*\]$/.test(text)) return `${wanted}, without brackets`;
  if (/^[\d.]+:\d+$|^\[.*\]:\d+$/.test(text)) return `${wanted}, without a port`;
  if (/^[\d.]+\/\d+$/.test(text)) return `${wanted}, without a prefix length`;
  if (/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/.test(text) && /[A-Za-z]/.test(text))
    return `${wanted}; host names are not resolved`;
  return wanted;
}

/** The family of an address that `parseAddress` accepted. */
export function addressFamily(address: string): Family {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** The 4 or 16 bytes of an address that `parseAddress` accepted. */
export function addressBytes(address: string): readonly number[] {
  return addressFamily(address) === 'ipv4' ? address.split('.').map(Number) : ipaddr.IPv6.parse(address).toByteArray();
}
