import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

/** Every address of this machine, in a fixed order. */
export function localAddresses(): readonly string[] {
  return [...new Set(allInterfaces().map(({ address }) => address))].sort();
}

type Interface = Pick<NetworkInterfaceInfo, 'address' | 'family' | 'internal'>;

/** What others reach a wildcard address of this machine by; loopback where it is alone with itself. */
export function ownAddresses(wildcard: string, all: readonly Interface[] = allInterfaces()): readonly string[] {
  const family = wildcard === '::' ? 'IPv6' : 'IPv4';
  const outside = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  if (outside.length === 0) return [family === 'IPv6' ? '::1' : '127.0.0.1'];
  return outside.filter((one) => one.family === family).map(({ address }) => address);
}

function allInterfaces(): readonly Interface[] {
  return Object.values(networkInterfaces()).flatMap((list) => list ?? []);
}
