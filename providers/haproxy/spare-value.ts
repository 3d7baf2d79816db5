/** The value of a server's cookie as HAProxy makes it out of address, port and key, for versions that take it with `add server`. */
import { addressBytes } from '../../src/net/index.ts';

/** As `srv_set_dyncookie` of HAProxy: XXH64 of key, address and port, in 16 hexadecimal digits. */
export function cookieValue(address: string, port: number, key: string): string {
  const end = Buffer.alloc(4);
  end.writeUInt32BE(port);
  return xxh64(Buffer.concat([Buffer.from(key), Buffer.from(addressBytes(address)), end]))
    .toString(16)
    .padStart(16, '0');
}

const mask = (1n << 64n) - 1n;
const [p1, p2, p3, p4, p5] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;

const times = (a: bigint, b: bigint) => (a * b) & mask;
const turned = (a: bigint, bits: bigint) => ((a << bits) | (a >> (64n - bits))) & mask;
const round = (lane: bigint, word: bigint) => times(turned((lane + times(word, p2)) & mask, 31n), p1);

/** XXH64 with seed 0 (the specification of xxHash). */
export function xxh64(data: Buffer): bigint {
  let at = 0;
  let sum: bigint = p5;
  if (data.length >= 32) {
    const lanes = [(p1 + p2) & mask, p2, 0n, -p1 & mask];
    for (; at + 32 <= data.length; at += 32)
      for (const [i, lane] of lanes.entries()) lanes[i] = round(lane, data.readBigUInt64LE(at + i * 8));
    sum = lanes.reduce((all, lane, i) => all + turned(lane, [1n, 7n, 12n, 18n][i] ?? 0n), 0n) & mask;
    for (const lane of lanes) sum = (times(sum ^ round(0n, lane), p1) + p4) & mask;
  }
  sum = (sum + BigInt(data.length)) & mask;
  for (; at + 8 <= data.length; at += 8)
    sum = (times(turned(sum ^ round(0n, data.readBigUInt64LE(at)), 27n), p1) + p4) & mask;
  for (; at + 4 <= data.length; at += 4)
    sum = (times(turned(sum ^ times(BigInt(data.readUInt32LE(at)), p1), 23n), p2) + p3) & mask;
  for (; at < data.length; at++) sum = times(turned(sum ^ times(BigInt(data.readUInt8(at)), p5), 11n), p1);
  sum = times(sum ^ (sum >> 33n), p2);
  sum = times(sum ^ (sum >> 29n), p3);
  return sum ^ (sum >> 32n);
}
