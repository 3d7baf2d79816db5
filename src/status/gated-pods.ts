import type { KubeObject } from '../kube/index.ts';
import { listOf, recordOf, textOf } from './known-object.ts';
import type { Intent } from './status-intent.ts';

/** A Pod that is ready only when a load balancer finds it so. */
export interface GatedPod {
  readonly apiVersion: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly addresses: readonly string[];
  /** Types of the conditions that it waits for, and what they say now. */
  readonly gates: ReadonlyMap<string, { readonly status: string; readonly reason: string; readonly since: string }>;
}

/** How the targets at an address are; undefined: there are none. */
export interface TargetHealth {
  readonly ready: boolean;
  readonly reason: string;
}

export function gatedPod(object: KubeObject): GatedPod {
  const { metadata } = object;
  const status = recordOf(object.status);
  const conditions = listOf(status.conditions).map(recordOf);
  const types = listOf(recordOf(object.spec).readinessGates).map((gate) => textOf(recordOf(gate).conditionType));
  const gates = types
    .filter((type) => type.startsWith('target-health.'))
    .map((type) => {
      const { status: is, reason, lastTransitionTime } = conditions.find((one) => one.type === type) ?? {};
      return [type, { status: textOf(is), reason: textOf(reason), since: textOf(lastTransitionTime) }] as const;
    });
  const ips = [textOf(status.podIP), ...listOf(status.podIPs).map((one) => textOf(recordOf(one).ip))];
  return {
    apiVersion: 'v1',
    resource: 'pods',
    namespace: textOf(metadata.namespace),
    name: metadata.name,
    uid: textOf(metadata.uid),
    resourceVersion: textOf(metadata.resourceVersion),
    addresses: [...new Set(ips)].filter((ip) => ip !== ''),
    gates: new Map(gates),
  };
}

/**
 * The conditions that a Pod waits for. One that was true stays so: a load balancer that finds everything unhealthy shall not take every Pod
 * out of its Services, too. A Pod that is no target is left alone: another controller may have made its gate. Pure.
 */
export function gateIntent(
  pod: GatedPod,
  healthOf: (address: string) => TargetHealth | undefined,
  nowIso: () => string,
): Intent | undefined {
  const found = pod.addresses.flatMap((address) => healthOf(address) ?? []);
  if (found.length === 0) return undefined;
  const sick = found.find(({ ready }) => !ready);
  const status = sick === undefined ? 'True' : 'False';
  const reason = sick === undefined ? 'Healthy' : 'NotHealthy';
  const open = [...pod.gates].filter(([, gate]) => gate.status !== 'True');
  if (open.every(([, gate]) => gate.status === status && gate.reason === reason)) return undefined;
  // Applied are all of them: one that is left out would be taken back.
  const conditions = [...pod.gates].map(([type, { status: was, since }]) => ({
    type,
    status: was === 'True' ? was : status,
    reason: was === 'True' ? 'Healthy' : reason,
    message: was === 'True' ? '' : (sick?.reason ?? ''),
    lastTransitionTime: was === status && since !== '' ? since : nowIso(),
    lastProbeTime: null,
  }));
  const { apiVersion, namespace, name, uid } = pod;
  const metadata = { namespace, name, uid };
  return {
    type: 'apply',
    subresource: 'status',
    body: { apiVersion, kind: 'Pod', metadata, status: { conditions } },
  };
}
