import type { JsonObject } from '../kube/index.ts';
import type { Programmed, StatusAddress } from './facts.ts';
import { type KnownObject, sameAddresses } from './known-object.ts';

export interface WantedStatus {
  readonly addresses: readonly StatusAddress[];
  readonly programmed: Programmed;
}

/** A request that changes one object. */
export interface Intent {
  readonly type: 'apply' | 'merge';
  readonly subresource?: 'status';
  readonly body: JsonObject;
  /** The command that does the same, for somebody who may: nothing else will where the right to is gone for good. */
  readonly byHand?: string;
}

/** The API's limits for a condition. */
const messageLength = 32_768;

/**
 * What has to be written so that the status says what is wanted; undefined: nothing. `wanted` undefined: what we wrote is taken back, and
 * nothing else, since server-side apply removes just what its manager owns. Pure.
 */
export function statusIntent(
  object: KnownObject,
  wanted: WantedStatus | undefined,
  nowIso: () => string,
): Intent | undefined {
  const { shape } = object;
  if (wanted === undefined) return object.ours ? applied(object, undefined) : undefined;
  if (shape.generation) return generationIntent(object);
  const addresses = shape.addresses ? wanted.addresses.map((entry) => fitting(entry, shape.ipMode)) : [];
  const condition = shape.conditions ? conditionOf(object, wanted.programmed, nowIso) : undefined;
  const empty = addresses.length === 0 && condition === undefined;
  const same =
    (!shape.addresses || sameAddresses(addresses, object.addresses)) &&
    (condition === undefined || sameCondition(object, condition)) &&
    // What somebody else wrote is made ours, or nobody would take it back one day.
    (object.ours || empty);
  if (same || (empty && !object.ours)) return undefined;
  if (empty) return applied(object, undefined);
  return applied(object, {
    ...(addresses.length === 0 ? {} : { loadBalancer: { ingress: addresses.map(entryOf) } }),
    ...(condition === undefined ? {} : { conditions: [condition] }),
  });
}

/** Its makers' controller says in this way that it has seen the object. */
function generationIntent({ generation, observedGeneration }: KnownObject): Intent | undefined {
  if (generation === undefined || generation === observedGeneration) return undefined;
  return { type: 'merge', subresource: 'status', body: { status: { observedGeneration: generation } } };
}

/** Only this very object: one of the same name that was made since is another. */
function applied({ apiVersion, kind, namespace, name, uid }: KnownObject, status: JsonObject | undefined): Intent {
  const metadata = { name, namespace, uid };
  const body = { apiVersion, kind, metadata, ...(status === undefined ? {} : { status }) };
  return { type: 'apply', subresource: 'status', body };
}

function fitting({ ipMode, ...entry }: StatusAddress, withMode: boolean): StatusAddress {
  return withMode && entry.ip !== undefined && ipMode !== undefined ? { ...entry, ipMode } : entry;
}

function entryOf({ ip, hostname, ipMode, ports }: StatusAddress): JsonObject {
  return {
    ...(ip === undefined ? {} : { ip }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(ipMode === undefined ? {} : { ipMode }),
    ...(ports.length === 0 ? {} : { ports: ports.map(({ port, protocol }) => ({ port, protocol })) }),
  };
}

function conditionOf(object: KnownObject, { status, reason, message }: Programmed, nowIso: () => string): JsonObject {
  const { programmed: before, generation } = object;
  const since = before?.status === status && before.lastTransitionTime !== '' ? before.lastTransitionTime : nowIso();
  return {
    type: 'Programmed',
    status: status ? 'True' : 'False',
    reason: conditionReason(reason),
    message: message.slice(0, messageLength).toWellFormed(),
    lastTransitionTime: since,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

function sameCondition({ programmed }: KnownObject, condition: JsonObject): boolean {
  return (
    programmed !== undefined &&
    condition.status === (programmed.status ? 'True' : 'False') &&
    condition.reason === programmed.reason &&
    condition.message === programmed.message &&
    condition.observedGeneration === programmed.observedGeneration
  );
}

/** What the API takes for a reason: a code stands without its beginning. */
export function conditionReason(text: string): string {
  const plain = text
    .replace(/^[EW]_/, '')
    .replace(/[^A-Za-z0-9_]/g, '_')
    .slice(0, 128);
  return /^[A-Za-z]/.test(plain) && !plain.endsWith('_') ? plain : 'Unknown';
}
