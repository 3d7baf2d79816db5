import type { EndpointsView } from './endpoint-group.ts';
import type { IngressClassView } from './ingress-class.ts';
import { asks, type Lookup } from './object-store.ts';
import type { PeerView } from './peer-object.ts';
import type { SecretView } from './secret.ts';
import type { ServiceView } from './service.ts';

/** Passes look-ups on and remembers what was asked for: the result of a join holds until one of the answers may be another. */
export class TrackedLookup implements Lookup {
  readonly asked = new Set<string>();
  readonly #lookup: Lookup;

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  service(namespace: string, name: string): ServiceView | undefined {
    this.asked.add(asks.service(namespace, name));
    return this.#lookup.service(namespace, name);
  }

  secret(namespace: string, name: string): SecretView | undefined {
    this.asked.add(asks.secret(namespace, name));
    return this.#lookup.secret(namespace, name);
  }

  ingressClass(name: string): IngressClassView | undefined {
    this.asked.add(asks.classes());
    return this.#lookup.ingressClass(name);
  }

  defaultClass(): IngressClassView | undefined {
    this.asked.add(asks.classes());
    return this.#lookup.defaultClass();
  }

  peer(type: string, namespace: string, name: string): PeerView | undefined {
    this.asked.add(asks.peer(type, namespace, name));
    return this.#lookup.peer(type, namespace, name);
  }

  hasClasses(): boolean {
    this.asked.add(asks.classes());
    return this.#lookup.hasClasses();
  }

  endpointsOf(namespace: string, service: string): readonly EndpointsView[] {
    this.asked.add(asks.endpoints(namespace, service));
    return this.#lookup.endpointsOf(namespace, service);
  }
}
