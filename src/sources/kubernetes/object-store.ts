import type { Node, Problem } from '../../model/index.ts';
import type { ConfigMapView } from './config-map.ts';
import type { EndpointsView } from './endpoint-group.ts';
import type { IngressView } from './ingress.ts';
import type { IngressClassView } from './ingress-class.ts';
import type { View } from './kinds.ts';
import type { NodeView } from './node.ts';
import type { PeerView } from './peer-object.ts';
import { type Place, placeOf, problemAt } from './place.ts';
import type { SecretView } from './secret.ts';
import type { ServiceView } from './service.ts';
import { SliceTable } from './slice-table.ts';
import { Table, type Tally } from './table.ts';

/** What the joiner asks for. Answers are the same objects as before while nothing changed. */
export interface Lookup {
  service(namespace: string, name: string): ServiceView | undefined;
  /** EndpointSlices of a Service by name; its Endpoints object only where no slice exists. */
  endpointsOf(namespace: string, service: string): readonly EndpointsView[];
  secret(namespace: string, name: string): SecretView | undefined;
  ingressClass(name: string): IngressClassView | undefined;
  /** The newest class that is marked as default. */
  defaultClass(): IngressClassView | undefined;
  /** An object of a kind of a peer, by group/Kind; the namespace is empty for those of the cluster. */
  peer(type: string, namespace: string, name: string): PeerView | undefined;
  /** Whether any IngressClass is known at all: plain files often have none. */
  hasClasses(): boolean;
}

/** What a look-up asks for, as a text: whoever asked is told by it when the answer may be another one. */
export const asks = {
  service: (namespace: string, name: string) => `Service ${namespace}/${name}`,
  endpoints: (namespace: string, service: string) => `endpoints ${namespace}/${service}`,
  secret: (namespace: string, name: string) => `Secret ${namespace}/${name}`,
  classes: () => 'classes',
  peer: (type: string, namespace: string, name: string) => `${type} ${namespace}/${name}`,
};

/** Views by kind and name, kept as objects come and go; the indexes that make a join a matter of look-ups. */
export class ObjectStore implements Lookup {
  readonly #tally: Tally = { names: 0, contested: 0 };
  readonly #services = new Table<ServiceView>(this.#tally);
  readonly #ingresses = new Table<IngressView>(this.#tally);
  readonly #configMaps = new Table<ConfigMapView>(this.#tally);
  /** By group/Kind. */
  readonly #peers = new Map<string, Table<PeerView>>();
  readonly #nodes = new Table<NodeView>(this.#tally);
  readonly #secrets = new Table<SecretView>(this.#tally);
  readonly #classes = new Table<IngressClassView>(this.#tally);
  readonly #endpoints = new Table<EndpointsView>(this.#tally);
  readonly #slices = new SliceTable(this.#tally);
  #defaultClass: IngressClassView | undefined;
  #touched = new Set<string>();

