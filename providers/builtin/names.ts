/** Ids of the builtin relay's objects: natural keys, so the handle of an object is its id. */
import { createHash } from 'node:crypto';
import { canonicalJson, type Id, type Json } from '../../src/model/index.ts';

/** Everything that one weir relays for one balancer is one unit. */
export function unitName(balancer: string, node: string): string {
  return `${balancer}@${node}`;
}

/** `group|80/tcp`. */
export function listenerId(group: string, listener: string): Id {
  return `${group}|${listener}`;
}

/** `group|80/tcp|host|prefix|/path`, with a hash of further conditions behind it. */
export function routeId(listener: Id, host: string, type: string, path: string, conditions: Json): Id {
  const base = `${listener}|${host || '*'}|${type}|${path}`;
  const text = canonicalJson(conditions);
  return text === '{}' ? base : `${base}|${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}

/** `10.0.0.7:80` or `[2001:db8::7]:80`. */
export function targetKey(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The address and port of a `targetKey`. */
export function parseTargetKey(key: string): { readonly address: string; readonly port: number } {
  const colon = key.lastIndexOf(':');
  return { address: key.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(key.slice(colon + 1)) };
}
