/** What a listener or a rule may do: fits the load balancer's type, the protocols and the quotas. */
import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import type { World } from '../core/world.ts';
import { sharesOf } from './forward.ts';
import { balancersOf, groupArnsOf } from './release.ts';
import type { Listener, LoadBalancer, Rule, TargetGroup } from './state.ts';

type Actions = readonly Given<Action>[];
type Place = Pick<Listener, 'loadBalancer' | 'Protocol' | 'Port'>;

const authentication = ['authenticate-oidc', 'authenticate-cognito', 'jwt-validation'];
const last = ['forward', 'redirect', 'fixed-response'];

/** Protocols of listeners and the protocols of target groups that they may send to. */
const compatible: Readonly<Record<string, readonly string[]>> = {
  HTTP: ['HTTP', 'HTTPS'],
  HTTPS: ['HTTP', 'HTTPS'],
  TCP: ['TCP', 'TCP_UDP'],
  TLS: ['TCP', 'TLS'],
  UDP: ['UDP', 'TCP_UDP'],
  TCP_UDP: ['TCP_UDP'],
  QUIC: ['QUIC', 'TCP_QUIC'],
  TCP_QUIC: ['TCP_QUIC'],
  GENEVE: ['GENEVE'],
};

/** Checks actions and answers them in order, `Order` filled in. */
export function checkActions(world: World, place: Place, actions: Actions): Rule['actions'] {
  const { loadBalancer: balancer } = place;
  const finals = actions.filter(({ Type }) => last.includes(Type));
  if (finals.length !== 1)
    refuse('InvalidLoadBalancerAction', 'Exactly one action must be forward, redirect or fixed-response');
  if (actions.length > 1 && actions.some(({ Order }) => Order === undefined))
    refuse('ValidationError', 'You must specify an order for each action');
  if (new Set(actions.map(({ Order }) => Order)).size < actions.length)
    refuse('ValidationError', 'The order of each action must be unique');
  const ordered = [...actions].sort((a, b) => (a.Order ?? 1) - (b.Order ?? 1));
  if (ordered.at(-1) !== finals[0])
    refuse('InvalidLoadBalancerAction', `The action '${finals[0]?.Type}' must be the last one`);
  if (balancer.type !== 'application' && (actions.length > 1 || finals[0]?.Type !== 'forward')) {
    refuse(
      'InvalidLoadBalancerAction',
      `Only one forward action is valid for load balancers of type '${balancer.type}'`,
    );
  }
  for (const action of ordered) checkAction(world, place, action);
  return ordered.map((action, index) =>
    complete(action, balancer.type === 'application' ? (action.Order ?? index + 1) : undefined),
  );
}

/** What the answers hold beyond what was asked: both forms of a forward to one group. */
function complete(action: Given<Action>, Order: number | undefined): Given<Action> {
  if (action.Type !== 'forward') return { ...action, Order };
  const groups = sharesOf([action]);
  const [only] = groups;
  return {
    ...action,
    Order,
    TargetGroupArn: groups.length === 1 ? only?.arn : undefined,
    ForwardConfig: {
      TargetGroups: groups.map(({ arn, weight }) => ({ TargetGroupArn: arn, Weight: weight })),
      TargetGroupStickinessConfig: action.ForwardConfig?.TargetGroupStickinessConfig ?? { Enabled: false },
    },
  };
}

function checkAction(world: World, place: Place, action: Given<Action>): void {
  if (authentication.includes(action.Type) && place.Protocol !== 'HTTPS') {
    refuse('InvalidLoadBalancerAction', `Actions of type '${action.Type}' are supported only on HTTPS listeners`);
  }
  const configs = {
    forward: action.ForwardConfig ?? action.TargetGroupArn,
    redirect: action.RedirectConfig,
    'fixed-response': action.FixedResponseConfig,
    'authenticate-oidc': action.AuthenticateOidcConfig,
    'authenticate-cognito': action.AuthenticateCognitoConfig,
    'jwt-validation': action.JwtValidationConfig,
  };
  if (configs[action.Type] === undefined)
    refuse('ValidationError', `An action of type '${action.Type}' needs its configuration`);
  const strange = Object.entries(configs).find(([type, config]) => type !== action.Type && config !== undefined);
  if (strange !== undefined)
    refuse(
      'ValidationError',
      `The configuration of '${strange[0]}' cannot stand in an action of type '${action.Type}'`,
    );
  if (action.Type === 'forward') checkForward(world, place, action);
  if (action.RedirectConfig !== undefined) checkRedirect(place, action.RedirectConfig);
  const status = action.FixedResponseConfig?.StatusCode;
  if (status !== undefined && !/^[245]\d\d$/.test(status))
    refuse('ValidationError', `Status code '${status}' must be 2XX, 4XX or 5XX`);
  const type = action.FixedResponseConfig?.ContentType;
  if (
    type !== undefined &&
    !['text/plain', 'text/css', 'text/html', 'application/javascript', 'application/json'].includes(type)
  ) {
    refuse('ValidationError', `Content type '${type}' is not valid`);
  }
}

