/**
 * Ids, physical names and ownership tags. Names and tags are those that aws-load-balancer-controller gives to the same objects, so that
 * what it made is recognised and what we make could be handed back: `k8s-`, readable parts, ten hex digits of a SHA-256 over plain
 * concatenation in the order of the arguments here. Pure.
 */
import { createHash } from 'node:crypto';
import type { ExportedService } from '../../src/model/index.ts';

/** A load balancer as its owner calls it. */
export interface Stack {
  /** Prefix of the ownership tags: of a Service, or of one or more Ingresses. */
  readonly scope: 'service' | 'ingress';
  /** Value of the stack tag: `ns/name`, or the name of a group. */
  readonly name: string;
  /** The name is that of a group. */
  readonly explicit: boolean;
  /** Of the one service behind it; empty for groups. */
  readonly namespace: string;
  readonly owner: string;
  readonly uid: string;
}

export type LoadBalancerType = 'application' | 'network';

/** The stack of a group of services, the first of which names it when they have no key in common. */
export function stackOf(first: ExportedService, type: LoadBalancerType, group?: string): Stack {
  const { kind, namespace, name, uid = '' } = first.origin;
  const scope = kind === 'Service' ? 'service' : kind === 'Ingress' || type === 'application' ? 'ingress' : 'service';
  const key = group ?? first.bundle?.key;
  if (key !== undefined) return { scope, name: key, explicit: true, namespace: '', owner: key, uid: '' };
  return { scope, name: `${namespace}/${name}`, explicit: false, namespace, owner: name, uid };
}

export const loadBalancerId = ({ scope, name }: Pick<Stack, 'scope' | 'name'>): string => `${scope}/${name}`;
/** A stack as its ownership tags name it. */
export const stackKey = ({ scope, name }: Pick<Stack, 'scope' | 'name'>): string => `${scope} ${tagText(name)}`;
export const targetGroupId = (lb: string, resource: string): string => `${lb}|${resource}`;
/**
 * A target group of somebody else: a listener of ours sends to it and its targets are ours, or listeners only point at it. What a binding
 * puts into one is an object of its own, with this id for its handle: the group may be pointed at as well.
 */
export const boundGroupId = (arn: string): string => `bound|${arn}`;
export const pointedGroupId = (arn: string): string => `pointed|${arn}`;
export const bindingGroupId = (arn: string): string => `binding|${arn}`;
export const isOwnGroup = (id: string): boolean => !/^(bound|pointed|binding)\|/.test(id);
/** Whether targets in it are ours. */
export const isFilledGroup = (id: string): boolean => /^(bound|binding)\|/.test(id);
/** ARN of the target group that is seen with this handle. */
export const groupArn = (handle: string): string => handle.replace(/^binding\|/, '');
/** Stands for a service in a group whom this weir was never asked for. `part`: what the tag of its target group says. */
export const otherId = (part: string): string => `other:${part}`;
export const isOther = (service: string): boolean => service.startsWith('other:');
export const listenerId = (lb: string, port: number): string => `${lb}|${port}`;
export const ruleId = (listener: string, conditions: string): string => `${listener}|${conditions}`;
export const securityGroupId = (lb: string, number: number): string =>
  number === 0 ? `${lb}|sg` : `${lb}|sg${number + 1}`;
export const unitName = (balancer: string, lb: string): string => `${balancer}/${lb}`;

/** Whether a load balancer, or what hangs at it, is one that several may share: its stack is not named by one service. */
export const isOfGroup = ({ id }: { readonly id: string }): boolean => /^(service|ingress)\/[^/|]*(\||$)/.test(id);

/** Id, and word in LoadBalancer.SecurityGroups, of the back-end group that all load balancers of a cluster share. */
export const backendGroup = 'backend';
export const sharedUnit = (balancer: string): string => `${balancer}/${backendGroup}`;

/** `10.0.0.7:8080`, `[2001:db8::7]:8080`, `i-0abc:30080`. */
export function targetKey(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export function sha256(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('')).digest('hex');
}

const plain = (text: string): string => text.replaceAll(/[^A-Za-z0-9]/g, '');
const short = (namespace: string, name: string, hash: string): string =>
  `k8s-${plain(namespace).slice(0, 8)}-${plain(name).slice(0, 8)}-${hash.slice(0, 10)}`;

export function loadBalancerName(cluster: string, stack: Stack, scheme: string): string {
  if (stack.explicit)
    return `k8s-${plain(stack.name).slice(0, 17)}-${sha256(cluster, stack.name, scheme).slice(0, 10)}`;
  const key = stack.scope === 'service' ? stack.uid : stack.name;
  return short(stack.namespace, stack.owner, sha256(cluster, key, scheme));
}

export function securityGroupName(cluster: string, stack: Stack): string {
  if (stack.explicit) return `k8s-${plain(stack.name).slice(0, 17)}-${sha256(cluster, stack.name).slice(0, 10)}`;
  const hash =
    stack.scope === 'service' ? sha256(cluster, stack.owner, stack.namespace, stack.uid) : sha256(cluster, stack.name);
  return short(stack.namespace, stack.owner, hash);
}

