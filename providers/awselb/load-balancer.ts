import {
  type Attrs,
  type ExportedService,
  type Json,
  type Member,
  type Observed,
  type Resource,
  suggestion,
} from '../../src/model/index.ts';
import type { Build } from './build.ts';
import {
  adoptedTag,
  type LoadBalancerType,
  loadBalancerName,
  loadBalancerResource,
  nextName,
  type Stack,
} from './names.ts';
import type { Guarding } from './security-groups.ts';
import { type Settled, sayerOf } from './settle.ts';
import { stickyAttributes } from './sticky-attributes.ts';
import type { Frame } from './target-group.ts';
import { tellSetting } from './tell.ts';

export interface LoadBalancerWish {
  readonly settled: Settled;
  readonly scheme: string;
  readonly mappings: readonly Json[];
  readonly guarding: Guarding;
  readonly members: readonly ExportedService[];
}

/** The scheme: what is asked for, else that of what exists, else the default of the balancer. */
export function schemeOf(settled: Settled, present: readonly Observed[], type: LoadBalancerType, build: Build): string {
  const existing = present.find(({ attrs }) => attrs.Type === type)?.attrs.Scheme;
  return settled.scheme ?? (typeof existing === 'string' ? existing : build.options.scheme);
}

/** The load balancer of ours that fits; another one with this id is replaced. */
export function keptOf(present: readonly Observed[], type: LoadBalancerType, scheme: string): Observed | undefined {
  return present.find(({ attrs }) => attrs.Type === type && attrs.Scheme === scheme);
}

export function loadBalancerOf(
  { settled, scheme, mappings, guarding, members }: LoadBalancerWish,
  frame: Frame,
): Resource {
  const { build, lb, unit, type, stack, ipAddressType, vpcId } = frame;
  const kept = build.present.at('LoadBalancer', frame.keptLb);
  const [first] = members;
  if (first !== undefined) check(settled, first, frame);
  const tags = frame.sharedTags(loadBalancerResource);
  const managed = new Map(guarding.managed.map(({ id }): [string, Member] => [id, { attrs: {} }]));
  return {
    kind: 'LoadBalancer',
    id: lb,
    unit,
    serves: members.map(({ id }) => id),
    attrs: {
      ...stickyAttributes(kept?.attrs, { ...build.options.attributes, ...settled.attributes }),
      Name: kept?.attrs.Name ?? nameFor(settled, scheme, stack, frame),
      Type: type,
      Scheme: scheme,
      ...(kept?.attrs.VpcId === undefined
        ? vpcId === undefined
          ? {}
          : { VpcId: vpcId }
        : { VpcId: kept.attrs.VpcId }),
      IpAddressType: ipAddressType,
      SubnetMappings: mappings,
      ...(guarding.given.length === 0 ? {} : { SecurityGroups: guarding.given }),
      ...extras(settled, kept, frame),
    },
    refs: {},
    sets: {
      ...(managed.size === 0 ? {} : { ManagedSecurityGroups: managed }),
      Tags: frame.adopted ? new Map([...tags, [adoptedTag, { attrs: { Value: 'true' } }]]) : tags,
    },
  };
}

/** A name that was chosen, else the one that is derived; a replacement beside one with the same name gets another. */
function nameFor(settled: Settled, scheme: string, stack: Stack, { build, lb, unit }: Frame): string {
  // Nothing is made beside what stands in the way: it keeps the create off by its name.
  const [stranger] = build.present.of('LoadBalancer', lb).length > 0 ? [] : build.present.strangers(unit);
  if (typeof stranger?.attrs.Name === 'string') return stranger.attrs.Name;
  const name = settled.name ?? loadBalancerName(build.cluster, stack, scheme);
  return nextName(name, (one) => build.present.of('LoadBalancer', lb).some(({ attrs }) => attrs.Name === one));
}

/** What only some load balancers have. What is not said stays as it is. */
function extras(settled: Settled, kept: Observed | undefined, { build, type }: Frame): Attrs {
  const had = kept?.attrs ?? {};
  const pick = (name: string, wish: Json | undefined): Attrs => {
    const value = wish ?? had[name];
    return value === undefined ? {} : { [name]: value };
  };
  const units = settled.minimumCapacityUnits;
  const pool = settled.ipamIpv4Pool;
  const network: Attrs =
    type === 'network'
      ? {
          ...pick('EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic', settled.inboundRulesOnPrivateLink),
          ...pick('EnablePrefixForIpv6SourceNat', settled.ipv6SourceNat),
        }
      : {
          ...pick('CustomerOwnedIpv4Pool', settled.customerOwnedIpv4Pool),
          ...(pool === 'none' ? {} : pick('IpamPools', pool === undefined ? undefined : { Ipv4IpamPoolId: pool })),
          ...pick('WebACLArn', build.options.waf ? aclOf(settled, build) : undefined),
        };
  return {
    ...network,
    ...(units === 0
      ? {}
      : pick('MinimumLoadBalancerCapacity', units === undefined ? undefined : { CapacityUnits: units })),
    ...pick('ShieldProtection', build.options.shield ? settled.shield : undefined),
  };
}