  get nodes(): readonly Node[] {
    return [...this.#nodes.values()].map(({ node }) => node);
  }

  /** Views that may become services: Services, Ingresses, objects of peers. */
  *roots(): Generator<ServiceView | IngressView | PeerView> {
    yield* this.#services.values();
    yield* this.#ingresses.values();
    for (const peers of this.#peers.values()) for (const view of peers.values()) if (view.exported) yield view;
  }

  /** Objects of peers of these types (group/Kind). */
  peersOf(types: readonly string[]): readonly PeerView[] {
    return types.flatMap((type) => [...(this.#peers.get(type)?.values() ?? [])]);
  }

  configMap(namespace: string, name: string): ConfigMapView | undefined {
    return this.#configMaps.get(`${namespace}/${name}`);
  }

  get tally(): Readonly<Tally> {
    return this.#tally;
  }

  /** Objects that are not in force since another one has their name. */
  *duplicates(): Generator<Problem> {
    if (this.#tally.contested === 0) return;
    for (const table of this.#tables()) for (const [loser] of table.losers()) yield duplicate(placeOfView(loser));
  }

  add(view: View): void {
    this.#note(this.#change(view, 'add'), view);
  }

  remove(view: View): void {
    this.#note(this.#change(view, 'remove'), view);
  }

  /** Brings all of them into an order. */
  arrange(placeOf: (view: View) => number): void {
    for (const table of this.#tables()) for (const view of table.arrange(placeOf)) this.#note(true, view);
  }

  /** What may have another answer than when this was last asked. */
  takeTouched(): ReadonlySet<string> {
    const touched = this.#touched;
    this.#touched = new Set();
    return touched;
  }

  service(namespace: string, name: string): ServiceView | undefined {
    return this.#services.get(`${namespace}/${name}`);
  }

  endpointsOf(namespace: string, service: string): readonly EndpointsView[] {
    const key = `${namespace}/${service}`;
    const slices = this.#slices.of(key);
    if (slices.length > 0) return slices;
    const endpoints = this.#endpoints.get(key);
    return endpoints === undefined ? [] : [endpoints];
  }

  secret(namespace: string, name: string): SecretView | undefined {
    return this.#secrets.get(`${namespace}/${name}`);
  }

  ingressClass(name: string): IngressClassView | undefined {
    return this.#classes.get(`/${name}`);
  }

  defaultClass(): IngressClassView | undefined {
    return this.#defaultClass;
  }

  hasClasses(): boolean {
    return this.#classes.size > 0;
  }

  peer(type: string, namespace: string, name: string): PeerView | undefined {
    return this.#peers.get(type)?.get(`${namespace}/${name}`);
  }

  /** Whether another object of its name is in force now. */
  #change(view: View, how: 'add' | 'remove'): boolean {
    switch (view.kind) {
      case 'Service':
        return this.#services[how](view);
      case 'Ingress':
        return this.#ingresses[how](view);
      case 'Secret':
        return this.#secrets[how](view);
      case 'ConfigMap':
        return this.#configMaps[how](view);
      case 'Endpoints':
        return this.#endpoints[how](view);
      case 'EndpointSlice':
        return this.#slices[how](view);
      case 'IngressClass':
        return this.#classes[how](view);
      case 'Node':
        return this.#nodes[how](view);
      case 'Peer':
        return changeIn(this.#peers, view.type, view, how, this.#tally);
    }
  }

  *#tables(): Generator<Pick<Table<View>, 'losers' | 'arrange'>> {
    yield* [this.#services, this.#ingresses, this.#configMaps, this.#nodes, this.#secrets, this.#classes];
    yield* [this.#endpoints, this.#slices];
    yield* this.#peers.values();
  }

  /** `other`: another object of the view's name is in force now. */
  #note(other: boolean, view: View): void {
    if (!other) return;
    const { namespace, name } = view.meta;
    if (view.kind === 'Service') this.#touched.add(asks.service(namespace, name));
    else if (view.kind === 'Secret') this.#touched.add(asks.secret(namespace, name));
    else if (view.kind === 'Peer') this.#touched.add(asks.peer(view.type, namespace, name));
    else if (view.kind === 'EndpointSlice' || view.kind === 'Endpoints')
      this.#touched.add(asks.endpoints(namespace, view.service));
    else if (view.kind === 'IngressClass') {
      this.#defaultClass = newestDefault([...this.#classes.values()]);
      this.#touched.add(asks.classes());
    }
  }
}

/** Of several tables the one by this key, made when it is needed and gone when it is empty. */
function changeIn<V extends View>(
  tables: Map<string, Table<V>>,
  key: string,
  view: V,
  how: 'add' | 'remove',
  tally: Tally,
): boolean {
  const table = tables.get(key) ?? new Table<V>(tally);
  const other = table[how](view);
  if (table.size === 0) tables.delete(key);
  else tables.set(key, table);
  return other;
}

/** Of what adds to others no place is kept. */
function placeOfView(view: View): Place {
  return 'place' in view ? view.place : placeOf(view.located, view.kind, view.meta.namespace, view.meta.name);
}

function duplicate(place: Place): Problem {
  return problemAt(place, {
    code: 'E_SERVICE_DUPLICATE',
    path: ['metadata', 'name'],
    reason: 'is the name of another object of this kind too; the older one, else the first one read, is in force',
  });
}

/** Two defaults are a mistake that the API server resolves in favour of the newest, then by name; so do we. */
function newestDefault(classes: readonly IngressClassView[]): IngressClassView | undefined {
  const defaults = classes.filter(({ isDefault }) => isDefault);
  const [first] = defaults.sort(
    (a, b) => (b.meta.createdMs ?? 0) - (a.meta.createdMs ?? 0) || (a.meta.name < b.meta.name ? -1 : 1),
  );
  return first;
}
