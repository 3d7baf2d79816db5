import type { Json } from '../../model/index.ts';
import { isSafeText } from '../../net/index.ts';
import type { PeerClass, PeerContext, PeerIngress, PeerResource } from '../reader.ts';
import { ingressPrefix } from './annotation.ts';
import { fieldOf, listOf, recordOf, textOf } from './fields.ts';
import { namespaceSelected } from './namespace-selector.ts';

/** group/Kind of the object that the parameters of a class name. */
export const paramsKind = 'elbv2.k8s.aws/IngressClassParams';

/** A value that stands over the annotation of an Ingress. */
export interface Override {
  /** As the annotation would have it. */
  readonly written: unknown;
  /** Below `spec`. */
  readonly field: string;
  readonly about: PeerResource;
}

export interface ClassParams {
  /** By whole key of the annotation. */
  readonly overrides: ReadonlyMap<string, Override>;
  readonly subnetTags?: Json;
  readonly about?: PeerResource;
}

/**
 * What the IngressClassParams of a class say: each of its fields stands over an annotation. Undefined: the Ingress must not be served,
 * because its parameters do not exist or its namespace may not use the class.
 */
export function readClassParams(ingress: PeerIngress, context: PeerContext): ClassParams | undefined {
  const parameters = context.class?.parameters;
  if (context.class === undefined || parameters === undefined) return { overrides: new Map() };
  const about = context.resource(parameters.kind, parameters.namespace, parameters.name);
  if (about === undefined) return missing(context.class, parameters, context);
  const spec = recordOf(about.spec);
  const fault = namespaceSelected(fieldOf(spec, 'namespaceSelector'), ingress.meta.namespace);
  if (fault !== undefined) {
    const path = ['spec', 'ingressClassName'];
    const reason = `is a class whose IngressClassParams ${about.meta.name} ${fault}; the Ingress is not served`;
    context.tell({ code: 'E_FIELD_VALUE', path, value: context.class.name, reason });
    return undefined;
  }
  const overrides = new Map<string, Override>();
  const put = (key: string, field: string, written: unknown): void => {
    if (written !== undefined) overrides.set(ingressPrefix + key, { written, field, about });
  };
  for (const [key, field] of plain) put(key, field, textOf(fieldOf(spec, field)));
  put('group.name', 'group.name', textOf(fieldOf(recordOf(fieldOf(spec, 'group')), 'name')));
  put('certificate-arn', 'certificateArn', joined(fieldOf(spec, 'certificateArn')));
  put('inbound-cidrs', 'inboundCIDRs', joined(fieldOf(spec, 'inboundCIDRs')));
  put(
    'security-group-prefix-lists',
    'prefixListsIDs',
    joined(fieldOf(spec, 'prefixListsIDs') ?? fieldOf(spec, 'PrefixListsIDs')),
  );
  put('load-balancer-attributes', 'loadBalancerAttributes', pairs(fieldOf(spec, 'loadBalancerAttributes')));
  const ipam = fieldOf(recordOf(fieldOf(spec, 'ipamConfiguration')), 'ipv4IPAMPoolId');
  put('ipam-ipv4-pool-id', 'ipamConfiguration.ipv4IPAMPoolId', textOf(ipam));
  const units = fieldOf(recordOf(fieldOf(spec, 'minimumLoadBalancerCapacity')), 'capacityUnits');
  put(
    'minimum-load-balancer-capacity',
    'minimumLoadBalancerCapacity',
    units === undefined ? undefined : `CapacityUnits=${textOf(units)}`,
  );
  for (const listener of listOf(fieldOf(spec, 'listeners'))) {
    const one = recordOf(listener);
    const name = `${textOf(fieldOf(one, 'protocol')) ?? ''}-${textOf(fieldOf(one, 'port')) ?? ''}`;
    put(`listener-attributes.${name}`, 'listeners', pairs(fieldOf(one, 'listenerAttributes')));
  }
  const subnets = recordOf(fieldOf(spec, 'subnets'));
  put('subnets', 'subnets.ids', joined(fieldOf(subnets, 'ids')));
  put('tags', 'tags', merged(pairs(fieldOf(spec, 'tags')), ingress.annotations.get(`${ingressPrefix}tags`)));
  const subnetTags = tagsOf(fieldOf(subnets, 'tags'));
  return { overrides, about, ...(subnetTags === undefined ? {} : { subnetTags }) };
}

const plain = [
  ['scheme', 'scheme'],
  ['ip-address-type', 'ipAddressType'],
  ['ssl-policy', 'sslPolicy'],
  ['ssl-redirect', 'sslRedirectPort'],
  ['load-balancer-name', 'loadBalancerName'],
  ['target-type', 'targetType'],
  ['wafv2-acl-arn', 'wafv2AclArn'],
  ['wafv2-acl-name', 'wafv2AclName'],
] as const;

function missing(
  { name }: PeerClass,
  parameters: NonNullable<PeerClass['parameters']>,
  context: PeerContext,
): undefined {
  const full = `${parameters.kind.split('/').at(-1)} ${parameters.name}`;
  const reason = `is a class whose parameters name ${full}, which does not exist or is not read; the Ingress is not served, because they may narrow who may reach it`;
  context.tell({ code: 'E_FIELD_VALUE', path: ['spec', 'ingressClassName'], value: name, reason });
}

/** A list as the annotation has it. What is no text makes the value unreadable there, and is told there. */
function joined(value: unknown): unknown {
  if (value === undefined) return undefined;
  const items = listOf(value);
  if (items.length === 0) return Array.isArray(value) ? undefined : value;
  return items.every((item) => typeof item === 'string') ? items.join(',') : value;
}

/** `[{key, value}]` as the annotation has it. */
function pairs(value: unknown): unknown {
  if (value === undefined) return undefined;
  const items = listOf(value).map(recordOf);
  if (items.length === 0) return Array.isArray(value) ? undefined : value;
  return items.map((item) => `${textOf(fieldOf(item, 'key')) ?? ''}=${textOf(fieldOf(item, 'value')) ?? ''}`).join(',');
}

/** Tags of the class beside those of the Ingress; where both name a key that of the class counts. */
function merged(ofClass: unknown, ofIngress: unknown): unknown {
  if (typeof ofClass !== 'string' || typeof ofIngress !== 'string') return ofClass;
  const keyOf = (pair: string): string => pair.split('=')[0]?.trim() ?? '';
  const keys = new Set(ofClass.split(',').map(keyOf));
  return [ofClass, ...ofIngress.split(',').filter((pair) => !keys.has(keyOf(pair)))].join(',');
}

function tagsOf(value: unknown): Json | undefined {
  const entries = Object.entries(recordOf(value)).map(([key, allowed]) => {
    const texts = listOf(allowed).filter((item) => typeof item === 'string' && isSafeText(item));
    return [key, texts.map(String)] as const;
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
