import {
  type KnownNamespace,
  metallb,
  namespaceKind,
  poolController,
  readMetallb,
} from '../../compat/metallb/index.ts';
import type { Pool, Problem } from '../../model/index.ts';
import { sameItems } from '../../model/remade.ts';
import type { ObjectStore } from './object-store.ts';
import type { KubernetesReadOptions } from './options.ts';
import type { PeerView } from './peer-object.ts';
import { problemAt } from './place.ts';
import { equalData } from './share-service.ts';
import { standsFor } from './take-class.ts';

export interface PoolReading {
  /** The same array while the pools are the same. */
  readonly pools: readonly Pool[];
  readonly problems: readonly Problem[];
}

const types = Object.keys(metallb.kinds).filter((type) => type !== namespaceKind);
const nothing: PoolReading = { pools: [], problems: [] };

/** The pools that objects describe, read again when one of them has changed. */
export class PoolReader {
  readonly #wanted: boolean;
  #objects: readonly PeerView[] = [];
  #namespaces: readonly PeerView[] = [];
  #last = nothing;

  constructor(options: KubernetesReadOptions) {
    this.#wanted = standsFor([poolController], options);
  }

  of(store: Pick<ObjectStore, 'peersOf'>): PoolReading {
    if (!this.#wanted) return nothing;
    const objects = store.peersOf(types);
    const namespaces = store.peersOf([namespaceKind]);
    if (sameItems(objects, this.#objects) && sameItems(namespaces, this.#namespaces)) return this.#last;
    this.#objects = objects;
    this.#namespaces = namespaces;
    const { intent, findings } = readMetallb(objects, {
      namespaces: namespaces.map(({ meta }): KnownNamespace => ({ name: meta.name, labels: meta.labels })),
      announces: [],
      placeOf: ({ meta, place }) => {
        const { file, line } = place.located;
        const source = file === '' ? `IPAddressPool/${meta.namespace}/${meta.name}` : place.source;
        return { source, ...(file === '' ? {} : { file, line }) };
      },
    });
    const before = this.#last.pools;
    const pools = equalData(before, intent.pools) ? before : intent.pools;
    this.#last = { pools, problems: findings.map(({ about, ...finding }) => problemAt(about.place, finding)) };
    return this.#last;
  }
}
