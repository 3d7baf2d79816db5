import type {
  CreateListenerInput,
  DeleteListenerInput,
  DescribeListenersInput,
  Listener as ListenerAnswer,
  ModifyListenerInput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import { page } from '../core/page.ts';
import { putTags, sameTags } from '../core/tags.ts';
import type { World } from '../core/world.ts';
import { checkActions } from './actions.ts';
import { listenerDefaults } from './listener-attributes.ts';
import { checkSecurity, type Security } from './listener-security.ts';
import { findLoadBalancer } from './load-balancers.ts';
import { dropListener, useActions } from './release.ts';
import type { Listener, LoadBalancer, LoadBalancerType, Rule } from './state.ts';

const protocols: Readonly<Record<LoadBalancerType, readonly string[]>> = {
  application: ['HTTP', 'HTTPS'],
  network: ['TCP', 'TLS', 'UDP', 'TCP_UDP', 'QUIC', 'TCP_QUIC'],
  gateway: [],
};
const folders = { application: 'app', network: 'net', gateway: 'gwy' };

export function createListener(world: World, input: Given<CreateListenerInput>) {
  const balancer = findLoadBalancer(world, input.LoadBalancerArn);
  const place = placeOf(balancer, input.Protocol, input.Port);
  const security = checkSecurity(world, place.Protocol, input);
  const existing = onPort(balancer, place.Port);
  const tags = putTags(input.Tags ?? []);
  // A repeated create finds its own listener: its target groups are in use by that very load balancer.
  const actions = checkActions(world, { loadBalancer: balancer, ...place }, input.DefaultActions);
  if (existing !== undefined) {
    if (isSame(existing, place, security, actions) && sameTags(existing.tags, tags))
      return { Listeners: [describe(existing)] };
    refuse('DuplicateListener', `A listener already exists on this port for this load balancer '${balancer.arn}'`);
  }
  const limit = balancer.type === 'gateway' ? 1 : world.quotas[`listeners-per-${balancer.type}-load-balancer`];
  if (balancer.listeners.size >= limit)
    refuse('TooManyListeners', `A load balancer can have at most ${limit} listeners`);
  const path = `${folders[balancer.type]}/${balancer.name}/${balancer.arn.split('/').at(-1)}/${world.ids.hex(16)}`;
  const defaultRule: Rule = {
    arn: world.arn('elasticloadbalancing', `listener-rule/${path}/${world.ids.hex(16)}`),
    priority: undefined,
    conditions: [],
    actions: [],
    transforms: [],
    tags: new Map(),
  };
  const listener: Listener = {
    arn: world.arn('elasticloadbalancing', `listener/${path}`),
    loadBalancer: balancer,
    ...place,
    ...security,
    sni: new Set(),
    attributes: new Map(listenerDefaults(place.Protocol)),
    rules: new Set(),
    defaultRule,
    tags,
  };
  balancer.listeners.add(listener);
  world.elb.listeners.add(listener.arn, listener);
  world.elb.rules.add(defaultRule.arn, { rule: defaultRule, listener });
  useActions(world, listener, defaultRule, actions);
  return { Listeners: [describe(listener)] };
}

function placeOf(
  balancer: LoadBalancer,
  protocol: string | undefined,
  port: number | undefined,
): { Protocol: string; Port: number } {
  if (balancer.type === 'gateway') {
    if (protocol !== undefined || port !== undefined)
      refuse('ValidationError', 'Listeners of gateway load balancers have no protocol and no port');
    return { Protocol: 'GENEVE', Port: 6081 };
  }
  if (protocol === undefined) refuse('ValidationError', 'A listener protocol must be specified');
  if (port === undefined) refuse('ValidationError', 'A listener port must be specified');
  if (!protocols[balancer.type].includes(protocol)) {
    refuse(
      'UnsupportedProtocol',
      `Listener protocol '${protocol}' is not supported on load balancers of type '${balancer.type}'`,
    );
  }
  return { Protocol: protocol, Port: port };
}

/** TCP and UDP cannot share a port as two listeners either: that is what TCP_UDP is for. */
function onPort(balancer: LoadBalancer, port: number): Listener | undefined {
  for (const listener of balancer.listeners) if (listener.Port === port) return listener;
  return undefined;
}

function isSame(
  existing: Listener,
  place: { Protocol: string; Port: number },
  security: Security,
  actions: Rule['actions'],
): boolean {
  const text = (of: Pick<Listener, 'Protocol' | 'Port' | keyof Security>, does: Rule['actions']) =>
    JSON.stringify([
      of.Protocol,
      of.Port,
      of.SslPolicy,
      of.certificate,
      of.AlpnPolicy,
      of.MutualAuthentication,
      does.map(sorted),
    ]);
  return text(existing, existing.defaultRule.actions) === text({ ...place, ...security }, actions);
}

/** Actions say the same whatever the order of their fields. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}

export function modifyListener(world: World, input: Given<ModifyListenerInput>) {
  const listener = findListener(world, input.ListenerArn);
  const place = placeOf(
    listener.loadBalancer,
    input.Protocol ?? (listener.Protocol === 'GENEVE' ? undefined : listener.Protocol),
    input.Port ?? (listener.Protocol === 'GENEVE' ? undefined : listener.Port),
  );
  const other = onPort(listener.loadBalancer, place.Port);
  if (other !== undefined && other !== listener) {
    refuse(
      'DuplicateListener',
      `A listener already exists on this port for this load balancer '${listener.loadBalancer.arn}'`,
    );
  }
  const security = checkSecurity(world, place.Protocol, input, listener);
  const actions = checkActions(
    world,
    { loadBalancer: listener.loadBalancer, ...place },
    input.DefaultActions ?? listener.defaultRule.actions,
  );
  for (const rule of listener.rules)
    checkActions(world, { loadBalancer: listener.loadBalancer, ...place }, rule.actions);
  if (place.Protocol !== listener.Protocol) {
    listener.attributes.clear();
    for (const [key, value] of listenerDefaults(place.Protocol)) listener.attributes.set(key, value);
  }
  Object.assign(listener, place, security);
  // Certificates for server names stay, unless the listener stops to speak TLS.
  if (listener.certificate === undefined) listener.sni.clear();
  useActions(world, listener, listener.defaultRule, actions);
  return { Listeners: [describe(listener)] };
}

export function deleteListener(world: World, input: Given<DeleteListenerInput>) {
  dropListener(world, findListener(world, input.ListenerArn));
  return {};
}

export function describeListeners(world: World, input: Given<DescribeListenersInput>) {
  const { LoadBalancerArn, ListenerArns: arns } = input;
  if ((LoadBalancerArn === undefined) === (arns === undefined || arns.length === 0)) {
    refuse('ValidationError', 'You must specify either listener ARNs or a load balancer ARN');
  }
  let found: readonly Listener[];
  if (LoadBalancerArn !== undefined) {
    const balancer = findLoadBalancer(world, LoadBalancerArn);
    found = [...balancer.listeners].filter(({ arn }) => world.elb.listeners.get(arn) !== undefined);
  } else {
    found = [...new Set(arns)].map(
      (arn) => world.elb.listeners.get(arn) ?? refuse('ListenerNotFound', 'One or more listeners not found'),
    );
  }
  const { items, next } = page(found, ({ arn }) => arn, { marker: input.Marker, size: input.PageSize, most: 400 });
  return { Listeners: items.map(describe), NextMarker: next };
}

function describe(listener: Listener): ListenerAnswer {
  const actions = listener.defaultRule.actions.map((action) => ({ ...action }));
  return {
    ListenerArn: listener.arn,
    LoadBalancerArn: listener.loadBalancer.arn,
    Port: listener.Protocol === 'GENEVE' ? undefined : listener.Port,
    Protocol:
      listener.Protocol === 'GENEVE' ? undefined : (listener.Protocol as NonNullable<ListenerAnswer['Protocol']>),
    Certificates: listener.certificate === undefined ? undefined : [{ CertificateArn: listener.certificate }],
    SslPolicy: listener.SslPolicy,
    DefaultActions: actions as NonNullable<ListenerAnswer['DefaultActions']>,
    AlpnPolicy: listener.AlpnPolicy === undefined ? undefined : [...listener.AlpnPolicy],
    MutualAuthentication: listener.MutualAuthentication as ListenerAnswer['MutualAuthentication'],
  };
}

/** The listener of that ARN as a caller sees it. */
export function findListener(world: World, arn: string): Listener {
  return world.elb.listeners.get(arn) ?? refuse('ListenerNotFound', `Listener '${arn}' not found`);
}
