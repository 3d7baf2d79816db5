/** The calls that change one side of a load balancer: subnets, security groups, address type, capacity, address pools. */
import type {
  DescribeCapacityReservationInput,
  ModifyCapacityReservationInput,
  ModifyIpPoolsInput,
  SetIpAddressTypeInput,
  SetSecurityGroupsInput,
  SetSubnetsInput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import type { World } from '../core/world.ts';
import { askedZones, describeZones, findLoadBalancer } from './load-balancers.ts';
import { checkGroups, checkZones, dropZones, placeZones } from './zones.ts';

export function setSubnets(world: World, input: Given<SetSubnetsInput>) {
  const balancer = findLoadBalancer(world, input.LoadBalancerArn);
  const { type, scheme } = balancer;
  const IpAddressType = input.IpAddressType ?? balancer.IpAddressType;
  const nat = input.EnablePrefixForIpv6SourceNat ?? balancer.EnablePrefixForIpv6SourceNat;
  if (input.EnablePrefixForIpv6SourceNat !== undefined && type !== 'network') {
    refuse('InvalidConfigurationRequest', 'EnablePrefixForIpv6SourceNat is for network load balancers');
  }
  const asked = askedZones(input.Subnets, input.SubnetMappings);
  const subnets = checkZones(world, asked, { type, scheme, IpAddressType, sourceNat: nat === 'on', arn: balancer.arn });
  if (subnets.some(({ VpcId }) => VpcId !== balancer.VpcId))
    refuse('InvalidSubnet', `All subnets must be in VPC '${balancer.VpcId}'`);
  const gone = balancer.zones.filter((zone) => !subnets.some(({ SubnetId }) => SubnetId === zone.SubnetId));
  const before = balancer.zones;
  balancer.zones = placeZones(world, balancer, asked, subnets);
  const replaced = before.filter(
    (zone) => !gone.includes(zone) && !balancer.zones.some(({ interfaceId }) => interfaceId === zone.interfaceId),
  );
  dropZones(world, [...gone, ...replaced], balancer.VpcId);
  // Addresses that both the old and the new zone hold were given back above: take them again.
  for (const { AllocationId } of balancer.zones) {
    const address = AllocationId === undefined ? undefined : world.ec2.addresses.truly(AllocationId);
    if (address !== undefined) address.usedBy = balancer.arn;
  }
  balancer.IpAddressType = IpAddressType;
  balancer.EnablePrefixForIpv6SourceNat = nat;
  return { AvailabilityZones: describeZones(world, balancer), IpAddressType, EnablePrefixForIpv6SourceNat: nat };
}

export function setSecurityGroups(world: World, input: Given<SetSecurityGroupsInput>) {
  const balancer = findLoadBalancer(world, input.LoadBalancerArn);
  if (balancer.type === 'gateway')
    refuse('InvalidConfigurationRequest', 'Gateway load balancers have no security groups');
  if (balancer.type === 'network' && balancer.securityGroups.length === 0) {
    refuse(
      'InvalidConfigurationRequest',
      'Security groups cannot be added to a network load balancer that was created without any',
    );
  }
  if (input.SecurityGroups.length === 0)
    refuse('InvalidConfigurationRequest', 'At least one security group must be specified');
  const enforce = input.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic;
  if (enforce !== undefined && balancer.type !== 'network')
    refuse('InvalidConfigurationRequest', 'PrivateLink rules are for network load balancers');
  balancer.securityGroups = checkGroups(world, input.SecurityGroups, balancer.VpcId, balancer.type);
  balancer.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic =
    enforce ?? balancer.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic;
  for (const { interfaceId } of balancer.zones) {
    const found = world.ec2.interfaces.truly(interfaceId);
    if (found !== undefined) found.groups = balancer.securityGroups;
  }
  return {
    SecurityGroupIds: [...balancer.securityGroups],
    EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: balancer.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic,
  };
}

export function setIpAddressType(world: World, input: Given<SetIpAddressTypeInput>) {
  const balancer = findLoadBalancer(world, input.LoadBalancerArn);
  const { type, scheme } = balancer;
  if (
    input.IpAddressType === 'dualstack-without-public-ipv4' &&
    (type !== 'application' || scheme !== 'internet-facing')
  ) {
    refuse(
      'InvalidConfigurationRequest',
      `IP address type '${input.IpAddressType}' is for internet-facing application load balancers`,
    );
  }
  checkZones(world, balancer.zones, {
    type,
    scheme,
    IpAddressType: input.IpAddressType,
    sourceNat: balancer.EnablePrefixForIpv6SourceNat === 'on',
    arn: balancer.arn,
  });
  balancer.IpAddressType = input.IpAddressType;
  return { IpAddressType: input.IpAddressType };
}

export function modifyCapacityReservation(world: World, input: Given<ModifyCapacityReservationInput>) {
  const balancer = findLoadBalancer(world, input.LoadBalancerArn);
  const units = input.MinimumLoadBalancerCapacity?.CapacityUnits;
  if (input.ResetCapacityReservation === true ? units !== undefined : units === undefined) {
    refuse('ValidationError', 'You must specify either the capacity units or the reset');
  }
  if (units !== undefined && (units < 100 || !Number.isInteger(units)))
    refuse('InvalidConfigurationRequest', `Capacity units '${units}' are too few`);
  balancer.capacityUnits = units;
  return describeReservation(world, input.LoadBalancerArn);
}

export function describeCapacityReservation(world: World, input: Given<DescribeCapacityReservationInput>) {
  return describeReservation(world, input.LoadBalancerArn);
}

function describeReservation(world: World, arn: string) {
  const balancer = findLoadBalancer(world, arn);
  const { capacityUnits: CapacityUnits } = balancer;
  return {
    LastModifiedTime: world.date(),
    DecreaseRequestsRemaining: 2,
    MinimumLoadBalancerCapacity: CapacityUnits === undefined ? undefined : { CapacityUnits },
    CapacityReservationState: balancer.zones.map(({ ZoneName }) => ({
      AvailabilityZone: ZoneName,
      State: { Code: 'provisioned' as const },
      EffectiveCapacityUnits: CapacityUnits === undefined ? 0 : CapacityUnits / balancer.zones.length,
    })),
  };
}

export function modifyIpPools(world: World, input: Given<ModifyIpPoolsInput>) {
  const balancer = findLoadBalancer(world, input.LoadBalancerArn);
  if (balancer.type !== 'application' || balancer.scheme !== 'internet-facing') {
    refuse('InvalidConfigurationRequest', 'IPAM pools are for internet-facing application load balancers');
  }
  if (input.RemoveIpamPools?.includes('ipv4')) balancer.Ipv4IpamPoolId = undefined;
  balancer.Ipv4IpamPoolId = input.IpamPools?.Ipv4IpamPoolId ?? balancer.Ipv4IpamPoolId;
  return { IpamPools: balancer.Ipv4IpamPoolId === undefined ? {} : { Ipv4IpamPoolId: balancer.Ipv4IpamPoolId } };
}
