/** Attributes of load balancers (API reference, LoadBalancerAttribute). */
import type {
  DescribeLoadBalancerAttributesInput,
  ModifyLoadBalancerAttributesInput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import type { World } from '../core/world.ts';
import { type Attribute, checkAttributes, flag, initialAttributes, listAttributes, text } from './attribute-table.ts';
import { findLoadBalancer } from './load-balancers.ts';
import type { LoadBalancerType } from './state.ts';

const app = ['application'];
const net = ['network'];
const both = ['application', 'network'];
const every = ['application', 'network', 'gateway'];

const logs = (name: string, on: readonly string[]): Attribute[] => [
  { key: `${name}.s3.enabled`, on, initial: 'false', values: flag },
  { key: `${name}.s3.bucket`, on, initial: '', values: text },
  { key: `${name}.s3.prefix`, on, initial: '', values: text },
];

export const loadBalancerAttributes: readonly Attribute[] = [
  { key: 'deletion_protection.enabled', on: every, initial: 'false', values: flag },
  {
    key: 'load_balancing.cross_zone.enabled',
    on: every,
    initial: { application: 'true', network: 'false', gateway: 'false' },
    values: flag,
  },
  ...logs('access_logs', both),
  { key: 'ipv6.deny_all_igw_traffic', on: both, initial: 'false', values: flag },
  { key: 'zonal_shift.config.enabled', on: both, initial: 'false', values: flag },
  ...logs('connection_logs', app),
  ...logs('health_check_logs', app),
  { key: 'idle_timeout.timeout_seconds', on: app, initial: '60', values: { least: 1, most: 4000 } },
  { key: 'client_keep_alive.seconds', on: app, initial: '3600', values: { least: 60, most: 604_800 } },
  {
    key: 'routing.http.desync_mitigation_mode',
    on: app,
    initial: 'defensive',
    values: ['monitor', 'defensive', 'strictest'],
  },
  { key: 'routing.http.drop_invalid_header_fields.enabled', on: app, initial: 'false', values: flag },
  { key: 'routing.http.preserve_host_header.enabled', on: app, initial: 'false', values: flag },
  { key: 'routing.http.x_amzn_tls_version_and_cipher_suite.enabled', on: app, initial: 'false', values: flag },
  { key: 'routing.http.xff_client_port.enabled', on: app, initial: 'false', values: flag },
  {
    key: 'routing.http.xff_header_processing.mode',
    on: app,
    initial: 'append',
    values: ['append', 'preserve', 'remove'],
  },
  { key: 'routing.http2.enabled', on: app, initial: 'true', values: flag },
  { key: 'waf.fail_open.enabled', on: app, initial: 'false', values: flag },
  {
    key: 'dns_record.client_routing_policy',
    on: net,
    initial: 'any_availability_zone',
    values: ['any_availability_zone', 'availability_zone_affinity', 'partial_availability_zone_affinity'],
  },
  { key: 'secondary_ips.auto_assigned.per_subnet', on: net, initial: '0', values: { least: 0, most: 7 } },
];

export function loadBalancerDefaults(type: LoadBalancerType): [string, string][] {
  return initialAttributes(loadBalancerAttributes, type);
}

export function describeLoadBalancerAttributes(world: World, input: Given<DescribeLoadBalancerAttributesInput>) {
  return { Attributes: listAttributes(findLoadBalancer(world, input.LoadBalancerArn).attributes) };
}

export function modifyLoadBalancerAttributes(world: World, input: Given<ModifyLoadBalancerAttributesInput>) {
  const balancer = findLoadBalancer(world, input.LoadBalancerArn);
  const changes = checkAttributes(loadBalancerAttributes, 'Load balancer', balancer.type, input.Attributes);
  const next = new Map([...balancer.attributes, ...changes]);
  if (balancer.type === 'application' && next.get('load_balancing.cross_zone.enabled') === 'false') {
    refuse(
      'InvalidConfigurationRequest',
      'Cross-zone load balancing cannot be turned off for an application load balancer',
    );
  }
  for (const name of ['access_logs', 'connection_logs', 'health_check_logs']) {
    if (next.get(`${name}.s3.enabled`) === 'true' && next.get(`${name}.s3.bucket`) === '') {
      refuse('InvalidConfigurationRequest', `${name}.s3.bucket is required when ${name}.s3.enabled is true`);
    }
  }
  for (const [key, value] of changes) balancer.attributes.set(key, value);
  return { Attributes: listAttributes(balancer.attributes) };
}
