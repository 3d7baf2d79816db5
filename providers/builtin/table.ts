/** Resources read back into typed settings of the relay: the only place that parses attributes. */
import type { Id, Resource } from '../../src/model/index.ts';
import {
  type BackendAttrs,
  backendAttrs,
  certAttrs,
  type ListenerAttrs,
  listenerAttrs,
  type RouteAttrs,
  routeAttrs,
  weightAttrs,
} from './kinds.ts';
import { compareRoutes } from './match.ts';

/** Where requests go and with which share. */
export interface Share {
  readonly backend: Id;
  readonly weight: number;
}

export interface RouteSettings extends RouteAttrs {
  readonly id: Id;
  readonly shares: readonly Share[];
}

export interface CertSettings {
  readonly sha256: string;
  readonly origin: string;
  readonly hosts: readonly string[];
  readonly isDefault: boolean;
}

export interface ListenerSettings extends ListenerAttrs {
  readonly id: Id;
  readonly shares: readonly Share[];
  readonly certs: readonly CertSettings[];
  /** Host → its rules, the first match wins. */
  readonly hosts: ReadonlyMap<string, readonly RouteSettings[]>;
}

export interface BackendSettings extends BackendAttrs {
  readonly id: Id;
  readonly targets: ReadonlyMap<string, number>;
}

export interface Table {
  readonly listeners: readonly ListenerSettings[];
  readonly backends: readonly BackendSettings[];
}

/** Reads a whole state. Throws (a bug of ours) when attributes are not what the model makes. */
export function readTable(resources: readonly Resource[]): Table {
  const routes = Map.groupBy(
    resources.filter(({ kind }) => kind === 'Route'),
    ({ refs }) => refs.listener ?? '',
  );
  const read = resources
    .filter(({ kind }) => kind === 'Listener')
    .map((listener) => readListener(listener, routes.get(listener.id) ?? []));
  const backends = resources.filter(({ kind }) => kind === 'Backend').map(readBackend);
  return { listeners: read, backends };
}

function readListener(resource: Resource, routes: readonly Resource[]): ListenerSettings {
  const certs = [...(resource.sets.certs ?? [])].map(([sha256, { attrs }]) => ({ sha256, ...certAttrs.parse(attrs) }));
  const sorted = routes.map(readRoute).sort(compareRoutes);
  const attrs = listenerAttrs.parse(resource.attrs);
  return {
    ...attrs,
    id: resource.id,
    shares: sharesOf(resource),
    certs,
    hosts: Map.groupBy(sorted, ({ host }) => host),
  };
}

function readRoute(resource: Resource): RouteSettings {
  return { ...routeAttrs.parse(resource.attrs), id: resource.id, shares: sharesOf(resource) };
}

function readBackend(resource: Resource): BackendSettings {
  const targets = [...(resource.sets.targets ?? [])]
    .filter(([, { gone }]) => gone !== true)
    .map(([key, { attrs }]): [string, number] => [key, weightAttrs.parse(attrs).weight]);
  return { ...backendAttrs.parse(resource.attrs), id: resource.id, targets: new Map(targets) };
}

function sharesOf({ refs, sets }: Resource): readonly Share[] {
  if (refs.backend !== undefined) return [{ backend: refs.backend, weight: 1 }];
  return [...(sets.forward ?? [])].map(([backend, { attrs }]) => ({
    backend,
    weight: weightAttrs.parse(attrs).weight,
  }));
}
