import type { Target } from '../../model/index.ts';
import { addressFamily, formatAuthority } from '../../net/index.ts';
import { type EndpointPort, type EndpointsView, inOrder } from './endpoint-group.ts';
import { manyOf } from './few.ts';
import { noTargets, RestingTargets } from './resting-targets.ts';
import type { ServiceView } from './service.ts';
import type { ServicePort } from './service-port.ts';

export interface FoundTargets {
  readonly targets: RestingTargets;
  /** Why there are none. */
  readonly none?: string;
}

/**
 * The targets of one Service port: slice ports of the same name and transport give the numbers, never targetPort. Terminating endpoints
 * that still serve are used when nothing is ready and drain otherwise; others that are not ready are left out. Duplicates over several
 * slices count once, by their best state. Of a pod with addresses of both families one is used: it would get double the load.
 */
export function findTargets(
  service: ServiceView,
  port: ServicePort,
  endpoints: readonly EndpointsView[],
): FoundTargets {
  const groups = endpoints.flatMap((view) => manyOf(view.groups));
  const fitting = groups.flatMap(({ ports, ready, terminating }) =>
    ports
      .filter((candidate) => fits(candidate, port, service))
      .map((candidate) => ({
        ready: atPort(ready.list, candidate.port),
        terminating: atPort(terminating.list, candidate.port),
      })),
  );
  const ready = merge(fitting.map((group) => group.ready));
  const known = new Set(ready.map(nameOf));
  const ending = merge(fitting.map((group) => group.terminating)).filter((target) => !known.has(nameOf(target)));
  const serving = oneFamily(ready, service);
  const state: Target['state'] = serving.length > 0 ? 'draining' : 'ready';
  const leaving = oneFamily(ending, service).map((target) => (target.state === state ? target : { ...target, state }));
  if (serving.length + leaving.length > 0) {
    const targets = leaving.length === 0 ? serving : merge([serving, leaving]);
    // Mostly just those of a slice, which rest there already.
    return { targets: groups.find(({ ready }) => ready.list === targets)?.ready ?? new RestingTargets(targets) };
  }
  const ports = groups.flatMap((group) => group.ports);
  return { targets: noTargets, none: whyNone(port, endpoints, ports, fitting.length > 0) };
}

/** The very same list where they are there already. */
function atPort(targets: readonly Target[], port: number): readonly Target[] {
  return targets.every((target) => target.port === port) ? targets : targets.map((target) => ({ ...target, port }));
}

/** Each address and port once, by the first that has it, in order. */
function merge(lists: readonly (readonly Target[])[]): readonly Target[] {
  const [first = [], ...others] = lists.filter(({ length }) => length > 0);
  if (others.length === 0) return first;
  const targets = new Map<string, Target>();
  for (const target of [first, ...others].flat()) {
    const name = nameOf(target);
    if (!targets.has(name)) targets.set(name, target);
  }
  return inOrder(targets);
}

function nameOf({ address, port }: Target): string {
  return formatAuthority(address, port);
}

/** A headless Service may have no ports at all; a backend then names the slices' port itself. */
function fits(candidate: EndpointPort, port: ServicePort, service: ServiceView): boolean {
  if (candidate.transport !== port.transport) return false;
  if (service.ports.length === 0) return port.name === '' ? candidate.port === port.port : candidate.name === port.name;
  return candidate.name === port.name;
}

function oneFamily(targets: readonly Target[], service: ServiceView): readonly Target[] {
  const preferred = service.families[0] ?? 'ipv4';
  const isPreferred = ({ address }: Target): boolean => addressFamily(address) === preferred;
  if (targets.every(isPreferred) || !targets.some(isPreferred)) return targets;
  if (service.families.length > 1) return targets.filter(isPreferred);
  const pods = new Set(targets.filter(isPreferred).flatMap(({ pod }) => pod ?? []));
  return targets.filter((target) => isPreferred(target) || target.pod === undefined || !pods.has(target.pod));
}

function whyNone(
  port: ServicePort,
  endpoints: readonly EndpointsView[],
  ports: readonly EndpointPort[],
  named: boolean,
): string {
  if (endpoints.length === 0) return 'has no targets: there is no EndpointSlice or Endpoints object for the Service';
  if (named) return 'has no targets: no endpoint is ready';
  const names = [...new Set(ports.map(({ name, transport }) => `${name === '' ? '(no name)' : name}/${transport}`))];
  const list = names.length === 0 ? 'they have no usable ports' : `they have ${names.slice(0, 5).join(', ')}`;
  return `has no targets: no EndpointSlice has a port named ${port.name === '' ? '(no name)' : port.name}/${port.transport}; ${list}`;
}
