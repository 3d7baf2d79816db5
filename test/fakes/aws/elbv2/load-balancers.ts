import type {
  CreateLoadBalancerInput,
  DeleteLoadBalancerInput,
  DescribeLoadBalancersInput,
  LoadBalancer as LoadBalancerAnswer,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import { Countdown } from '../core/delay.ts';
import { page } from '../core/page.ts';
import { putTags, sameTags } from '../core/tags.ts';
import type { World } from '../core/world.ts';
import { loadBalancerDefaults } from './load-balancer-attributes.ts';
import { checkName } from './names.ts';
import { dropListener } from './release.ts';
import type { LoadBalancer, LoadBalancerType } from './state.ts';
import { type AskedZone, checkGroups, checkZones, dropZones, placeZones } from './zones.ts';

const folder = { application: 'app', network: 'net', gateway: 'gwy' };
const hostedZone = { application: 'Z35SXDOTRQ7X7K', network: 'Z26RNL4JYFTOTI', gateway: '' };

export function createLoadBalancer(world: World, input: Given<CreateLoadBalancerInput>) {
  const type = input.Type ?? 'application';
  const scheme = input.Scheme ?? 'internet-facing';
  const IpAddressType = input.IpAddressType ?? 'ipv4';
  checkName(input.Name, 'load balancer');
  if (input.CustomerOwnedIpv4Pool !== undefined)
    refuse('OperationNotPermitted', 'No outpost has a customer-owned pool here');
  if (IpAddressType === 'dualstack-without-public-ipv4' && (type !== 'application' || scheme !== 'internet-facing')) {
    refuse(
      'InvalidConfigurationRequest',
      `IP address type '${IpAddressType}' is for internet-facing application load balancers`,
    );
  }
  if (input.EnablePrefixForIpv6SourceNat !== undefined && type !== 'network') {
    refuse('InvalidConfigurationRequest', 'EnablePrefixForIpv6SourceNat is for network load balancers');
  }
  const asked: AskedZone[] = askedZones(input.Subnets, input.SubnetMappings);
  const subnets = checkZones(world, asked, {
    type,
    scheme,
    IpAddressType,
    sourceNat: input.EnablePrefixForIpv6SourceNat === 'on',
  });
  const VpcId = subnets[0]?.VpcId ?? refuse('ValidationError', 'A load balancer must have at least one subnet');
  const groups = checkGroups(world, input.SecurityGroups ?? [], VpcId, type);
  const tags = putTags(input.Tags ?? []);

  const existing = world.elb.loadBalancerNames.get(input.Name);
  if (existing !== undefined) {
    if (isSame(existing, { type, scheme, IpAddressType, asked, groups, tags }))
      return { LoadBalancers: [describe(world, existing)] };
    refuse(
      'DuplicateLoadBalancerName',
      `A load balancer with the same name '${input.Name}' exists, but with different settings`,
    );
  }
  checkQuota(world, type);
  const id = world.ids.hex(16);
  const path = `${folder[type]}/${input.Name}/${id}`;
  const balancer: LoadBalancer = {
    arn: world.arn('elasticloadbalancing', `loadbalancer/${path}`),
    name: input.Name,
    type,
    scheme,
    VpcId,
    DNSName: dnsName(world, { type, scheme, name: input.Name, id }),
    createdMs: world.clock.wall(),
    provisioning: new Countdown(world.timings.loadBalancer, world.clock.now()),
    failed: undefined,
    IpAddressType,
    EnablePrefixForIpv6SourceNat: type === 'network' ? (input.EnablePrefixForIpv6SourceNat ?? 'off') : undefined,
    EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: type === 'network' && groups.length > 0 ? 'on' : undefined,
    zones: [],
    securityGroups: groups,
    attributes: new Map(loadBalancerDefaults(type)),
    tags,
    listeners: new Set(),
    capacityUnits: undefined,
    Ipv4IpamPoolId: input.IpamPools?.Ipv4IpamPoolId,
  };
  balancer.zones = placeZones(world, balancer, asked, subnets);
  world.elb.loadBalancerNames.set(input.Name, balancer);
  world.elb.loadBalancers.add(balancer.arn, balancer);
  return { LoadBalancers: [describe(world, balancer)] };
}

function dnsName(world: World, of: { type: LoadBalancerType; scheme: string; name: string; id: string }): string {
  const internal = of.scheme === 'internal' && of.type === 'application' ? 'internal-' : '';
  const place = of.type === 'application' ? `${world.region}.elb` : `elb.${world.region}`;
  const number = of.type === 'application' ? String(Number.parseInt(of.id.slice(0, 8), 16)) : of.id;
  return `${internal}${of.name}-${number}.${place}.amazonaws.com`;
}

function checkQuota(world: World, type: LoadBalancerType): void {
  const most = world.quotas[`${type}-load-balancers`];
  const count = [...world.elb.loadBalancers.all()].filter((each) => each.type === type).length;
  if (count >= most)
    refuse('TooManyLoadBalancers', `The maximum number of ${type} load balancers (${most}) has been reached`);
}

export function askedZones(
  subnets: readonly string[] | undefined,
  mappings: readonly AskedZone[] | undefined,
): AskedZone[] {
  if (subnets !== undefined && subnets.length > 0 && mappings !== undefined && mappings.length > 0) {
    refuse('ValidationError', 'You can specify either subnets or subnet mappings, not both');
  }
  const asked: AskedZone[] = mappings?.length ? [...mappings] : (subnets ?? []).map((SubnetId) => ({ SubnetId }));
  if (asked.length === 0) refuse('ValidationError', 'A load balancer must have at least one subnet');
  return asked;
}

function isSame(
  existing: LoadBalancer,
  wanted: Pick<LoadBalancer, 'type' | 'scheme' | 'IpAddressType' | 'tags'> & {
    asked: readonly AskedZone[];
    groups: readonly string[];
  },
): boolean {
  const keys = (zones: readonly AskedZone[]) =>
    zones
      .map((zone) => [zone.SubnetId, zone.AllocationId, zone.PrivateIPv4Address, zone.IPv6Address].join(' '))
      .sort()
      .join();
  return (
    existing.type === wanted.type &&
    existing.scheme === wanted.scheme &&
    existing.IpAddressType === wanted.IpAddressType &&
    keys(existing.zones) === keys(wanted.asked) &&
    [...existing.securityGroups].sort().join() === [...wanted.groups].sort().join() &&
    sameTags(existing.tags, wanted.tags)
  );
}

export function deleteLoadBalancer(world: World, input: Given<DeleteLoadBalancerInput>) {
  const balancer = world.elb.loadBalancers.truly(input.LoadBalancerArn);
  // Deleting what is not there succeeds, as the API reference says.
  if (balancer === undefined) return {};
  if (balancer.attributes.get('deletion_protection.enabled') === 'true') {
    refuse(
      'OperationNotPermitted',
      `Load balancer '${balancer.arn}' cannot be deleted because deletion protection is enabled`,
    );
  }
  for (const group of world.elb.targetGroups.all()) {
    if (group.TargetType === 'alb' && [...group.targets.values()].some(({ id }) => id === balancer.arn)) {
      refuse('ResourceInUse', `Load balancer '${balancer.arn}' is currently in use as a target of '${group.arn}'`);
    }
  }
  for (const listener of [...balancer.listeners]) dropListener(world, listener);
  dropZones(world, balancer.zones, balancer.VpcId);
  world.elb.loadBalancerNames.delete(balancer.name);
  world.elb.loadBalancers.delete(balancer.arn);
  world.webAclOf.delete(balancer.arn);
  return {};
}

export function describeLoadBalancers(world: World, input: Given<DescribeLoadBalancersInput>) {
  const { LoadBalancerArns: arns, Names: names } = input;
  if (arns?.length && names?.length)
    refuse('ValidationError', 'You can specify either load balancer ARNs or names, not both');
  const wanted = arns?.length ? arns : names;
  if ((wanted?.length ?? 0) > 20) refuse('ValidationError', 'Up to 20 load balancers can be named in one call');
  const all = world.elb.loadBalancers.list();
  const found = wanted?.length ? all.filter((each) => wanted.includes(arns?.length ? each.arn : each.name)) : all;
  if (wanted !== undefined && found.length < new Set(wanted).size) {
    const missing = wanted.filter((name) => !found.some((each) => each.arn === name || each.name === name));
    refuse(
      'LoadBalancerNotFound',
      arns?.length ? 'One or more load balancers not found' : `Load balancers '[${missing.join(', ')}]' not found`,
    );
  }
  const { items, next } = page(found, ({ arn }) => arn, { marker: input.Marker, size: input.PageSize, most: 400 });
  for (const balancer of items) balancer.provisioning.look();
  return { LoadBalancers: items.map((balancer) => describe(world, balancer)), NextMarker: next };
}

export function stateOf(world: World, balancer: LoadBalancer): 'provisioning' | 'active' | 'failed' {
  if (!balancer.provisioning.done(world.clock.now())) return 'provisioning';
  return balancer.failed === undefined ? 'active' : 'failed';
}

function describe(world: World, balancer: LoadBalancer): LoadBalancerAnswer {
  const state = stateOf(world, balancer);
  return {
    LoadBalancerArn: balancer.arn,
    DNSName: balancer.DNSName,
    CanonicalHostedZoneId: hostedZone[balancer.type],
    CreatedTime: new Date(balancer.createdMs),
    LoadBalancerName: balancer.name,
    Scheme: balancer.scheme,
    VpcId: balancer.VpcId,
    State: { Code: state, Reason: state === 'failed' ? balancer.failed : undefined },
    Type: balancer.type,
    AvailabilityZones: describeZones(world, balancer),
    // An NLB without groups has no such list; it can never get one.
    SecurityGroups: balancer.securityGroups.length > 0 ? [...balancer.securityGroups] : undefined,
    IpAddressType: balancer.IpAddressType,
    EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: balancer.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic,
    EnablePrefixForIpv6SourceNat: balancer.EnablePrefixForIpv6SourceNat,
    IpamPools: balancer.Ipv4IpamPoolId === undefined ? undefined : { Ipv4IpamPoolId: balancer.Ipv4IpamPoolId },
  };
}

export function describeZones(
  world: World,
  balancer: LoadBalancer,
): NonNullable<LoadBalancerAnswer['AvailabilityZones']> {
  return balancer.zones.map((zone) => ({
    ZoneName: zone.ZoneName,
    SubnetId: zone.SubnetId,
    SourceNatIpv6Prefixes: zone.SourceNatIpv6Prefix === undefined ? undefined : [zone.SourceNatIpv6Prefix],
    LoadBalancerAddresses:
      balancer.type === 'network' && (zone.AllocationId ?? zone.PrivateIPv4Address ?? zone.IPv6Address) !== undefined
        ? [
            {
              AllocationId: zone.AllocationId,
              IpAddress:
                zone.AllocationId === undefined ? undefined : world.ec2.addresses.truly(zone.AllocationId)?.PublicIp,
              PrivateIPv4Address: zone.PrivateIPv4Address,
              IPv6Address: zone.IPv6Address,
            },
          ]
        : [],
  }));
}

/** The load balancer of that ARN as a caller sees it. */
export function findLoadBalancer(world: World, arn: string): LoadBalancer {
  return world.elb.loadBalancers.get(arn) ?? refuse('LoadBalancerNotFound', `Load balancer '${arn}' not found`);
}
