import type {
  CreateTargetGroupInput,
  DeleteTargetGroupInput,
  DescribeTargetGroupsInput,
  ModifyTargetGroupInput,
  TargetGroup as TargetGroupAnswer,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import { page } from '../core/page.ts';
import { putTags, sameTags } from '../core/tags.ts';
import type { World } from '../core/world.ts';
import { makeCheck } from './health-check.ts';
import { checkName } from './names.ts';
import { balancersOf } from './release.ts';
import type { TargetGroup } from './state.ts';
import { targetGroupDefaults } from './target-group-attributes.ts';

export function createTargetGroup(world: World, input: Given<CreateTargetGroupInput>) {
  checkName(input.Name, 'target group');
  const { type, ...shape } = checkShape(world, input);
  const check = makeCheck(input, {
    TargetType: type,
    Protocol: shape.Protocol,
    ProtocolVersion: shape.ProtocolVersion,
  });
  const tags = putTags(input.Tags ?? []);
  const asked = JSON.stringify([type, shape, check]);
  const existing = world.elb.targetGroupNames.get(input.Name);
  if (existing !== undefined) {
    // The settings it was made with or was given since: both are "the same" of a retry.
    const now = JSON.stringify([existing.TargetType, shapeOf(existing), existing.check]);
    if ((asked === existing.asked || asked === now) && sameTags(existing.tags, tags))
      return { TargetGroups: [describe(existing)] };
    refuse(
      'DuplicateTargetGroupName',
      `A target group with the same name '${input.Name}' exists, but with different settings`,
    );
  }
  if (world.elb.targetGroups.size >= world.quotas['target-groups']) {
    refuse(
      'TooManyTargetGroups',
      `The maximum number of target groups (${world.quotas['target-groups']}) has been reached`,
    );
  }
  const group: TargetGroup = {
    arn: world.arn('elasticloadbalancing', `targetgroup/${input.Name}/${world.ids.hex(16)}`),
    name: input.Name,
    TargetType: type,
    ...shape,
    asked,
    check,
    attributes: new Map(targetGroupDefaults(type, shape.Protocol)),
    tags,
    targets: new Map(),
    users: new Map(),
    releasedCall: Number.NEGATIVE_INFINITY,
  };
  world.elb.targetGroupNames.set(group.name, group);
  world.elb.targetGroups.add(group.arn, group);
  return { TargetGroups: [describe(group)] };
}

type ShapeOfGroup = Pick<
  TargetGroup,
  'Protocol' | 'ProtocolVersion' | 'Port' | 'VpcId' | 'IpAddressType' | 'TargetControlPort'
>;

function shapeOf({
  Protocol,
  ProtocolVersion,
  Port,
  VpcId,
  IpAddressType,
  TargetControlPort,
}: TargetGroup): ShapeOfGroup {
  return { Protocol, ProtocolVersion, Port, VpcId, IpAddressType, TargetControlPort };
}

function checkShape(
  world: World,
  input: Given<CreateTargetGroupInput>,
): ShapeOfGroup & { readonly type: TargetGroup['TargetType'] } {
  const type = input.TargetType ?? 'instance';
  const { Protocol, Port, VpcId, ProtocolVersion } = input;
  if (type === 'lambda') {
    if ((Protocol ?? Port ?? VpcId ?? ProtocolVersion) !== undefined) {
      refuse(
        'ValidationError',
        "Protocol, port and VPC cannot be specified for target groups with target type 'lambda'",
      );
    }
    const none = { Protocol: undefined, ProtocolVersion: undefined, Port: undefined, VpcId: undefined };
    return { type, ...none, IpAddressType: 'ipv4', TargetControlPort: undefined };
  }
  if (Protocol === undefined) refuse('ValidationError', 'A protocol must be specified');
  if (Port === undefined) refuse('ValidationError', 'A port must be specified');
  if (VpcId === undefined) refuse('ValidationError', 'A VPC ID must be specified');
  if (world.ec2.vpcs.get(VpcId) === undefined) refuse('ValidationError', `The VPC ID '${VpcId}' is not found`);
  const http = Protocol === 'HTTP' || Protocol === 'HTTPS';
  if (ProtocolVersion !== undefined && !http)
    refuse('InvalidConfigurationRequest', `ProtocolVersion cannot be specified for '${Protocol}'`);
  if (ProtocolVersion !== undefined && !['HTTP1', 'HTTP2', 'GRPC'].includes(ProtocolVersion)) {
    refuse('ValidationError', `Protocol version '${ProtocolVersion}' must be one of 'HTTP1', 'HTTP2', 'GRPC'`);
  }
  if (type === 'alb' && Protocol !== 'TCP')
    refuse('InvalidConfigurationRequest', "The protocol of a target group of type 'alb' must be TCP");
  if (Protocol === 'GENEVE' && Port !== 6081)
    refuse('ValidationError', 'The port of a GENEVE target group must be 6081');
  if (input.IpAddressType === 'ipv6' && type === 'alb') refuse('InvalidConfigurationRequest', 'ALB targets are IPv4');
  if (input.TargetControlPort !== undefined && !http)
    refuse('InvalidConfigurationRequest', 'TargetControlPort is for HTTP and HTTPS');
  const version = http ? (ProtocolVersion ?? 'HTTP1') : undefined;
  const IpAddressType = input.IpAddressType ?? 'ipv4';
  return {
    type,
    Protocol,
    ProtocolVersion: version,
    Port,
    VpcId,
    IpAddressType,
    TargetControlPort: input.TargetControlPort,
  };
}

export function modifyTargetGroup(world: World, input: Given<ModifyTargetGroupInput>) {
  const group = findTargetGroup(world, input.TargetGroupArn);
  group.check = makeCheck(input, group, group.check);
  return { TargetGroups: [describe(group)] };
}

export function deleteTargetGroup(world: World, input: Given<DeleteTargetGroupInput>) {
  const group = world.elb.targetGroups.truly(input.TargetGroupArn);
  if (group === undefined) return {};
  if (group.users.size > 0 || world.moment.index <= group.releasedCall + world.timings.releaseCalls) {
    refuse('ResourceInUse', `Target group '${group.arn}' is currently in use by a listener or a rule`);
  }
  world.elb.targetGroups.delete(group.arn);
  world.elb.targetGroupNames.delete(group.name);
  return {};
}

export function describeTargetGroups(world: World, input: Given<DescribeTargetGroupsInput>) {
  const { TargetGroupArns: arns, Names: names, LoadBalancerArn } = input;
  if ([arns?.length, names?.length, LoadBalancerArn].filter(Boolean).length > 1) {
    refuse('ValidationError', 'You can specify only one of load balancer ARN, target group ARNs and names');
  }
  const { items, next } = page(find(world, arns, names, LoadBalancerArn), ({ arn }) => arn, {
    marker: input.Marker,
    size: input.PageSize,
    most: 400,
  });
  return { TargetGroups: items.map(describe), NextMarker: next };
}

function find(
  world: World,
  arns: readonly string[] | undefined,
  names: readonly string[] | undefined,
  balancerArn: string | undefined,
): readonly TargetGroup[] {
  const all = world.elb.targetGroups.list();
  if (balancerArn !== undefined) {
    const balancer = world.elb.loadBalancers.get(balancerArn);
    if (balancer === undefined) refuse('LoadBalancerNotFound', `Load balancer '${balancerArn}' not found`);
    return all.filter((group) => balancersOf(group).has(balancer));
  }
  const wanted = arns?.length ? arns : names;
  if (!wanted?.length) return all;
  const found = all.filter((group) => wanted.includes(arns?.length ? group.arn : group.name));
  if (found.length < new Set(wanted).size) refuse('TargetGroupNotFound', 'One or more target groups not found');
  return found;
}

function describe(group: TargetGroup): TargetGroupAnswer {
  return {
    TargetGroupArn: group.arn,
    TargetGroupName: group.name,
    Protocol: group.Protocol as NonNullable<TargetGroupAnswer['Protocol']>,
    Port: group.Port,
    VpcId: group.VpcId,
    ...group.check,
    HealthCheckProtocol: group.check.HealthCheckProtocol as NonNullable<TargetGroupAnswer['HealthCheckProtocol']>,
    LoadBalancerArns: [...balancersOf(group)].map(({ arn }) => arn),
    TargetType: group.TargetType,
    ProtocolVersion: group.ProtocolVersion,
    IpAddressType: group.IpAddressType,
    TargetControlPort: group.TargetControlPort,
  };
}

/** The target group of that ARN as a caller sees it. */
export function findTargetGroup(world: World, arn: string): TargetGroup {
  return world.elb.targetGroups.get(arn) ?? refuse('TargetGroupNotFound', `Target groups '${arn}' not found`);
}