function aclOf({ wafv2Acl }: Settled, { environment }: Build): string | undefined {
  if (wafv2Acl === undefined) return undefined;
  if (wafv2Acl === 'none') return '';
  return environment.WebAcls.find(({ Name, Arn }) => Name === wafv2Acl || Arn === wafv2Acl)?.Arn ?? wafv2Acl;
}

/** Keys of ModifyLoadBalancerAttributes by type; others are passed on with a warning. */
const common = [
  'deletion_protection.enabled',
  'load_balancing.cross_zone.enabled',
  'access_logs.s3.enabled',
  'access_logs.s3.bucket',
  'access_logs.s3.prefix',
  'ipv6.deny_all_igw_traffic',
  'zonal_shift.config.enabled',
];
const attributeKeys: Readonly<Record<LoadBalancerType, readonly string[]>> = {
  network: [...common, 'dns_record.client_routing_policy', 'secondary_ips.auto_assigned.per_subnet'],
  application: [
    ...common,
    'idle_timeout.timeout_seconds',
    'client_keep_alive.seconds',
    'connection_logs.s3.enabled',
    'connection_logs.s3.bucket',
    'connection_logs.s3.prefix',
    'health_check_logs.s3.enabled',
    'health_check_logs.s3.bucket',
    'health_check_logs.s3.prefix',
    'routing.http.desync_mitigation_mode',
    'routing.http.drop_invalid_header_fields.enabled',
    'routing.http.preserve_host_header.enabled',
    'routing.http.x_amzn_tls_version_and_cipher_suite.enabled',
    'routing.http.xff_client_port.enabled',
    'routing.http.xff_header_processing.mode',
    'routing.http2.enabled',
    'waf.fail_open.enabled',
  ],
};

function check(settled: Settled, service: ExportedService, { build, type, ipAddressType }: Frame): void {
  const wrong = (path: readonly string[], value: Json, message: string): void => {
    const owner = sayerOf(settled, path, service);
    build.refuse(owner, tellSetting(owner, 'E_FIELD_VALUE', path, value, message));
  };
  for (const [key, value] of Object.entries(settled.attributes)) {
    const others = attributeKeys[type === 'network' ? 'application' : 'network'];
    if (attributeKeys[type].includes(key)) {
      if (key.endsWith('.enabled') && value !== 'true' && value !== 'false')
        wrong(['attributes', key], value, `${key} must be true or false`);
      if (/seconds$/.test(key) && !/^[1-9]\d{0,5}$/.test(value))
        wrong(['attributes', key], value, `${key} must be a number of seconds`);
    } else if (others.includes(key))
      wrong(['attributes', key], value, `load balancers of type ${type} have no attribute ${key}; remove it`);
    else {
      const message = `is no attribute of ${type} load balancers that weir knows; it is passed on${suggestion(key, attributeKeys[type])}`;
      const owner = sayerOf(settled, ['attributes', key], service);
      build.warn(tellSetting(owner, 'W_FEATURE', ['attributes', key], value, message));
    }
  }
  if (type === 'network' && ipAddressType === 'dualstack-without-public-ipv4')
    wrong(['ipAddressType'], ipAddressType, 'network load balancers are ipv4 or dualstack');
  for (const key of Object.keys(settled.tags)) {
    if (build.options.externalManagedTags.includes(key))
      wrong(
        ['tags', key],
        settled.tags[key] ?? '',
        `tag ${key} is managed by somebody else (externalManagedTags of the balancer); remove it here`,
      );
    if (/^(elbv2|service|ingress)\.k8s\.aws\//.test(key))
      wrong(['tags', key], settled.tags[key] ?? '', `tag ${key} proves ownership and is set by weir; remove it`);
  }
  const { wafv2Acl } = settled;
  const { WebAcls } = build.environment;
  if (
    wafv2Acl !== undefined &&
    wafv2Acl !== 'none' &&
    !wafv2Acl.startsWith('arn:') &&
    !WebAcls.some(({ Name }) => Name === wafv2Acl)
  ) {
    const message = 'there is no such regional web ACL; give the ARN or name of one that exists';
    const owner = sayerOf(settled, ['wafv2Acl'], service);
    build.refuse(owner, tellSetting(owner, 'E_DISCOVERY', ['wafv2Acl'], wafv2Acl, message));
  }
  if (settled.shield === true && build.environment.ShieldSubscription === false)
    wrong(['shield'], true, 'the account has no Shield Advanced subscription; subscribe or remove the setting');
  for (const [path, only] of [
    ['wafv2Acl', 'application'],
    ['customerOwnedIpv4Pool', 'application'],
    ['ipamIpv4Pool', 'application'],
    ['inboundRulesOnPrivateLink', 'network'],
    ['ipv6SourceNat', 'network'],
    ['sourceNatIpv6Prefixes', 'network'],
  ] as const) {
    const value = settled[path];
    if (value !== undefined && only !== type)
      wrong([path], value, `only a load balancer of type ${only} has this; remove it`);
  }
}
