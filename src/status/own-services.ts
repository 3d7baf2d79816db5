import type { ExportedService, ServiceId, Snapshot } from '../model/index.ts';
import type { KnownObject } from './known-object.ts';

/** The services of one cluster, as its source has made them of objects. Indexed when somebody asks. */
export class OwnServices {
  readonly #idPrefix: string;
  #snapshot: Snapshot | undefined;
  #services: ReadonlyMap<ServiceId, ExportedService> = new Map();
  #of: Snapshot['services'] = [];

  /** `idPrefix`: what stands before their ids. */
  constructor(idPrefix: string) {
    this.#idPrefix = idPrefix;
  }

  take(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
  }

  /** undefined: the source has not been read yet. */
  get complete(): boolean | undefined {
    return this.#snapshot === undefined ? undefined : this.#snapshot.incomplete.length === 0;
  }

  get all(): ReadonlyMap<ServiceId, ExportedService> {
    const services = this.#snapshot?.services ?? this.#of;
    if (services !== this.#of) {
      this.#of = services;
      this.#services = new Map(services.map((service) => [service.id, service]));
    }
    return this.#services;
  }

  /** Of the service that an object would be. */
  idOf({ kind, namespace, name }: Pick<KnownObject, 'kind' | 'namespace' | 'name'>): ServiceId {
    const path = `${namespace}/${name}`;
    return this.#idPrefix + (kind === 'Service' ? path : `${kind.toLowerCase()}/${path}`);
  }
}
