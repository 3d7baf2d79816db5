import type { ServiceId } from '../../model/index.ts';
import { sameItems } from '../../model/remade.ts';
import type { EndpointsView } from './endpoint-group.ts';
import { type FoundTargets, findTargets } from './find-targets.ts';
import type { Lookup } from './object-store.ts';
import type { ServiceView } from './service.ts';
import type { ServicePort } from './service-port.ts';
import { shareEqual } from './share-service.ts';

interface Found {
  readonly port: ServicePort;
  readonly endpoints: readonly EndpointsView[];
  readonly found: FoundTargets;
}

/** The targets of ports of Services, found once: all who use a port share them, and equal ones stay the same. */
export class TargetTable {
  readonly #ports = new Map<ServiceId, Map<string, Found>>();

  find(service: ServiceView, port: ServicePort, lookup: Lookup): FoundTargets {
    const endpoints = lookup.endpointsOf(service.meta.namespace, service.meta.name);
    const ports = this.#portsOf(service);
    const known = ports.get(port.key);
    if (known !== undefined && known.port === port && sameItems(known.endpoints, endpoints)) return known.found;
    const fresh = findTargets(service, port, endpoints);
    const found = { ...fresh, targets: shareEqual(known?.found.targets, fresh.targets) };
    ports.set(port.key, { port, endpoints, found });
    return found;
  }

  forget(service: ServiceView): void {
    this.#ports.delete(service.id);
  }

  #portsOf({ id }: ServiceView): Map<string, Found> {
    const known = this.#ports.get(id);
    if (known !== undefined) return known;
    const fresh = new Map<string, Found>();
    this.#ports.set(id, fresh);
    return fresh;
  }
}
