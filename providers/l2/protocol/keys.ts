import { hash, hkdfSync } from 'node:crypto';
import type { Mac } from './seal.ts';

const leastBytes = 16;
const [blockBytes, innerPad, outerPad] = [64, 0x36, 0x5c];

/** The code of a group from its secret: an own key by HKDF-SHA256 (RFC 5869), so the whole secret counts and serves nothing else. RangeError for a secret under 16 bytes. */
export function deriveMac(secret: string | Uint8Array, clusterId: Uint8Array): Mac {
  const material = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret;
  if (material.length < leastBytes) {
    throw new RangeError(`the secret has ${material.length} bytes: give at least ${leastBytes}, better 32 random ones`);
  }
  const key = new Uint8Array(hkdfSync('sha256', material, clusterId, 'weir l2 datagrams 1', 32));
  return hmacOf(key);
}

/** HMAC (RFC 2104) by two hashes in one go each: what `createHmac` makes for every datagram takes longer than the code. */
function hmacOf(key: Uint8Array): Mac {
  let inner = Buffer.alloc(blockBytes + 2048, innerPad);
  const outer = Buffer.alloc(blockBytes + 32, outerPad);
  for (const [at, byte] of key.entries()) {
    inner[at] = byte ^ innerPad;
    outer[at] = byte ^ outerPad;
  }
  return (bytes) => {
    const end = blockBytes + bytes.length;
    if (end > inner.length) inner = Buffer.concat([inner, Buffer.alloc(2 * end - inner.length)]);
    inner.set(bytes, blockBytes);
    outer.set(hash('sha256', inner.subarray(0, end), 'buffer'), blockBytes);
    return hash('sha256', outer, 'buffer');
  };
}

/** 8 bytes for a name or for a configuration in a canonical text; equal texts only have equal bytes. */
export function shortHash(text: string): Uint8Array {
  return new Uint8Array(hash('sha256', text, 'buffer').subarray(0, 8));
}
