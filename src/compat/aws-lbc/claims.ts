import type { PeerClass, PeerIngress, PeerReader, PeerService } from '../reader.ts';
import { servicePrefix } from './annotation.ts';

/** Class of Services that get a network load balancer. */
export const networkClass = 'service.k8s.aws/nlb';
/** Controller of classes of Ingresses. */
export const controller = 'ingress.k8s.aws/alb';
const legacyClass = 'alb';

/**
 * Whether the peer would serve an object. Services: of its class; without a class, of type `nlb-ip`, or `external` with a target type.
 * Ingresses: whose class names its controller; or of the annotation `alb`, and of a class `alb` where no IngressClass is known.
 */
export function claims(
  object: PeerService | PeerIngress,
  known: PeerClass | undefined,
): { readonly class: string } | undefined {
  if (object.kind === 'Service') return claimsService(object) ? { class: networkClass } : undefined;
  const name = object.className ?? object.legacyClass ?? known?.name;
  if (name === undefined) return undefined;
  const ours = known === undefined ? name === legacyClass : known.controller === controller;
  return ours ? { class: name } : undefined;
}

/**
 * A Service without a class that has annotations of the peer. In a cluster the peer's webhook writes the class at creation, so manifests
 * often lack it: read from files they would get a load balancer with defaults alone.
 */
export function missed({
  type,
  class: named,
  annotations,
}: PeerService): ReturnType<NonNullable<PeerReader['missed']>> {
  if (type !== 'LoadBalancer' || named !== undefined) return undefined;
  const annotation = [...annotations.keys()].find((key) => key.startsWith(`${servicePrefix}aws-load-balancer-`));
  if (annotation === undefined) return undefined;
  const reason = `has no effect, because the Service is not written for aws-load-balancer-controller: set spec.loadBalancerClass to ${networkClass} (its webhook does so in a cluster), or aws-load-balancer-type to external with aws-load-balancer-nlb-target-type`;
  return { annotation, reason };
}

function claimsService(service: PeerService): boolean {
  if (service.type !== 'LoadBalancer') return false;
  if (service.class !== undefined) return service.class === networkClass;
  const type = service.annotations.get(`${servicePrefix}aws-load-balancer-type`);
  const target = service.annotations.get(`${servicePrefix}aws-load-balancer-nlb-target-type`);
  return type === 'nlb-ip' || (type === 'external' && (target === 'ip' || target === 'instance'));
}
