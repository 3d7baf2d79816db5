/** Objects as tests of status need them. */
import type { JsonObject, KubeObject } from '../../src/kube/index.ts';
import type { ServiceFacts } from '../../src/status/facts.ts';
import { type KnownObject, knownObject } from '../../src/status/known-object.ts';

export const manager = 'weir-lb.dev/ingress';

export interface Placed {
  readonly metadata?: JsonObject;
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
  /** We own something of the status. */
  readonly ours?: boolean;
}

export function rawService({ metadata = {}, spec = {}, status }: Placed = {}): KubeObject {
  return {
    metadata: { name: 'web', namespace: 'shop', uid: 'u1', resourceVersion: '7', ...metadata },
    spec: { type: 'LoadBalancer', ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

export const owned = [{ manager, operation: 'Apply', fieldsV1: { 'f:status': {} } }];

export const serviceKind = { kind: 'Service', apiVersion: 'v1', resource: 'services' };
export const ingressKind = { kind: 'Ingress', apiVersion: 'networking.k8s.io/v1', resource: 'ingresses' };
export const bindingKind = {
  kind: 'TargetGroupBinding',
  apiVersion: 'elbv2.k8s.aws/v1beta1',
  resource: 'targetgroupbindings',
};

export function known(placed: Placed = {}, kind = serviceKind): KnownObject {
  const found = knownObject(rawService(placed), kind, placed.ours === true ? owned : undefined, manager);
  if (found === undefined) throw new Error(`no status for ${kind.kind}`);
  return found;
}

export function facts(more: Partial<ServiceFacts> = {}): ServiceFacts {
  return {
    id: 'shop/web',
    addresses: [{ ip: '192.0.2.1', ports: [{ port: 80, protocol: 'TCP' }] }],
    programmed: { status: true, reason: 'Programmed', message: 'served by edge' },
    unserved: false,
    outlives: false,
    settling: false,
    ...more,
  };
}
