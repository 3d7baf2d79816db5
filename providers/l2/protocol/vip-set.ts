import { addressBytes, parseAddress } from '../../../src/net/address.ts';
import type { Vip } from './messages.ts';
import { Malformed, type Reader, type Writer } from './wire.ts';

/**
 * Writes a set of addresses as blocks of 256 that share all but the last byte, so a thousand neighbours take about a kilobyte.
 * One set has one form: blocks and last bytes ascend.
 */
export function writeVips(writer: Writer, vips: readonly Vip[]): void {
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
    let before = -1;
    for (const last of reader.bytes(reader.number(1) + 1)) {
      if (last <= before) throw new Malformed('addresses do not ascend');
      before = last;
      vips.push(textOf([...start, last]));
    }
  }
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
