import { createHash, createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import type { Mac } from './seal.ts';

const leastBytes = 16;

/** The code of a group from its secret: an own key by HKDF-SHA256 (RFC 5869), so the whole secret counts and serves nothing else. RangeError for a secret under 16 bytes. */
export function deriveMac(secret: string | Uint8Array, clusterId: Uint8Array): Mac {
  const material = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret;
  if (material.length < leastBytes) {
    throw new RangeError(`the secret has ${material.length} bytes: give at least ${leastBytes}, better 32 random ones`);
  }
  const key = createSecretKey(new Uint8Array(hkdfSync('sha256', material, clusterId, 'weir l2 datagrams 1', 32)));
  return (bytes) => createHmac('sha256', key).update(bytes).digest();
}

/** 8 bytes for a name or for a configuration in a canonical text; equal texts only have equal bytes. */
export function shortHash(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest().subarray(0, 8));
}
