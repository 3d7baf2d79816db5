import type { EndpointsView } from './endpoint-group.ts';
import type { IngressClassView } from './ingress-class.ts';
import type { Lookup } from './object-store.ts';
import type { PeerView } from './peer-object.ts';
import type { SecretView } from './secret.ts';
import type { ServiceView } from './service.ts';

/** Whether a look-up would still answer the same. */
type Check = (lookup: Lookup) => boolean;

/** Passes look-ups on and remembers their answers: the result of a join holds as long as every one of them still holds. */
export class TrackedLookup implements Lookup {
  readonly #lookup: Lookup;
  readonly #checks: Check[] = [];

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  service(namespace: string, name: string): ServiceView | undefined {
    return this.#track((lookup) => lookup.service(namespace, name));
  }

  secret(namespace: string, name: string): SecretView | undefined {
    return this.#track((lookup) => lookup.secret(namespace, name));
  }

  ingressClass(name: string): IngressClassView | undefined {
    return this.#track((lookup) => lookup.ingressClass(name));
  }

  defaultClass(): IngressClassView | undefined {
    return this.#track((lookup) => lookup.defaultClass());
  }

  peer(type: string, namespace: string, name: string): PeerView | undefined {
    return this.#track((lookup) => lookup.peer(type, namespace, name));
  }

  hasClasses(): boolean {
    return this.#track((lookup) => lookup.hasClasses());
  }

  endpointsOf(namespace: string, service: string): readonly EndpointsView[] {
    const answer = this.#lookup.endpointsOf(namespace, service);
    this.#checks.push((lookup) => sameItems(lookup.endpointsOf(namespace, service), answer));
    return answer;
  }

  /** True while every answer that was given would be given again. */
  holds(lookup: Lookup): boolean {
    return this.#checks.every((check) => check(lookup));
  }

  #track<T>(ask: (lookup: Lookup) => T): T {
    const answer = ask(this.#lookup);
    this.#checks.push((lookup) => ask(lookup) === answer);
    return answer;
  }
}

export function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a === b || (a.length === b.length && a.every((item, i) => item === b[i]));
}