function checkRedirect(
  { Protocol: listener, Port: port }: Place,
  config: NonNullable<Given<Action>['RedirectConfig']>,
): void {
  const {
    Protocol = '#{protocol}',
    Port = '#{port}',
    Host = '#{host}',
    Path = '/#{path}',
    Query = '#{query}',
  } = config;
  if (!['HTTP', 'HTTPS', '#{protocol}'].includes(Protocol))
    refuse('ValidationError', `Redirect protocol '${Protocol}' must be HTTP, HTTPS or #{protocol}`);
  if (Port !== '#{port}' && !(/^\d+$/.test(Port) && Number(Port) >= 1 && Number(Port) <= 65535))
    refuse('ValidationError', `Redirect port '${Port}' is not valid`);
  if (!Path.startsWith('/')) refuse('ValidationError', `Redirect path '${Path}' must begin with '/'`);
  if (Query.startsWith('?')) refuse('ValidationError', "A redirect query does not begin with '?'");
  if (listener === 'HTTPS' && Protocol === 'HTTP')
    refuse('InvalidLoadBalancerAction', 'An HTTPS listener cannot redirect to HTTP');
  const same = [
    Protocol === '#{protocol}' || Protocol === listener,
    Port === '#{port}' || Port === String(port),
    Host === '#{host}',
    Path === '/#{path}',
    Query === '#{query}',
  ];
  if (same.every(Boolean))
    refuse('InvalidLoadBalancerAction', 'The redirect configuration is not valid because it creates a loop');
}

function checkForward(world: World, place: Place, action: Given<Action>): void {
  const shares = sharesOf([action]);
  const listed = action.ForwardConfig?.TargetGroups;
  if (
    action.TargetGroupArn !== undefined &&
    listed !== undefined &&
    (listed.length !== 1 || listed[0]?.TargetGroupArn !== action.TargetGroupArn)
  ) {
    refuse(
      'ValidationError',
      'If you specify both ForwardConfig and TargetGroupArn, they must name the same one target group',
    );
  }
  if (shares.length === 0) refuse('ValidationError', 'A forward action needs at least one target group');
  const unique = new Set(shares.map(({ arn }) => arn));
  if (unique.size < shares.length)
    refuse('ValidationError', 'Each target group can appear only once in a forward action');
  const { loadBalancer: balancer } = place;
  const kind = balancer.type === 'network' ? 'network' : 'application';
  const most = world.quotas[`target-groups-per-action-on-${kind}-load-balancer`];
  if (shares.length > most) refuse('TooManyActions', `A forward action can have at most ${most} target groups`);
  const stickiness = action.ForwardConfig?.TargetGroupStickinessConfig;
  if (stickiness?.Enabled === true && kind === 'network')
    refuse('InvalidConfigurationRequest', 'Target group stickiness is for application load balancers');
  if (stickiness?.Enabled === true && stickiness.DurationSeconds === undefined)
    refuse('ValidationError', 'Stickiness needs DurationSeconds');
  for (const arn of unique) checkGroup(world, place, findGroup(world, arn));
  if (balancer.type === 'application') {
    const limit = world.quotas['target-groups-per-application-load-balancer'];
    const all = new Set([...groupArnsOf(balancer), ...unique]);
    if (all.size > limit)
      refuse('TooManyUniqueTargetGroupsPerLoadBalancer', `A load balancer can have at most ${limit} target groups`);
  }
}

function findGroup(world: World, arn: string): TargetGroup {
  return world.elb.targetGroups.get(arn) ?? refuse('TargetGroupNotFound', `Target groups '${arn}' not found`);
}

function checkGroup(world: World, { loadBalancer: balancer, Protocol }: Place, group: TargetGroup): void {
  const lambda = group.TargetType === 'lambda' && balancer.type === 'application';
  if (!lambda && !compatible[Protocol]?.includes(group.Protocol ?? '')) {
    refuse(
      'IncompatibleProtocols',
      `The protocol '${group.Protocol}' of target group '${group.arn}' is not compatible with a '${Protocol}' listener`,
    );
  }
  if (!lambda && group.VpcId !== balancer.VpcId)
    refuse('InvalidConfigurationRequest', `Target group '${group.arn}' is not in VPC '${balancer.VpcId}'`);
  if (group.IpAddressType === 'ipv6' && balancer.IpAddressType === 'ipv4') {
    refuse('InvalidConfigurationRequest', `IPv6 target group '${group.arn}' needs a dualstack load balancer`);
  }
  checkAssociation(group, balancer);
  if (!groupArnsOf(balancer).has(group.arn)) checkTargets(world, group, balancer);
}

function checkAssociation(group: TargetGroup, balancer: LoadBalancer): void {
  for (const other of balancersOf(group)) {
    if (other !== balancer) {
      refuse(
        'TargetGroupAssociationLimit',
        `The following target groups cannot be associated with more than one load balancer: ${group.arn}`,
      );
    }
  }
}

function checkTargets(world: World, group: TargetGroup, balancer: LoadBalancer): void {
  if (balancer.type === 'gateway') return;
  const most = world.quotas[`targets-per-${balancer.type}-load-balancer`];
  let count = group.targets.size;
  for (const arn of groupArnsOf(balancer)) count += world.elb.targetGroups.truly(arn)?.targets.size ?? 0;
  if (count > most) refuse('TooManyTargets', `Load balancer '${balancer.arn}' can have at most ${most} targets`);
}
