import type { JsonObject, KubeObject, SeenKind } from '../kube/index.ts';
import type { Json } from '../model/index.ts';
import type { StatusAddress, StatusPort } from './facts.ts';

/** Conditions as the API has them, what is not needed here left out. */
export interface KnownCondition {
  readonly status: boolean;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** One object as it was last seen: as little as is needed to know what is to be written. */
export interface KnownObject extends SeenKind {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly deleting: boolean;
  readonly finalizers: readonly string[];
  /** Of what shape its status is. */
  readonly shape: StatusShape;
  readonly addresses: readonly StatusAddress[];
  readonly programmed?: KnownCondition;
  readonly observedGeneration?: number;
  /** We own something of its status. */
  readonly ours: boolean;
  /** The pool that its annotation names. */
  readonly pool?: string;
}

/** What of a status can be written where. */
export interface StatusShape {
  readonly addresses: boolean;
  readonly conditions: boolean;
  readonly generation: boolean;
  /** Entries may say how packets arrive. */
  readonly ipMode: boolean;
}

const balancerService: StatusShape = { addresses: true, conditions: true, generation: false, ipMode: true };
// Other Services may not have addresses in their status: the server refuses them.
const otherService: StatusShape = { addresses: false, conditions: true, generation: false, ipMode: false };
const ingress: StatusShape = { addresses: true, conditions: false, generation: false, ipMode: false };
const binding: StatusShape = { addresses: false, conditions: false, generation: true, ipMode: false };

const shapes: Readonly<Record<string, (spec: JsonObject) => StatusShape>> = {
  Service: ({ type }) => (type === 'LoadBalancer' ? balancerService : otherService),
  Ingress: () => ingress,
  TargetGroupBinding: () => binding,
};

/** As MetalLB has it. */
export const poolAnnotation = 'metallb.io/ip-allocated-from-pool';

// There are thousands of objects with none of this.
const none: JsonObject = {};
const noAddresses: readonly StatusAddress[] = [];
const noTexts: readonly string[] = [];

/** `manager`: under which name we write. undefined: an object of a kind that has no status of ours. */
export function knownObject(
  object: KubeObject,
  place: SeenKind,
  managedFields: Json | undefined,
  manager: string,
): KnownObject | undefined {
  const spec = recordOf(object.spec);
  const shape = shapes[place.kind]?.(spec);
  if (shape === undefined) return undefined;
  const { metadata } = object;
  const status = recordOf(object.status);
  const pool = recordOf(metadata.annotations)[poolAnnotation];
  const programmed = listOf(status.conditions)
    .map(recordOf)
    .find(({ type }) => type === 'Programmed');
  return {
    kind: place.kind,
    apiVersion: place.apiVersion,
    resource: place.resource,
    namespace: textOf(metadata.namespace),
    name: metadata.name,
    uid: textOf(metadata.uid),
    resourceVersion: textOf(metadata.resourceVersion),
    ...(typeof metadata.generation === 'number' ? { generation: metadata.generation } : {}),
    deleting: typeof metadata.deletionTimestamp === 'string',
    finalizers: textsOf(metadata.finalizers),
    shape,
    addresses: addressesIn(status),
    ...(programmed === undefined ? {} : { programmed: readCondition(programmed) }),
    ...(typeof status.observedGeneration === 'number' ? { observedGeneration: status.observedGeneration } : {}),
    ours: ownsStatus(managedFields, manager),
    ...(typeof pool === 'string' ? { pool } : {}),
  };
}

/** How the object is called in problems and messages. */
export function sourceOf({ kind, namespace, name }: Pick<KnownObject, 'kind' | 'namespace' | 'name'>): string {
  return `${kind}/${namespace}/${name}`;
}

/** Equal but for the order of ports, and for what the server fills in by itself. Asked for each object again and again. */
export function sameAddresses(a: readonly StatusAddress[], b: readonly StatusAddress[]): boolean {
  if (a === b) return true;
  return a.length === b.length && a.every((entry, i) => sameEntry(entry, b[i]));
}

function sameEntry(a: StatusAddress, b: StatusAddress | undefined): boolean {
  return (
    a.ip === b?.ip &&
    a.hostname === b?.hostname &&
    (a.ipMode ?? 'VIP') === (b?.ipMode ?? 'VIP') &&
    a.ports.length === b?.ports.length &&
    a.ports.every(({ port, protocol }) => b.ports.some((one) => one.port === port && one.protocol === protocol))
  );
}

function ownsStatus(managedFields: Json | undefined, manager: string): boolean {
  return listOf(managedFields)
    .map(recordOf)

    .some(
      (entry) =>
        entry.manager === manager && entry.operation === 'Apply' && recordOf(entry.fieldsV1)['f:status'] !== undefined,
    );
}

export function addressesIn(status: JsonObject): readonly StatusAddress[] {
  const entries = listOf(recordOf(status.loadBalancer).ingress);
  return entries.length === 0 ? noAddresses : entries.map(readAddress);
}

function readAddress(entry: Json): StatusAddress {
  const { ip, hostname, ipMode, ports } = recordOf(entry);
  return {
    ...(typeof ip === 'string' && ip !== '' ? { ip } : {}),
    ...(typeof hostname === 'string' && hostname !== '' ? { hostname } : {}),
    ...(ipMode === 'Proxy' ? { ipMode } : {}),
    ports: listOf(ports).flatMap((one): readonly StatusPort[] => {
      const { port, protocol } = recordOf(one);
      return typeof port === 'number' ? [{ port, protocol: protocol === 'UDP' ? 'UDP' : 'TCP' }] : [];
    }),
  };
}

function readCondition(condition: JsonObject): KnownCondition {
  const { observedGeneration } = condition;
  return {
    status: condition.status === 'True',
    reason: textOf(condition.reason),
    message: textOf(condition.message),
    lastTransitionTime: textOf(condition.lastTransitionTime),
    ...(typeof observedGeneration === 'number' ? { observedGeneration } : {}),
  };
}

export function recordOf(value: Json | undefined): JsonObject {
  return isRecord(value) ? value : none;
}

function isRecord(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function textsOf(value: Json | undefined): readonly string[] {
  if (value === undefined) return noTexts;
  return listOf(value).flatMap((one) => (typeof one === 'string' ? [one] : []));
}
