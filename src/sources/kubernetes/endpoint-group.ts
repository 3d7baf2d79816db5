import type { Target } from '../../model/index.ts';
import { type Cidr, formatAuthority, type Parsed, parseTargetAddress, refuse } from '../../net/index.ts';
import { Canonical } from './canonical.ts';
import type { Few } from './few.ts';
import type { Field } from './field.ts';
import { type NameOnly, parseObjectName } from './metadata.ts';
import type { Place } from './place.ts';
import { noTargets, RestingTargets } from './resting-targets.ts';

/**
 * Addresses that all serve the same ports: an EndpointSlice, or one subset of an Endpoints object. They are kept as the targets that they
 * mostly are, at the first port, in the order of targets, each address once by its best state.
 */
export interface EndpointGroup {
  readonly ports: readonly EndpointPort[];
  readonly ready: RestingTargets;
  /** Their pods end but still answer: used when nothing is ready, else drained. */
  readonly terminating: RestingTargets;
}

export interface EndpointPort {
  /** Empty when it has none. */
  readonly name: string;
  readonly port: number;
  readonly transport: 'tcp' | 'udp' | 'sctp';
}

/** One address as it is read. */
export interface Endpoint {
  readonly address: string;
  readonly state: 'ready' | 'terminating' | 'down';
  readonly node: string | undefined;
  readonly zone: string | undefined;
  readonly pod: string | undefined;
}

/** What an EndpointSlice or Endpoints object gives to its Service. */
export interface EndpointsView {
  readonly kind: 'EndpointSlice' | 'Endpoints';
  readonly located: Place['located'];
  readonly meta: NameOnly;
  /** Name of the Service in the same namespace. */
  readonly service: string;
  readonly groups: Few<EndpointGroup>;
}

const portLists = new Canonical<readonly EndpointPort[]>();
const none: readonly never[] = [];

export function groupOf(ports: readonly EndpointPort[], endpoints: readonly Endpoint[]): EndpointGroup {
  const key = ports.map(({ name, port, transport }) => `${name}/${port}/${transport}`).join(' ');
  const port = ports[0]?.port ?? 0;
  const ready = new Map<string, Target>();
  const terminating = new Map<string, Target>();
  for (const endpoint of endpoints) {
    if (endpoint.state === 'down') continue;
    const into = endpoint.state === 'ready' ? ready : terminating;
    const name = formatAuthority(endpoint.address, port);
    if (!into.has(name)) into.set(name, targetOf(endpoint, port));
  }
  for (const name of ready.keys()) terminating.delete(name);
  return {
    ports: ports.length === 0 ? none : portLists.of(key, ports.slice()),
    ready: rest(ready),
    terminating: rest(terminating),
  };
}

function rest(targets: ReadonlyMap<string, Target>): RestingTargets {
  return targets.size === 0 ? noTargets : new RestingTargets(inOrder(targets));
}

/** Targets by address and port, in their order. */
export function inOrder(targets: ReadonlyMap<string, Target>): readonly Target[] {
  if (targets.size === 0) return none;
  return [...targets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, target]) => target);
}

function targetOf({ address, ...about }: Endpoint, port: number): Target {
  const { node, zone, pod } = about;
  return {
    address,
    port,
    ...(node === undefined ? {} : { node }),
    ...(zone === undefined ? {} : { zone }),
    ...(pod === undefined ? {} : { pod }),
    weight: 1,
    state: about.state === 'terminating' ? 'draining' : 'ready',
  };
}

/** A target's address. What could reach the balancer's own machine is refused here, once for all providers. */
export function readTargetAddress(field: Field, allowed: readonly Cidr[]): string | undefined {
  return field.required((value): Parsed<string> => {
    const parsed = parseTargetAddress(value, allowed);
    return parsed.ok ? parsed : refuse(parsed.code, `${parsed.reason}; this address is left out`);
  });
}

/** A name that only informs: one that cannot be a name is told and left out, the endpoint stays. */
export function readInformal(field: Field): string | undefined {
  return field.value === '' ? undefined : field.parse(parseObjectName);
}
