import type { PeerClass, PeerIngress, PeerService } from '../reader.ts';
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

function claimsService(service: PeerService): boolean {
  if (service.type !== 'LoadBalancer') return false;
  if (service.class !== undefined) return service.class === networkClass;
  const type = service.annotations.get(`${servicePrefix}aws-load-balancer-type`);
  const target = service.annotations.get(`${servicePrefix}aws-load-balancer-nlb-target-type`);
  return type === 'nlb-ip' || (type === 'external' && (target === 'ip' || target === 'instance'));
}