export function backendSecurityGroupName(cluster: string): string {
  return `k8s-traffic-${plain(cluster).slice(0, 232)}-${sha256(cluster).slice(0, 10)}`;
}

export interface TargetGroupParts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Port as the Service or the Ingress names it. */
  readonly servicePort: string;
  readonly targetPort: number;
  readonly targetType: string;
  readonly protocol: string;
  readonly protocolVersion: string;
  readonly healthProtocol: string;
  readonly healthIntervalSeconds: number;
  /** The Ingress behind it. */
  readonly ingress?: { readonly namespace: string; readonly name: string };
}

export function targetGroupName(cluster: string, stack: Stack, parts: TargetGroupParts): string {
  const { namespace, name, uid, servicePort, targetType, protocol, ingress } = parts;
  const port = String(parts.targetPort);
  const hash =
    stack.scope === 'service' || ingress === undefined
      ? sha256(
          cluster,
          uid,
          port,
          servicePort,
          targetType,
          protocol,
          parts.healthProtocol,
          String(parts.healthIntervalSeconds),
        )
      : sha256(
          cluster,
          stack.name,
          ingress.namespace,
          ingress.name,
          uid,
          servicePort,
          port,
          targetType,
          protocol,
          parts.protocolVersion,
        );
  return short(namespace, name, hash);
}

/** The name of another generation beside one that has `name` and must go: same length, other digits. */
export function nextName(name: string, taken: (name: string) => boolean): string {
  if (!taken(name)) return name;
  const readable = name.slice(0, 21).replace(/-+$/, '');
  for (let generation = 2; ; generation++) {
    const next = `${readable}-${sha256(name, `#${generation}`).slice(0, 10)}`;
    if (!taken(next)) return next;
  }
}

/** Text that a tag may hold; what had to be changed gets a hash, so that different texts stay different. */
export function tagText(text: string): string {
  const safe = text.replaceAll(/[^\p{L}\p{N} _.:/=+\-@]/gu, '-').slice(0, 200);
  return safe === text ? text : `${safe}-${sha256(text).slice(0, 10)}`;
}

export const clusterTag = 'elbv2.k8s.aws/cluster';
/** Tag of a rule in a group, and of a listener that answers where no rule holds: `namespace/name` of the member who asked for it. */
export const memberTag = 'elbv2.k8s.aws/member';
/** Tag of a load balancer that was made by somebody else: it outlives us, whatever the services say later. */
export const adoptedTag = 'elbv2.k8s.aws/adopted';
const prefixOf = (scope: Stack['scope']): string => `${scope}.k8s.aws`;

/** Tags that prove ownership of the object `resource` of a stack. */
export function ownershipTags(
  cluster: string,
  { scope, name }: Pick<Stack, 'scope' | 'name'>,
  resource?: string,
): Readonly<Record<string, string>> {
  return {
    [clusterTag]: cluster,
    [`${prefixOf(scope)}/stack`]: tagText(name),
    ...(resource === undefined ? {} : { [`${prefixOf(scope)}/resource`]: tagText(resource) }),
  };
}

/** The stack and resource that ownership tags of this cluster tell of; undefined for what is not ours. */
export function readOwnership(
  cluster: string,
  tags: Readonly<Record<string, string>>,
): { readonly scope: Stack['scope']; readonly name: string; readonly resource?: string } | undefined {
  if (tags[clusterTag] !== cluster) return undefined;
  for (const scope of ['service', 'ingress'] as const) {
    const name = tags[`${prefixOf(scope)}/stack`];
    const resource = tags[`${prefixOf(scope)}/resource`];
    if (name !== undefined) return { scope, name, ...(resource === undefined ? {} : { resource }) };
  }
  return undefined;
}

export const loadBalancerResource = 'LoadBalancer';
export const securityGroupResource = (number: number): string =>
  number === 0 ? 'ManagedLBSecurityGroup' : `ManagedLBSecurityGroup${number + 1}`;
/** Tag of the shared back-end group, and the description of the rules that let it in. */
export const backendGroupTags = (cluster: string): Readonly<Record<string, string>> => ({
  [clusterTag]: cluster,
  'elbv2.k8s.aws/resource': 'backend-sg',
});
/** Of a rule in the group of nodes or pods that lets in addresses: all of it but the words. */
export function cidrRuleId(rule: {
  readonly GroupId: string;
  readonly IpProtocol: string;
  readonly FromPort: number;
  readonly ToPort: number;
  readonly Cidr: string;
}): string {
  return [rule.GroupId, rule.IpProtocol, rule.Cidr, `${rule.FromPort}-${rule.ToPort}`].join('|');
}

export const backendRuleDescription = 'elbv2.k8s.aws/targetGroupBinding=shared';
export const securityGroupDescription = '[k8s] Managed SecurityGroup for LoadBalancer';
export const backendGroupDescription = '[k8s] Shared Backend SecurityGroup for LoadBalancer';
