import {
  convertConfigMap,
  layer2Controller,
  type MetallbObject,
  metallb,
  namespaceKind,
  poolController,
  readMetallb,
} from '../../compat/metallb/index.ts';
import { type AnnounceRule, fieldName, type KnownNamespace, type Pool, type Problem } from '../../model/index.ts';
import { sameItems } from '../../model/remade.ts';
import type { ConfigMapView } from './config-map.ts';
import { manyOf } from './few.ts';
import type { ObjectStore } from './object-store.ts';
import type { KubernetesReadOptions } from './options.ts';
import type { PeerView } from './peer-object.ts';
import { type Finding, type Place, problemAt } from './place.ts';
import { shareEqual } from './share-service.ts';
import { standsFor } from './take-class.ts';

export interface PoolReading {
  /** Each the same array while they are the same. */
  readonly pools: readonly Pool[];
  readonly announcements: readonly AnnounceRule[];
  readonly namespaces: readonly KnownNamespace[];
  readonly problems: readonly Problem[];
}

/** Where MetalLB stands unless somebody says otherwise, and what its configuration was called before there were objects of it. */
export const poolsHome = 'metallb-system';
export const poolsConfigMap = 'config';
/** Of its webhooks: it has an endpoint while its controller is ready. */
const webhookService = 'metallb-webhook-service';

const types = Object.keys(metallb.kinds).filter((type) => type !== namespaceKind);
const nothing: PoolReading = { pools: [], announcements: [], namespaces: [], problems: [] };

/** An object of MetalLB, and where it stands. */
interface Placed extends MetallbObject {
  readonly place: Place;
  /** It was made of a part of the ConfigMap. */
  readonly ofMap?: true;
}

/** The pools that objects describe, read again when one of them has changed. */
export class PoolReader {
  readonly #wanted: boolean;
  readonly #announces: readonly 'layer2'[];
  /** Absent: files, where whoever writes them may write any namespace. */
  readonly #home: string | undefined;
  /** Of a living cluster. */
  readonly #living: boolean;
  readonly #source: string;
  #running = false;
  #objects: readonly (PeerView | ConfigMapView)[] = [];
  #last = nothing;

  constructor(options: KubernetesReadOptions) {
    const wanted = standsFor([poolController, layer2Controller], options);
    this.#wanted = wanted || options.checksPools === true;
    // Whose objects are only looked at: who announces is not known.
    this.#announces = standsFor([layer2Controller], options) || !wanted ? ['layer2'] : [];
    this.#home = options.poolsNamespace;
    this.#living = options.amongOthers === true;
    this.#source = options.source;
  }

  /** Its webhooks answer: so its controller runs. */
  #runs(store: Pick<ObjectStore, 'endpointsOf'>): boolean {
    if (!this.#living) return false;
    const slices = store.endpointsOf(this.#home ?? poolsHome, webhookService);
    return slices.some(({ groups }) => manyOf(groups).some(({ ready }) => ready.list.length > 0));
  }

  of(store: Pick<ObjectStore, 'configMap' | 'endpointsOf' | 'peersOf'>): PoolReading {
    if (!this.#wanted) return nothing;
    const running = this.#runs(store);
    const objects = store.peersOf(types);
    const ofNamespaces = store.peersOf([namespaceKind]);
    // Who has gone on to objects may have left the ConfigMap behind; MetalLB does not read it then either.
    const map = objects.length > 0 ? undefined : store.configMap(this.#home ?? poolsHome, poolsConfigMap);
    const all = [...objects, ...ofNamespaces, ...(map === undefined ? [] : [map])];
    if (sameItems(all, this.#objects) && running === this.#running) return this.#last;
    this.#running = running;
    this.#objects = all;
    const converted = map === undefined ? { objects: [], problems: [] } : ofConfigMap(map);
    const namespaces = shareEqual(
      this.#last.namespaces,
      ofNamespaces.map(({ meta: { name, labels } }): KnownNamespace => ({ name, labels })),
    );
    const { intent, findings } = readMetallb<Placed>([...objects, ...converted.objects], {
      namespaces,
      ...(this.#home === undefined ? {} : { home: this.#home }),
      announces: this.#announces,
      placeOf,
    });
    const { pools, announcements } = this.#last;
    this.#last = {
      pools: shareEqual(pools, intent.pools),
      announcements: shareEqual(announcements, intent.layer2),
      namespaces,
      problems: [
        ...converted.problems,
        ...(running ? [runs(this.#source, this.#home ?? poolsHome)] : []),
        ...findings.map(({ about, ...finding }) =>
          problemAt(about.place, about.ofMap ? inMap(about, finding) : finding),
        ),
      ],
    };
    return this.#last;
  }
}

function runs(source: string, home: string): Problem {
  return {
    code: 'W_METALLB',
    severity: 'warning',
    source: `source/${source}`,
    message: `source ${source}: MetalLB's controller runs in ${home} (its Service ${webhookService} has endpoints) and gives out addresses of the same pools`,
  };
}

function placeOf({ type, meta, place, ofMap }: Placed): Pick<Pool, 'source' | 'file' | 'line' | 'fields'> {
  const { file, line } = place.located;
  const own = `${type.split('/').at(-1)}/${meta.namespace}/${meta.name}`;
  const kind = ofMap ? `ConfigMap/${meta.namespace}/${poolsConfigMap}` : own;
  return {
    source: file === '' ? kind : place.source,
    ...(file === '' ? {} : { file, line }),
    ...(ofMap ? { fields: { ranges: 'data.config: addresses' } } : {}),
  };
}

const mapPath = ['data', 'config'];

function ofConfigMap({ data, meta, place }: ConfigMapView): {
  readonly objects: readonly Placed[];
  readonly problems: readonly Problem[];
} {
  const { objects, findings } = convertConfigMap(data.get('config') ?? '', meta.namespace);
  return {
    objects: objects.map((object): Placed => ({ ...object, place, ofMap: true })),
    problems: findings.map(({ field, ...finding }) =>
      problemAt(place, { ...finding, path: mapPath, name: `data.config${field === '' ? '' : `: ${field}`}` }),
    ),
  };
}

/** A finding about an object that nobody wrote, at the text that it was made of. */
function inMap({ type, meta }: Placed, finding: Finding): Finding {
  const of = `${type.split('/').at(-1)} ${meta.name}`;
  return { ...finding, path: mapPath, name: `data.config: ${of} ${fieldName(finding.path)}`.trimEnd() };
}
