import type { ServiceId } from '../../model/index.ts';
import { sameItems } from '../../model/remade.ts';
import type { EndpointsView } from './endpoint-group.ts';
import { type FoundTargets, findTargets } from './find-targets.ts';
import type { Lookup } from './object-store.ts';
import type { ServiceView } from './service.ts';
import type { ServicePort } from './service-port.ts';

interface Found extends FoundTargets {
  /** What they were found in; absent: before the Service was read anew. */
  readonly endpoints?: readonly EndpointsView[];
}

/** The targets of ports of Services, found once: all who use a port share them, and equal ones stay the same. */
export class TargetTable {
  readonly #ports = new WeakMap<ServicePort, Found>();
  /** As each Service was read last. */
  readonly #services = new Map<ServiceId, ServiceView>();

  find(service: ServiceView, port: ServicePort, lookup: Lookup): FoundTargets {
    const endpoints = lookup.endpointsOf(service.meta.namespace, service.meta.name);
    this.#takeOver(service);
    const known = this.#ports.get(port);
    if (known?.endpoints !== undefined && sameItems(known.endpoints, endpoints)) return known;
    const { targets, ...none } = findTargets(service, port, endpoints);
    const found = { endpoints, targets: known?.targets.equals(targets) === true ? known.targets : targets, ...none };
    this.#ports.set(port, found);
    return found;
  }

  forget({ id }: ServiceView): void {
    this.#services.delete(id);
  }

  /** What was found for a Service before it was read anew. */
  #takeOver(service: ServiceView): void {
    const before = this.#services.get(service.id);
    if (before === service) return;
    this.#services.set(service.id, service);
    for (const port of service.ports) {
      const old = before?.ports.find(({ key }) => key === port.key);
      const known = old === undefined ? undefined : this.#ports.get(old);
      if (known !== undefined) this.#ports.set(port, { targets: known.targets });
    }
  }
}
