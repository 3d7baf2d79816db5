import type { KubeObject } from '../kube/index.ts';
import { addressesIn, listOf, recordOf, textOf, textsOf } from './known-object.ts';

/** How whatever stands behind a Service is reached. */
export interface Reached {
  readonly addresses: readonly string[];
  /** Those of its own ports that the Service leads to; absent: it names them, and each Pod says what that means. */
  readonly ports?: readonly number[];
}

/** Pure. */
export function reachedBy(object: KubeObject): Reached {
  const spec = recordOf(object.spec);
  const published = addressesIn(recordOf(object.status)).flatMap(({ ip, hostname }) => ip ?? hostname ?? []);
  const addresses = [...published, ...textsOf(spec.externalIPs)];
  const inside = textOf(spec.clusterIP);
  // Who waits for an address of a load balancer does not mean the one that only the cluster knows.
  if (addresses.length === 0 && spec.type !== 'LoadBalancer' && inside !== '' && inside !== 'None')
    addresses.push(inside);
  const targets = listOf(spec.ports)
    .map(recordOf)
    .map(({ port, targetPort = port }) => targetPort);
  const ports = targets.filter((port) => typeof port === 'number');
  return { addresses, ...(ports.length === targets.length ? { ports } : {}) };
}

/** By the Services of that name in all clusters that have one; undefined: none has. Pure. */
export function reachedByAny(all: readonly Reached[]): Reached | undefined {
  if (all.length <= 1) return all[0];
  const known = all.flatMap(({ ports }) => ports ?? []);
  const ports = all.every((one) => one.ports !== undefined) ? { ports: [...new Set(known)] } : {};
  return { addresses: [...new Set(all.flatMap(({ addresses }) => addresses))], ...ports };
}
