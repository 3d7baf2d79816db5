import { addressBytes, parseAddress } from '../../../src/net/address.ts';
import type { Vip } from './messages.ts';
import { Malformed, type Reader, Writer } from './wire.ts';

/**
 * Writes a set of addresses as blocks of 256 that share all but the last byte, so a thousand neighbours take about a kilobyte.
 * One set has one form: blocks and last bytes ascend.
 */
export function writeVips(writer: Writer, vips: readonly Vip[]): void {
  const known = written.get(vips);
  if (known !== undefined) {
    writer.bytes(known);
    return;
  }
  const bytes = encodeVips(vips);
  // A set that is told again and again is the same list each time.
  if (vips.length > 1) written.set(vips, bytes);
  writer.bytes(bytes);
}

const written = new WeakMap<readonly Vip[], Uint8Array>();

function encodeVips(vips: readonly Vip[]): Uint8Array {
  const writer = new Writer();
  const blocks = new Map<string, { readonly start: readonly number[]; readonly last: Set<number> }>();
  for (const vip of vips) {
    const bytes = addressBytes(vip);
    const start = bytes.slice(0, -1);
    const name = nameOf(start);
    const block = blocks.get(name) ?? { start, last: new Set() };
    block.last.add(bytes.at(-1) ?? 0);
    blocks.set(name, block);
  }
  writer.number(blocks.size, 2);
  for (const [, { start, last }] of [...blocks].sort(([a], [b]) => (a < b ? -1 : 1))) {
    writer.number(start.length, 1).bytes(start);
    writer.number(last.size - 1, 1).bytes([...last].sort((a, b) => a - b));
  }
  return writer.done();
}

/** Reads such a set; any other form of it is malformed. */
export function readVips(reader: Reader): readonly Vip[] {
  const vips: Vip[] = [];
  let name = '';
  for (let blocks = reader.number(2); blocks > 0; blocks -= 1) {
    const length = reader.number(1);
    if (length !== 3 && length !== 15) throw new Malformed('an address has neither 4 nor 16 bytes');
    const start = [...reader.bytes(length)];
    const next = nameOf(start);
    if (next <= name) throw new Malformed('blocks of addresses do not ascend');
    name = next;
    for (const vip of readBlock(name, start, reader.bytes(reader.number(1) + 1))) vips.push(vip);
  }
  return vips;
}

/** Blocks as they were read before: a beat says what the one before it said. */
const blocksRead = new Map<string, readonly Vip[]>();
const mostBlocks = 1024;

function readBlock(name: string, start: readonly number[], lasts: Uint8Array): readonly Vip[] {
  const key = `${name} ${String.fromCharCode(...lasts)}`;
  const known = blocksRead.get(key);
  if (known !== undefined) return known;
  let before = -1;
  const vips: Vip[] = [];
  for (const last of lasts) {
    if (last <= before) throw new Malformed('addresses do not ascend');
    before = last;
    vips.push(textOf([...start, last]));
  }
  if (blocksRead.size >= mostBlocks) blocksRead.clear();
  blocksRead.set(key, vips);
  return vips;
}

/** Sorts as the blocks are written: IPv4 first. */
function nameOf(start: readonly number[]): string {
  return `${start.length < 15 ? 4 : 6}${start.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

function textOf(bytes: readonly number[]): Vip {
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const parsed = parseAddress(bytes.length === 4 ? bytes.join('.') : hex.replace(/(.{4})(?!$)/g, '$1:'));
  if (!parsed.ok || addressBytes(parsed.value).length !== bytes.length)
    throw new Malformed('an address cannot be used');
  return parsed.value;
}
