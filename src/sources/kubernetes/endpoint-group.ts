import { type Cidr, type Parsed, parseTargetAddress, refuse } from '../../net/index.ts';
import type { Field } from './field.ts';
import { type Metadata, parseObjectName } from './metadata.ts';
import type { Place } from './place.ts';

/** Addresses that all serve the same ports: an EndpointSlice, or one subset of an Endpoints object. */
export interface EndpointGroup {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export interface EndpointPort {
  /** Empty when it has none. */
  readonly name: string;
  readonly port: number;
  readonly transport: 'tcp' | 'udp' | 'sctp';
}

export interface Endpoint {
  readonly addresses: readonly string[];
  /** terminating: its pod ends but still answers; used when nothing is ready, else drained. */
  readonly state: 'ready' | 'terminating' | 'down';
  readonly node?: string;
  readonly zone?: string;
  readonly pod?: string;
}

/** What an EndpointSlice or Endpoints object gives to its Service. */
export interface EndpointsView {
  readonly kind: 'EndpointSlice' | 'Endpoints';
  readonly place: Place;
  readonly meta: Metadata;
  /** Name of the Service in the same namespace. */
  readonly service: string;
  readonly groups: readonly EndpointGroup[];
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
