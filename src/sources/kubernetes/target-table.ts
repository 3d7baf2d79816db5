import type { ServiceId } from '../../model/index.ts';
import { sameItems } from '../../model/remade.ts';
import type { EndpointsView } from './endpoint-group.ts';
import { type Few, fewOf, manyOf } from './few.ts';
import { type FoundTargets, findTargets } from './find-targets.ts';
import type { Lookup } from './object-store.ts';
import type { ServiceView } from './service.ts';
import type { ServicePort } from './service-port.ts';

interface Found extends FoundTargets {
  readonly service: ServiceView;
  readonly port: ServicePort;
  /** What they were found in. */
  readonly endpoints: Few<EndpointsView>;
}

/** The targets of ports of Services, found once: all who use a port share them, and equal ones stay the same. */
export class TargetTable {
  /** Of each port one, by its key. */
  readonly #found = new Map<ServiceId, Few<Found>>();

  find(service: ServiceView, port: ServicePort, lookup: Lookup): FoundTargets {
    const endpoints = lookup.endpointsOf(service.meta.namespace, service.meta.name);
    const before = manyOf(this.#found.get(service.id));
    const known = before.find((found) => found.port.key === port.key);
    if (known?.service === service && known.port === port && sameItems(manyOf(known.endpoints), endpoints))
      return known;
    const { targets, none } = findTargets(service, port, endpoints);
    const same = known?.targets.equals(targets) === true ? known.targets : targets;
    const all = { service, port, endpoints: fewOf(endpoints), targets: same };
    const found: Found = none === undefined ? all : { ...all, none };
    const isPort = (key: string) => key === port.key || service.ports.some((one) => one.key === key);
    const others = before.filter((one) => one !== known && isPort(one.port.key));
    this.#found.set(service.id, fewOf(others.concat(found)));
    return found;
  }

  forget({ id }: ServiceView): void {
    this.#found.delete(id);
  }
}
