/** Names and ids in the memory system. Pure. */
import { canonicalJson, type Json } from '../../src/model/index.ts';

/** FNV-1a over UTF-16 code units, two runs: short names that differ where their input does. Not a secret. */
export function shortHash(value: Json): string {
  const text = canonicalJson(value);
  return [0x811c9dc5, 0x01234567]
    .map((seed) => {
      let hash = seed;
      for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
      return (hash >>> 0).toString(16).padStart(8, '0');
    })
    .join('');
}

/** Readable prefix and the hash of what cannot be changed: a replacement never collides with what it replaces. */
export function physicalName(id: string, immutable: Json): string {
  const readable = id
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 19);
  return `${readable}-${shortHash([id, immutable]).slice(0, 12)}`;
}

export function unitName(balancer: string, group: string): string {
  return `${balancer}/${group}`;
}

export function listenerId(group: string, listener: string): string {
  return `${group}|${listener}`;
}

/** `10.0.0.7:8080`, `[2001:db8::7]:8080`, `i-0abc:30080`. */
export function targetKey(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
