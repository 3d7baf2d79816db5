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

/** Reads such a set; any other form of it is malformed. What is said again is the same list again, so that nobody has to compare it. */
export function readVips(reader: Reader): readonly Vip[] {
  const blocks: (readonly Vip[])[] = [];
  let [name, whole] = ['', ''];
  for (let left = reader.number(2); left > 0; left -= 1) {
    const length = reader.number(1);
    if (length !== 3 && length !== 15) throw new Malformed('an address has neither 4 nor 16 bytes');
    const start = [...reader.bytes(length)];
    const next = nameOf(start);
    if (next <= name) throw new Malformed('blocks of addresses do not ascend');
    name = next;
    const lasts = reader.bytes(reader.number(1) + 1);
    const key = `${name} ${lasts.length} ${String.fromCharCode(...lasts)}`;
    whole += key;
    blocks.push(recall(blocksRead, key, () => readBlock(start, lasts)));
  }
  const [only = []] = blocks;
  return blocks.length > 1 ? recall(setsRead, whole, () => blocks.flat()) : only;
}

const blocksRead = new Map<string, readonly Vip[]>();
const setsRead = new Map<string, readonly Vip[]>();
const mostKept = 256;

function recall(kept: Map<string, readonly Vip[]>, key: string, read: () => readonly Vip[]): readonly Vip[] {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const vips = read();
  if (kept.size >= mostKept) kept.clear();
  kept.set(key, vips);
  return vips;
}

function readBlock(start: readonly number[], lasts: Uint8Array): readonly Vip[] {
  let before = -1;
  const vips: Vip[] = [];
  for (const last of lasts) {
    if (last <= before) throw new Malformed('addresses do not ascend');
    before = last;
    vips.push(textOf([...start, last]));
  }
  return vips;
}

/** Sorts as the blocks are written: IPv4 first. */
function nameOf(start: readonly number[]): string {
  return `${start.length < 15 ? 4 : 6}${start.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

function textOf(bytes: readonly number[]): Vip {
  if (bytes.length === 4) return bytes.join('.');
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const parsed = parseAddress(hex.replace(/(.{4})(?!$)/g, '$1:'));
  if (!parsed.ok || addressBytes(parsed.value).length !== bytes.length)
    throw new Malformed('an address cannot be used');
  return parsed.value;
}
