import type { Target } from '../../model/index.ts';
import { addressFamily, formatAuthority } from '../../net/index.ts';
import type { Endpoint, EndpointPort, EndpointsView } from './endpoint-group.ts';
import type { ServiceView } from './service.ts';
import type { ServicePort } from './service-port.ts';

export interface FoundTargets {
  readonly targets: readonly Target[];
  /** Why there are none. */
  readonly none?: string;
}

interface Candidate {
  readonly endpoint: Endpoint;
  readonly address: string;
  readonly port: number;
}

const rank = { ready: 0, terminating: 1, down: 2 } as const;

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
  const groups = endpoints.flatMap((view) => view.groups);
  const candidates = new Map<string, Candidate>();
  let named = false;
  for (const group of groups) {
    for (const { port: number } of group.ports.filter((candidate) => fits(candidate, port, service))) {
      named = true;
      for (const endpoint of group.endpoints) {
        for (const address of endpoint.addresses) {
          const key = formatAuthority(address, number);
          const known = candidates.get(key);
          if (known === undefined || rank[endpoint.state] < rank[known.endpoint.state])
            candidates.set(key, { endpoint, address, port: number });
        }
      }
    }
  }
  const inState = (state: Endpoint['state']): Keyed[] =>
    oneFamily(
      [...candidates].filter(([, { endpoint }]) => endpoint.state === state),
      service,
    );
  const ready = inState('ready');
  const chosen = [...ready, ...inState('terminating')].sort(([a], [b]) => (a < b ? -1 : 1));
  if (chosen.length === 0)
    return {
      targets: [],
      none: whyNone(
        port,
        endpoints,
        groups.flatMap(({ ports }) => ports),
        named,
      ),
    };
  return { targets: chosen.map(([, candidate]) => targetOf(candidate, ready.length > 0)) };
}

/** A headless Service may have no ports at all; a backend then names the slices' port itself. */
function fits(candidate: EndpointPort, port: ServicePort, service: ServiceView): boolean {
  if (candidate.transport !== port.transport) return false;
  if (service.ports.length === 0) return port.name === '' ? candidate.port === port.port : candidate.name === port.name;
  return candidate.name === port.name;
}

function targetOf({ endpoint, address, port }: Candidate, someReady: boolean): Target {
  const { node, zone, pod } = endpoint;
  const state = endpoint.state === 'terminating' && someReady ? 'draining' : 'ready';
  // There are more of these than of anything else: a literal takes half the memory.
  if (node !== undefined && zone !== undefined && pod !== undefined)
    return { address, port, node, zone, pod, weight: 1, state };
  return {
    address,
    port,
    ...(node === undefined ? {} : { node }),
    ...(zone === undefined ? {} : { zone }),
    ...(pod === undefined ? {} : { pod }),
    weight: 1,
    state,
  };
}

type Keyed = readonly [string, Candidate];

function oneFamily(candidates: readonly Keyed[], service: ServiceView): Keyed[] {
  const preferred = service.families[0] ?? 'ipv4';
  const isPreferred = ([, { address }]: Keyed): boolean => addressFamily(address) === preferred;
  if (candidates.every(isPreferred) || !candidates.some(isPreferred)) return [...candidates];
  if (service.families.length > 1) return candidates.filter(isPreferred);
  const pods = new Set(candidates.filter(isPreferred).flatMap(([, { endpoint }]) => endpoint.pod ?? []));
  return candidates.filter(
    (entry) => isPreferred(entry) || entry[1].endpoint.pod === undefined || !pods.has(entry[1].endpoint.pod),
  );
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
