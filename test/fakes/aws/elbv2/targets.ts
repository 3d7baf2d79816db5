/** Targets: what may be registered, their states, their leaving. */
import { isIP } from 'node:net';
import type {
  DeregisterTargetsInput,
  DescribeTargetHealthInput,
  RegisterTargetsInput,
  TargetDescription,
  TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import { Countdown } from '../core/delay.ts';
import type { World } from '../core/world.ts';
import { inRange } from '../ec2/state.ts';
import { healthOf, settleTargets, zoneOf } from './health.ts';
import { balancersOf, groupArnsOf } from './release.ts';
import type { Target, TargetGroup } from './state.ts';
import { findTargetGroup } from './target-groups.ts';

type Asked = Given<TargetDescription>;

export function registerTargets(world: World, input: Given<RegisterTargetsInput>) {
  const group = findTargetGroup(world, input.TargetGroupArn);
  settleTargets(world, group);
  if (input.Targets.length === 0) refuse('ValidationError', 'At least one target must be specified');
  for (const asked of input.Targets) checkTarget(world, group, asked);
  const keys = new Set(input.Targets.map((asked) => keyOf(world, group, asked)));
  const added = [...keys].filter((key) => !group.targets.has(key)).length;
  checkQuotas(world, group, added);
  for (const asked of input.Targets) {
    const key = keyOf(world, group, asked);
    const before = group.targets.get(key);
    if (before !== undefined && before.drainedMs === undefined) continue;
    group.targets.set(key, {
      id: asked.Id,
      port: group.TargetType === 'lambda' ? undefined : (asked.Port ?? group.Port),
      zone: asked.AvailabilityZone ?? zoneOf(world, group, asked.Id),
      quicServerId: asked.QuicServerId,
      rising: group.users.size > 0 ? new Countdown(world.timings.target, world.clock.now()) : undefined,
      drainedMs: undefined,
    });
  }
  return {};
}

export function deregisterTargets(world: World, input: Given<DeregisterTargetsInput>) {
  const group = findTargetGroup(world, input.TargetGroupArn);
  settleTargets(world, group);
  const delayMs = Number(group.attributes.get('deregistration_delay.timeout_seconds') ?? '0') * 1000;
  for (const asked of input.Targets) {
    // A target that is not there is no error, as the API reference says; without a port it is the group's.
    const key = findKey(world, group, asked);
    const target = group.targets.get(key);
    if (target === undefined || target.drainedMs !== undefined) continue;
    if (group.users.size === 0 || delayMs === 0) group.targets.delete(key);
    else target.drainedMs = world.clock.now() + delayMs;
  }
  return {};
}

export function describeTargetHealth(world: World, input: Given<DescribeTargetHealthInput>) {
  const group = findTargetGroup(world, input.TargetGroupArn);
  settleTargets(world, group);
  const anomalies = group.Protocol?.startsWith('HTTP') && (input.Include?.length ?? 0) > 0;
  const say = (target: Target) => ({
    ...describe(world, group, target),
    AnomalyDetection: anomalies ? ({ Result: 'normal', MitigationInEffect: 'no' } as const) : undefined,
  });
  if (input.Targets === undefined || input.Targets.length === 0) {
    return { TargetHealthDescriptions: [...group.targets.values()].map(say) };
  }
  return {
    TargetHealthDescriptions: input.Targets.map((asked) => {
      const target = group.targets.get(findKey(world, group, asked));
      if (target !== undefined) return say(target);
      return {
        Target: { Id: asked.Id, Port: asked.Port ?? group.Port, AvailabilityZone: asked.AvailabilityZone },
        TargetHealth: {
          State: 'unused' as const,
          Reason: 'Target.NotRegistered' as const,
          Description: 'Target is not registered to the target group',
        },
      };
    }),
  };
}

function describe(world: World, group: TargetGroup, target: Target): TargetHealthDescription {
  target.rising?.look();
  const { state, reason, description } = healthOf(world, group, target);
  const checkPort = group.check.HealthCheckPort;
  return {
    Target: { Id: target.id, Port: target.port, AvailabilityZone: target.zone, QuicServerId: target.quicServerId },
    HealthCheckPort:
      checkPort === 'traffic-port' ? (target.port === undefined ? undefined : String(target.port)) : checkPort,
    TargetHealth: { State: state, Reason: reason, Description: description },
  };
}

/** What tells targets of a group apart: id, port and, where it was named, the zone. */
function keyOf(world: World, group: TargetGroup, asked: Asked): string {
  return `${asked.Id} ${asked.Port ?? group.Port ?? ''} ${asked.AvailabilityZone ?? zoneOf(world, group, asked.Id) ?? ''}`;
}

/** The key of a target that may be named without its zone. */
function findKey(world: World, group: TargetGroup, asked: Asked): string {
  const key = keyOf(world, group, asked);
  if (asked.AvailabilityZone !== undefined || group.targets.has(key)) return key;
  const start = `${asked.Id} ${asked.Port ?? group.Port ?? ''} `;
  for (const each of group.targets.keys()) if (each.startsWith(start)) return each;
  return key;
}

function checkTarget(world: World, group: TargetGroup, asked: Asked): void {
  const { Id, AvailabilityZone: zone } = asked;
  if (asked.QuicServerId !== undefined && group.Protocol !== 'QUIC' && group.Protocol !== 'TCP_QUIC') {
    refuse('ValidationError', `QuicServerId cannot be specified for the protocol '${group.Protocol}'`);
  }
  if (group.TargetType !== 'ip' && zone !== undefined && group.TargetType !== 'lambda') {
    refuse('ValidationError', `You cannot specify an Availability Zone for target type '${group.TargetType}'`);
  }
  if (group.TargetType === 'instance') checkInstance(world, group, Id);
  if (group.TargetType === 'ip') checkAddress(world, group, Id, zone);
  if (group.TargetType === 'alb') checkBalancer(world, group, asked);
  if (group.TargetType === 'lambda' && !/^arn:aws:lambda:/.test(Id))
    refuse('InvalidTarget', `The target ID '${Id}' is not a Lambda function`);
}

function checkInstance(world: World, group: TargetGroup, id: string): void {
  if (!/^i-[0-9a-f]+$/.test(id)) refuse('ValidationError', `Instance ID '${id}' is not valid`);
  const instance = world.ec2.instances.get(id);
  if (instance === undefined) refuse('InvalidTarget', `The following targets are not valid instances: '${id}'`);
  if (instance.state !== 'running')
    refuse('InvalidTarget', `The following targets are not in a running state and cannot be registered: '${id}'`);
  if (instance.VpcId !== group.VpcId)
    refuse('InvalidTarget', `The following targets are not in the target group VPC '${group.VpcId}': '${id}'`);
}

const outside = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

function checkAddress(world: World, group: TargetGroup, id: string, zone: string | undefined): void {
  const family = isIP(id);
  if (family === 0) refuse('ValidationError', `The IP address '${id}' is not a valid IPv4 or IPv6 address`);
  if ((family === 6) !== (group.IpAddressType === 'ipv6'))
    refuse('ValidationError', `The IP address '${id}' is not a valid ${group.IpAddressType} address`);
  const vpc = world.ec2.vpcs.truly(group.VpcId ?? '');
  const ranges = vpc === undefined ? [] : [vpc.CidrBlock, ...vpc.ipv6CidrBlocks];
  const within = ranges.some((range) => inRange(id, range));
  if (within) {
    if (zone === 'all')
      refuse('InvalidTarget', `The Availability Zone 'all' is only for addresses outside the VPC: '${id}'`);
    if (zone !== undefined && zone !== zoneOf(world, group, id))
      refuse('InvalidTarget', `The IP address '${id}' is not in Availability Zone '${zone}'`);
    return;
  }
  if (family === 6 || !outside.some((range) => inRange(id, range))) {
    refuse(
      'InvalidTarget',
      `The IP address '${id}' is not within any of the CIDR ranges of the VPC '${group.VpcId}' and not a private address`,
    );
  }
  if (zone === undefined)
    refuse('InvalidTarget', `An Availability Zone must be specified for the IP address '${id}' outside the VPC`);
  if (zone !== 'all' && !world.ec2.zones.includes(zone))
    refuse('ValidationError', `The Availability Zone '${zone}' is not valid`);
}

function checkBalancer(world: World, group: TargetGroup, { Id, Port }: Asked): void {
  const balancer = world.elb.loadBalancers.get(Id);
  if (balancer === undefined || balancer.type !== 'application')
    refuse('InvalidTarget', `The target ID '${Id}' is not an application load balancer`);
  if (Port !== undefined && Port !== group.Port)
    refuse('InvalidTarget', `The port of an ALB target must be the target group's: ${group.Port}`);
  if (![...balancer.listeners].some((listener) => listener.Port === group.Port)) {
    refuse('InvalidTarget', `The load balancer '${Id}' must have a listener on port ${group.Port}`);
  }
}

function checkQuotas(world: World, group: TargetGroup, added: number): void {
  const most =
    group.TargetType === 'alb' || group.TargetType === 'lambda' ? 1 : world.quotas['targets-per-target-group'];
  if (group.targets.size + added > most)
    refuse('TooManyTargets', `Target group '${group.arn}' can have at most ${most} targets`);
  for (const balancer of balancersOf(group)) {
    if (balancer.type === 'gateway') continue;
    const limit = world.quotas[`targets-per-${balancer.type}-load-balancer`];
    let count = added;
    for (const arn of groupArnsOf(balancer)) count += world.elb.targetGroups.truly(arn)?.targets.size ?? 0;
    if (count > limit) refuse('TooManyTargets', `Load balancer '${balancer.arn}' can have at most ${limit} targets`);
  }
}
