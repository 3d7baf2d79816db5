import type { ErrorCode, Problem } from '../../model/index.ts';

/** What MetalLB tells at a Service: its reasons and words, which alerts go by. */
export interface MetallbEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
}

/** Of its controller, about a Service that has got addresses and had others, or none, before; undefined: none is new. */
export function ipAllocated(given: readonly string[], before: readonly string[]): MetallbEvent | undefined {
  const fresh = given.filter((one) => !before.includes(one));
  if (fresh.length === 0) return undefined;
  const additional = fresh.length < given.length;
  const note = additional ? `Assigned additional IP ${quoted(fresh)}` : `Assigned IP [${quoted(given)}]`;
  return { type: 'Normal', reason: 'IPAllocated', note };
}

const allocation: ReadonlySet<ErrorCode> = new Set([
  ...(['E_ADDRESS', 'E_ADDRESS_FAMILY', 'E_ADDRESS_OUTSIDE', 'E_ADDRESS_RESERVED', 'E_ADDRESS_TAKEN'] as const),
  ...(['E_POOL_DENIED', 'E_POOL_EXHAUSTED', 'E_POOL_FAMILY', 'E_POOL_NONE', 'E_POOL_UNKNOWN'] as const),
]);

/** Of its controller, about a Service (`namespace/name`) that gets no address; undefined: something else is wrong. */
export function allocationFailed(
  service: string,
  { code, field = '', message }: Pick<Problem, 'code' | 'field' | 'message'>,
): MetallbEvent | undefined {
  const asked = code === 'E_ANNOTATION_VALUE' && field.endsWith('/loadBalancerIPs');
  if (!asked && !allocation.has(code)) return undefined;
  // Mostly a message begins with whom it is about.
  const reason = message.replace(`Service ${service}: `, '');
  const note = `Failed to allocate IP for ${JSON.stringify(service)}: ${reason} (${code})`;
  return { type: 'Warning', reason: 'AllocationFailed', note };
}

/** Of the speaker on a node that answers for a Service from now on. */
export function nodeAssigned(node: string): MetallbEvent {
  const note = `announcing from node ${JSON.stringify(node)} with protocol "layer2"`;
  return { type: 'Normal', reason: 'nodeAssigned', note };
}

function quoted(addresses: readonly string[]): string {
  return addresses.map((one) => JSON.stringify(one)).join(' ');
}
