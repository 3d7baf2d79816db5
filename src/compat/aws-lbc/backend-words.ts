import type { ValueOf } from './annotation.ts';
import type { IngressKey, ingressTable } from './ingress-table.ts';
import type { IngressReading } from './reading.ts';

/** What a backend Service and the Ingress in front of it say together: the word of the Service counts first. */
export class Picked {
  readonly #service: IngressReading | undefined;
  readonly #ingress: IngressReading;

  constructor(service: IngressReading | undefined, ingress: IngressReading) {
    this.#service = service;
    this.#ingress = ingress;
  }

  take<K extends IngressKey>(key: K): ValueOf<(typeof ingressTable)[K]> | undefined {
    return this.#holder(key).take(key);
  }

  /** The whole key, for the origin of a setting. */
  name(key: IngressKey): string {
    return this.#holder(key).name(key);
  }

  refuse(key: IngressKey, reason: string): void {
    this.#holder(key).refuse(key, reason);
    // The Ingress cannot be served whoever of the two is wrong.
    this.#ingress.refused = true;
  }

  warn(key: IngressKey, reason: string): void {
    this.#holder(key).warn(key, reason);
  }

  #holder(key: IngressKey): IngressReading {
    // IngressClassParams stand over everything.
    if (this.#ingress.overridden(key)) return this.#ingress;
    return this.#service?.has(key) === true ? this.#service : this.#ingress;
  }
}
