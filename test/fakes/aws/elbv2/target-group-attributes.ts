/** Attributes of target groups (API reference, TargetGroupAttribute). */
import type {
  DescribeTargetGroupAttributesInput,
  ModifyTargetGroupAttributesInput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import type { World } from '../core/world.ts';
import { type Attribute, checkAttributes, flag, initialAttributes, listAttributes } from './attribute-table.ts';
import type { TargetGroup } from './state.ts';
import { findTargetGroup } from './target-groups.ts';

/** Attributes go by what a group is: its layer, and for layer 4 its protocol and how targets are named. */
function classOf(type: TargetGroup['TargetType'], protocol: string | undefined): string {
  if (type === 'lambda') return 'lambda';
  if (protocol === 'HTTP' || protocol === 'HTTPS') return 'http';
  if (protocol === 'GENEVE') return 'geneve';
  if (type === 'alb') return 'alb';
  const packets = protocol === 'TCP' || protocol === 'TLS' ? 'stream' : 'datagram';
  return type === 'instance' ? `${packets}-instance` : packets;
}

const layer4 = ['stream', 'stream-instance', 'datagram', 'datagram-instance'];
const udp = ['datagram', 'datagram-instance'];
const most = [...layer4, 'http', 'geneve', 'alb'];
const share = { least: 1, most: 100, or: ['off'] };
const count = { least: 1, most: 1000 };

export const targetGroupAttributes: readonly Attribute[] = [
  { key: 'deregistration_delay.timeout_seconds', on: most, initial: '300', values: { least: 0, most: 3600 } },
  {
    key: 'stickiness.enabled',
    on: [...most, 'lambda'].filter((name) => name !== 'alb'),
    initial: 'false',
    values: flag,
  },
  { key: 'stickiness.type', on: ['http', 'lambda'], initial: 'lb_cookie', values: ['lb_cookie', 'app_cookie'] },
  { key: 'stickiness.type', on: layer4, initial: 'source_ip', values: ['source_ip'] },
  { key: 'stickiness.type', on: ['geneve'], values: ['source_ip_dest_ip', 'source_ip_dest_ip_proto'] },
  {
    key: 'load_balancing.cross_zone.enabled',
    on: [...layer4, 'http', 'lambda', 'alb'],
    initial: 'use_load_balancer_configuration',
    values: [...flag, 'use_load_balancer_configuration'],
  },
  {
    key: 'target_group_health.dns_failover.minimum_healthy_targets.count',
    on: [...layer4, 'http', 'lambda', 'alb'],
    initial: '1',
    values: { ...count, or: ['off'] },
  },
  {
    key: 'target_group_health.dns_failover.minimum_healthy_targets.percentage',
    on: [...layer4, 'http', 'lambda', 'alb'],
    initial: 'off',
    values: share,
  },
  {
    key: 'target_group_health.unhealthy_state_routing.minimum_healthy_targets.count',
    on: [...layer4, 'http', 'lambda', 'alb'],
    initial: '1',
    values: count,
  },
  {
    key: 'target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage',
    on: [...layer4, 'http', 'lambda', 'alb'],
    initial: 'off',
    values: share,
  },
  {
    key: 'load_balancing.algorithm.type',
    on: ['http'],
    initial: 'round_robin',
    values: ['round_robin', 'least_outstanding_requests', 'weighted_random'],
  },
  { key: 'load_balancing.algorithm.anomaly_mitigation', on: ['http'], initial: 'off', values: ['on', 'off'] },
  { key: 'slow_start.duration_seconds', on: ['http'], initial: '0', values: { least: 30, most: 900, or: ['0'] } },
  {
    key: 'stickiness.app_cookie.cookie_name',
    on: ['http'],
    initial: '',
    values: /^(?!(AWSALB|AWSALBAPP|AWSALBTG)$)[!-~]{0,256}$/,
  },
  {
    key: 'stickiness.app_cookie.duration_seconds',
    on: ['http'],
    initial: '86400',
    values: { least: 1, most: 604_800 },
  },
  {
    key: 'stickiness.lb_cookie.duration_seconds',
    on: ['http', 'lambda'],
    initial: '86400',
    values: { least: 1, most: 604_800 },
  },
  { key: 'lambda.multi_value_headers.enabled', on: ['lambda'], initial: 'false', values: flag },
  {
    key: 'deregistration_delay.connection_termination.enabled',
    on: layer4,
    initial: { stream: 'false', 'stream-instance': 'false', datagram: 'true', 'datagram-instance': 'true' },
    values: flag,
  },
  {
    key: 'preserve_client_ip.enabled',
    on: [...layer4, 'alb'],
    initial: { stream: 'false', 'stream-instance': 'true', datagram: 'true', 'datagram-instance': 'true', alb: 'true' },
    values: flag,
  },
  { key: 'proxy_protocol_v2.enabled', on: layer4, initial: 'false', values: flag },
  {
    key: 'target_health_state.unhealthy.connection_termination.enabled',
    on: ['stream', 'stream-instance'],
    initial: 'true',
    values: flag,
  },
  {
    key: 'target_health_state.unhealthy.draining_interval_seconds',
    on: ['stream', 'stream-instance'],
    initial: '0',
    values: { least: 0, most: 360_000 },
  },
  {
    key: 'target_failover.on_deregistration',
    on: ['geneve'],
    initial: 'no_rebalance',
    values: ['rebalance', 'no_rebalance'],
  },
  {
    key: 'target_failover.on_unhealthy',
    on: ['geneve'],
    initial: 'no_rebalance',
    values: ['rebalance', 'no_rebalance'],
  },
];

export function targetGroupDefaults(type: TargetGroup['TargetType'], protocol: string | undefined): [string, string][] {
  return initialAttributes(targetGroupAttributes, classOf(type, protocol));
}

export function describeTargetGroupAttributes(world: World, input: Given<DescribeTargetGroupAttributesInput>) {
  return { Attributes: listAttributes(findTargetGroup(world, input.TargetGroupArn).attributes) };
}

export function modifyTargetGroupAttributes(world: World, input: Given<ModifyTargetGroupAttributesInput>) {
  const group = findTargetGroup(world, input.TargetGroupArn);
  const kind = classOf(group.TargetType, group.Protocol);
  // `stickiness.type` has a row a kind: only the fitting one speaks of values.
  const table = targetGroupAttributes.filter(({ key, on }) => key !== 'stickiness.type' || on.includes(kind));
  const changes = checkAttributes(table, 'Target group', kind, input.Attributes);
  const next = new Map([...group.attributes, ...changes]);
  if (udp.includes(kind) && next.get('preserve_client_ip.enabled') === 'false') {
    refuse(
      'InvalidConfigurationRequest',
      `Client IP preservation cannot be disabled for '${group.Protocol}' target groups`,
    );
  }
  if (next.get('stickiness.enabled') === 'true' && group.Protocol === 'TLS') {
    refuse('InvalidConfigurationRequest', 'Stickiness is not supported for target groups with the TLS protocol');
  }
  if (
    next.get('stickiness.type') === 'app_cookie' &&
    next.get('stickiness.enabled') === 'true' &&
    next.get('stickiness.app_cookie.cookie_name') === ''
  ) {
    refuse('InvalidConfigurationRequest', 'stickiness.app_cookie.cookie_name is required for application cookies');
  }
  if (
    next.get('slow_start.duration_seconds') !== '0' &&
    !['round_robin', undefined].includes(next.get('load_balancing.algorithm.type')) &&
    kind === 'http'
  ) {
    refuse('InvalidConfigurationRequest', 'Slow start mode needs the round robin algorithm');
  }
  for (const [key, value] of changes) group.attributes.set(key, value);
  return { Attributes: listAttributes(group.attributes) };
}
