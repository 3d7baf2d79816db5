import type { Announcer } from '../../model/index.ts';
import { addressFamily } from '../../net/index.ts';
import { manyOf } from './few.ts';
import type { ObjectStore } from './object-store.ts';
import type { KubernetesReadOptions } from './options.ts';

/**
 * The nodes on which Pods of weir announce: endpoints of the headless Service that selects them. Each node once, by its IPv4 address where it
 * has one. Whether a Pod is ready does not count: its beats say whether it lives.
 */
export function findAnnouncers(
  store: Pick<ObjectStore, 'endpointsOf'>,
  service: KubernetesReadOptions['announcers'],
): readonly Announcer[] {
  if (service === undefined) return [];
  const found = new Map<string, Announcer>();
  for (const { groups } of store.endpointsOf(service.namespace, service.name))
    for (const { ready, terminating } of manyOf(groups))
      for (const { node, address, port } of [...ready.list, ...terminating.list]) {
        if (node === undefined) continue;
        const known = found.get(node);
        if (known !== undefined && rank(known.address) <= rank(address)) continue;
        found.set(node, { node, address, ...(port === 0 ? {} : { port }) });
      }
  return [...found.values()].sort((a, b) => (a.node < b.node ? -1 : 1));
}

/** IPv4 first; of two Pods of one node, while one takes the place of the other, the same on every node. */
function rank(address: string): string {
  return `${addressFamily(address)} ${address}`;
}
