import type { Node, Problem } from '../../model/index.ts';
import type { ConfigMapView } from './config-map.ts';
import type { EndpointsView } from './endpoint-group.ts';
import type { IngressView } from './ingress.ts';
import type { IngressClassView } from './ingress-class.ts';
import type { View } from './kinds.ts';
import type { NodeView } from './node.ts';
import type { PeerView } from './peer-object.ts';
import { type Place, problemAt } from './place.ts';
import type { SecretView } from './secret.ts';
import type { ServiceView } from './service.ts';

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

/** Views by kind and name; the indexes that make a join a matter of look-ups. */
export class ObjectStore implements Lookup {
  readonly services = new Map<string, ServiceView>();
  readonly ingresses = new Map<string, IngressView>();
  readonly configMaps = new Map<string, ConfigMapView>();
  /** By group/Kind, then by name. */
  readonly peers = new Map<string, Map<string, PeerView>>();
  readonly #nodes = new Map<string, NodeView>();
  readonly #secrets = new Map<string, SecretView>();
  readonly #classes = new Map<string, IngressClassView>();
  readonly #endpoints = new Map<string, EndpointsView>();
  /** Slices by Service, then by their own name. */
  readonly #slices = new Map<string, Map<string, EndpointsView>>();
  #defaultClass: IngressClassView | undefined;

  get nodes(): readonly Node[] {
    return [...this.#nodes.values()].map(({ node }) => node);
  }

  /** Adds a view. Of two objects of one kind and name the older one stays; without ages, the first. Answers the problem of the other. */
  add(view: View): Problem | undefined {
    switch (view.kind) {
      case 'Service':
        return put(this.services, view);
      case 'Ingress':
        return put(this.ingresses, view);
      case 'Secret':
        return put(this.#secrets, view);
      case 'ConfigMap':
        return put(this.configMaps, view);
      case 'Endpoints':
        return put(this.#endpoints, view);
      case 'EndpointSlice':
        return put(this.#slicesOf(view.meta.namespace, view.service), view);
      case 'IngressClass': {
        const problem = put(this.#classes, view);
        this.#defaultClass = newestDefault([...this.#classes.values()]);
        return problem;
      }
      case 'Node':
        return put(this.#nodes, view);
      case 'Peer':
        return put(this.#peersOf(view.type), view);
    }
  }

  service(namespace: string, name: string): ServiceView | undefined {
    return this.services.get(`${namespace}/${name}`);
  }

  endpointsOf(namespace: string, service: string): readonly EndpointsView[] {
    const key = `${namespace}/${service}`;
    const slices = this.#slices.get(key);
    if (slices !== undefined) return [...slices.values()];
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
    return this.peers.get(type)?.get(`${namespace}/${name}`);
  }

  #peersOf(type: string): Map<string, PeerView> {
    const known = this.peers.get(type);
    if (known !== undefined) return known;
    const fresh = new Map<string, PeerView>();
    this.peers.set(type, fresh);
    return fresh;
  }

  #slicesOf(namespace: string, service: string): Map<string, EndpointsView> {
    const key = `${namespace}/${service}`;
    const known = this.#slices.get(key);
    if (known !== undefined) return known;
    const fresh = new Map<string, EndpointsView>();
    this.#slices.set(key, fresh);
    return fresh;
  }
}

/** Keeps the older of two views, or the first. Answers the problem of the other. */
function put<V extends View>(map: Map<string, V>, view: V): Problem | undefined {
  const key = `${view.meta.namespace}/${view.meta.name}`;
  const known = map.get(key);
  if (known === undefined) {
    map.set(key, view);
    return undefined;
  }
  const older = (view.meta.createdMs ?? Number.POSITIVE_INFINITY) < (known.meta.createdMs ?? Number.POSITIVE_INFINITY);
  if (older) map.set(key, view);
  return duplicate(older ? known.place : view.place);
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
