import type { Capabilities, ExportedService, Problem } from '../model/index.ts';
import { addressFamily } from '../net/index.ts';
import { compareAge } from './age.ts';
import { tell } from './tell.ts';

/** Services that listen at the same addresses, oldest first. */
export interface Gathered {
  readonly key: string;
  readonly addresses: readonly string[];
  readonly services: readonly ExportedService[];
}

/**
 * Who shares listening addresses. A proxy (`sharing: balancer`): all services without an address of their own, and those of each
 * address that services name. A cloud (`sharing: bundle`): the services of one bundle, by the order they state, else each alone.
 * `sorted` is oldest first.
 */
export function gather(
  sorted: readonly ExportedService[],
  capabilities: Capabilities,
  problems: Problem[],
): readonly Gathered[] {
  return capabilities.sharing === 'bundle' ? byBundle(sorted) : byAddress(sorted, capabilities, problems);
}

function byBundle(sorted: readonly ExportedService[]): readonly Gathered[] {
  const groups = new Map<string, ExportedService[]>();
  for (const service of sorted) append(groups, service.bundle?.key ?? service.id, service);
  return [...groups].map(([key, services]) => ({
    key,
    addresses: [],
    services: services.sort((a, b) => (a.bundle?.order ?? 0) - (b.bundle?.order ?? 0) || compareAge(a, b)),
  }));
}

function byAddress(
  sorted: readonly ExportedService[],
  capabilities: Capabilities,
  problems: Problem[],
): readonly Gathered[] {
  const own: ExportedService[] = [];
  const groups = new Map<string, ExportedService[]>();
  for (const service of sorted) {
    const addresses = new Set(service.address?.list ?? []);
    if (addresses.size === 0) own.push(service);
    for (const address of addresses) {
      if (addressFamily(address) === 'ipv6' && !capabilities.ipv6) {
        const message = 'this provider listens on IPv4 addresses only';
        problems.push(tell(service, 'E_FEATURE', 'address.list', address, message));
      } else append(groups, address, service);
    }
  }
  const named = [...groups].map(([address, services]) => ({ key: address, addresses: [address], services }));
  return own.length === 0 ? named : [{ key: 'default', addresses: [], services: own }, ...named];
}

function append(groups: Map<string, ExportedService[]>, key: string, service: ExportedService): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [service]);
  else group.push(service);
}
