import { endianness } from 'node:os';
import { type Family, parseAddress } from '../../../src/net/index.ts';

/** A message of the kernel: its type, and what follows the header. */
export interface NetlinkMessage {
  readonly type: number;
  readonly body: Uint8Array;
}

export const flag = { request: 1, ack: 4, dump: 0x300, create: 0x400 } as const;
export const messageType = { error: 2, done: 3 } as const;

const headBytes = 16;
const little = endianness() === 'LE';

/** One attribute with its parts one behind the other; RangeError for more than its length can say. */
export function attribute(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  if (length > 0xffff) throw new RangeError(`an attribute of ${length} bytes is too long`);
  const bytes = new Uint8Array(aligned(length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, length, little);
  view.setUint16(2, type, little);
  place(bytes, 4, parts);
  return bytes;
}

/** One that holds others. */
export function nested(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return attribute(type | 0x8000, ...parts);
}

/** A message with its header; `body` in the order given. */
export function message(type: number, flags: number, sequence: number, ...body: readonly Uint8Array[]): Uint8Array {
  const length = body.reduce((sum, part) => sum + part.length, headBytes);
  const bytes = new Uint8Array(aligned(length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, little);
  view.setUint16(4, type, little);
  view.setUint16(6, flags, little);
  view.setUint32(8, sequence, little);
  place(bytes, headBytes, body);
  return bytes;
}

/** Several as one datagram. */
export function joined(messages: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(messages.reduce((sum, one) => sum + one.length, 0));
  place(bytes, 0, messages);
  return bytes;
}

/** The messages of a datagram of the kernel. */
export function readMessages(bytes: Uint8Array): readonly NetlinkMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at + headBytes <= bytes.length; ) {
    const length = view.getUint32(at, little);
    if (length < headBytes || at + length > bytes.length) break;
    messages.push({ type: view.getUint16(at + 4, little), body: bytes.slice(at + headBytes, at + length) });
    at += aligned(length);
  }
  return messages;
}

/** The attributes in these bytes, type without its marks → what it holds, in their order. */
export function readAttributes(bytes: Uint8Array): readonly (readonly [number, Uint8Array])[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const attributes: [number, Uint8Array][] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint16(at, little);
    if (length < 4 || at + length > bytes.length) break;
    attributes.push([view.getUint16(at + 2, little) & 0x3fff, bytes.subarray(at + 4, at + length)]);
    at += aligned(length);
  }
  return attributes;
}

/** What the kernel says about a request: 0, or the number of its error. */
export function errorOf({ body }: NetlinkMessage): number {
  return -new DataView(body.buffer, body.byteOffset, body.length).getInt32(0, little);
}

/** Whether a request asks for many messages, of which the last one says so. */
export function isListing(request: Uint8Array): boolean {
  const flags = new DataView(request.buffer, request.byteOffset).getUint16(6, little);
  return (flags & flag.dump) === flag.dump;
}

/** A number in the machine's own order of bytes. */
export function hostNumber(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, little);
  return bytes;
}

/** One that the kernel says in that order. */
export function readHostNumber(bytes: Uint8Array, at = 0): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, little);
}

/** A number with its most significant byte first. */
export function netNumber(value: number, bytes: 2 | 4 | 8): Uint8Array {
  const result = new Uint8Array(bytes);
  for (let at = bytes - 1, rest = value; at >= 0; at -= 1, rest = Math.floor(rest / 256)) result[at] = rest % 256;
  return result;
}

/** A name as the kernel keeps it, ended by a zero. */
export function nameBytes(name: string): Uint8Array {
  return new TextEncoder().encode(`${name}\0`);
}

/** The address with which these bytes begin; undefined for what is none of a machine's own. */
export function addressIn(bytes: Uint8Array, family: Family): string | undefined {
  const text =
    family === 'ipv4'
      ? bytes.subarray(0, 4).join('.')
      : Buffer.from(bytes.subarray(0, 16))
          .toString('hex')
          .replace(/(.{4})(?!$)/g, '$1:');
  const address = parseAddress(text);
  return address.ok ? address.value : undefined;
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}

function place(bytes: Uint8Array, from: number, parts: readonly Uint8Array[]): void {
  let at = from;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
}
