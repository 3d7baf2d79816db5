import { networkInterfaces } from 'node:os';

/** Every address of this machine, in a fixed order. */
export function localAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return [...new Set(all.map(({ address }) => address))].sort();
}

/** What others reach a wildcard address of this machine by. */
export function ownAddresses(wildcard: string): readonly string[] {
  const family = wildcard === '::' ? 'IPv6' : 'IPv4';
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = all
    .filter((one) => one.family === family && !one.internal && !one.address.startsWith('fe80:'))
    .map(({ address }) => address);
  return outside.length > 0 ? outside : [family === 'IPv6' ? '::1' : '127.0.0.1'];
}
