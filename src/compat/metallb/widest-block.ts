import { addressBytes, addressFamily, type Family, parseAddress, parseCidr } from '../../net/index.ts';

export interface Block {
  readonly family: Family;
  /** Length of the prefix. */
  readonly prefix: number;
}

/** The widest CIDR block in an entry of a pool, `CIDR` or `FIRST-LAST`; undefined: it is none. */
export function widestBlock(entry: string): Block | undefined {
  if (!entry.includes('-')) {
    const parsed = parseCidr(entry.trim());
    return parsed.ok ? { family: parsed.value.family, prefix: parsed.value.prefix } : undefined;
  }
  const [from, to] = entry.split('-').map((end) => parseAddress(end.trim()));
  if (from?.ok !== true || to?.ok !== true || addressFamily(from.value) !== addressFamily(to.value)) return undefined;
  const family = addressFamily(from.value);
  const bits = family === 'ipv4' ? 32 : 128;
  const [first, last] = [numberOf(from.value), numberOf(to.value)];
  for (let prefix = 0; prefix <= bits; prefix++) {
    const size = 1n << BigInt(bits - prefix);
    // The first block of this size that begins inside.
    const start = ((first + size - 1n) / size) * size;
    if (start + size - 1n <= last) return { family, prefix };
  }
  return undefined;
}

function numberOf(address: string): bigint {
  return addressBytes(address).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
