/** The few DER encodings (X.690) that a certificate needs. */
import { isIPv4, SocketAddress } from 'node:net';

/** Tag, length, value. */
export function bytes(tag: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag), length(value.length), value]);
}

function length(count: number): Buffer {
  if (count < 0x80) return Buffer.of(count);
  const digits: number[] = [];
  for (let rest = count; rest > 0; rest >>= 8) digits.unshift(rest & 0xff);
  return Buffer.of(0x80 | digits.length, ...digits);
}

export function sequence(...parts: readonly Buffer[]): Buffer {
  return bytes(0x30, Buffer.concat(parts));
}

export function set(...parts: readonly Buffer[]): Buffer {
  return bytes(0x31, Buffer.concat(parts));
}

/** An explicitly tagged [n]. */
export function context(n: number, value: Buffer): Buffer {
  return bytes(0xa0 | n, value);
}

/** A non-negative INTEGER of big-endian bytes. */
export function unsigned(value: Buffer): Buffer {
  const start = value.findIndex((byte) => byte !== 0);
  const shortest = start < 0 ? Buffer.of(0) : value.subarray(start);
  // A set top bit would make it negative.
  const negative = (shortest[0] ?? 0) >= 0x80;
  return bytes(0x02, negative ? Buffer.concat([Buffer.of(0), shortest]) : shortest);
}

export function truth(value: boolean): Buffer {
  return bytes(0x01, Buffer.of(value ? 0xff : 0));
}

export function octets(value: Buffer): Buffer {
  return bytes(0x04, value);
}

/** A BIT STRING of whole bytes. */
export function bits(value: Buffer): Buffer {
  return bytes(0x03, Buffer.concat([Buffer.of(0), value]));
}

export function utf8(text: string): Buffer {
  return bytes(0x0c, Buffer.from(text, 'utf8'));
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return bytes(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(arc: number): number[] {
  const digits = [arc & 0x7f];
  for (let rest = arc >> 7; rest > 0; rest >>= 7) digits.unshift(0x80 | (rest & 0x7f));
  return digits;
}

/** Validity time: UTCTime until 2049, GeneralizedTime from 2050 on (RFC 5280, 4.1.2.5). */
export function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  const short = Number(text.slice(0, 4)) < 2050;
  return bytes(short ? 0x17 : 0x18, Buffer.from(`${short ? text.slice(2) : text}Z`, 'latin1'));
}

/** The 4 or 16 bytes of an IP address. */
export function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address;
  const [head = '', tail] = canonical.split('::');
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = tail === undefined ? [] : Array.from({ length: 16 - left.length - right.length }, () => 0);
  return Buffer.from([...left, ...zeros, ...right]);
}

function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
