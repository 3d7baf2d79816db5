/** Subnets and security groups of a load balancer: what AWS refuses, and the interfaces that it makes. */
import { isIP } from 'node:net';
import { refuse } from '../core/aws-error.ts';
import type { World } from '../core/world.ts';
import { inRange, type Subnet } from '../ec2/state.ts';
import type { LoadBalancer, LoadBalancerType, Zone } from './state.ts';

export interface AskedZone {
  readonly SubnetId?: string | undefined;
  readonly AllocationId?: string | undefined;
  readonly PrivateIPv4Address?: string | undefined;
  readonly IPv6Address?: string | undefined;
  readonly SourceNatIpv6Prefix?: string | undefined;
}

interface Placed {
  readonly type: LoadBalancerType;
  readonly scheme: string;
  readonly IpAddressType: string;
  readonly sourceNat: boolean;
  /** The load balancer that the zones are for, when it is there already. */
  readonly arn?: string;
}

/** The subnets asked for, all of them fit for that load balancer; throws what AWS would say. */
export function checkZones(world: World, asked: readonly AskedZone[], placed: Placed): readonly Subnet[] {
  const subnets = asked.map(({ SubnetId }) => {
    const id = SubnetId ?? refuse('ValidationError', 'SubnetId is required in a subnet mapping');
    return world.ec2.subnets.get(id) ?? refuse('SubnetNotFound', `The subnet ID '${id}' does not exist`);
  });
  const vpcs = new Set(subnets.map(({ VpcId }) => VpcId));
  if (vpcs.size > 1) refuse('InvalidSubnet', 'All subnets must belong to the same VPC');
  const zones = new Set(subnets.map(({ AvailabilityZone }) => AvailabilityZone));
  if (zones.size < subnets.length) {
    refuse(
      'InvalidConfigurationRequest',
      'A load balancer cannot be attached to multiple subnets in the same Availability Zone',
    );
  }
  if (placed.type === 'application' && zones.size < 2) {
    refuse('ValidationError', 'At least two subnets in two different Availability Zones must be specified');
  }
  const [vpcId = ''] = vpcs;
  if (placed.scheme === 'internet-facing' && placed.type !== 'gateway' && !world.ec2.hasInternetGateway(vpcId)) {
    refuse('InvalidSubnet', `VPC ${vpcId} has no internet gateway`);
  }
  const bare = subnets.find(({ Ipv6CidrBlock }) => Ipv6CidrBlock === undefined);
  if (placed.IpAddressType !== 'ipv4' && bare !== undefined) {
    refuse(
      'ValidationError',
      `You must specify subnets with an associated IPv6 CIDR block: '${bare.SubnetId}' has none`,
    );
  }
  asked.forEach((zone, index) => {
    const subnet = subnets[index];
    if (subnet !== undefined) checkZone(world, zone, subnet, placed);
  });
  return subnets;
}

function checkZone(world: World, zone: AskedZone, subnet: Subnet, placed: Placed): void {
  const { AllocationId, PrivateIPv4Address, IPv6Address, SourceNatIpv6Prefix } = zone;
  if (placed.type !== 'network') {
    const given = AllocationId ?? PrivateIPv4Address ?? IPv6Address ?? SourceNatIpv6Prefix;
    if (given !== undefined)
      refuse(
        'InvalidConfigurationRequest',
        `Addresses such as '${given}' can be chosen for network load balancers only`,
      );
    return;
  }
  if (AllocationId !== undefined) {
    if (placed.scheme !== 'internet-facing')
      refuse('InvalidConfigurationRequest', 'Elastic IP addresses are for internet-facing load balancers only');
    const address = world.ec2.addresses.get(AllocationId);
    if (address === undefined) refuse('AllocationIdNotFound', `The allocation IDs '${AllocationId}' do not exist`);
    if (address.usedBy !== undefined && address.usedBy !== placed.arn) {
      refuse('ResourceInUse', `The allocation ID '${AllocationId}' is in use`);
    }
  }
  if (PrivateIPv4Address !== undefined) {
    if (placed.scheme !== 'internal')
      refuse('InvalidConfigurationRequest', 'Private IPv4 addresses are for internal load balancers only');
    if (isIP(PrivateIPv4Address) !== 4 || !inRange(PrivateIPv4Address, subnet.CidrBlock)) {
      refuse(
        'InvalidConfigurationRequest',
        `The address '${PrivateIPv4Address}' is not in subnet '${subnet.SubnetId}'`,
      );
    }
  }
  if (IPv6Address !== undefined) {
    if (placed.IpAddressType === 'ipv4')
      refuse('InvalidConfigurationRequest', 'IPv6 addresses are for dualstack load balancers only');
    if (isIP(IPv6Address) !== 6 || subnet.Ipv6CidrBlock === undefined || !inRange(IPv6Address, subnet.Ipv6CidrBlock)) {
      refuse('InvalidConfigurationRequest', `The address '${IPv6Address}' is not in subnet '${subnet.SubnetId}'`);
    }
  }
  if (SourceNatIpv6Prefix !== undefined && !placed.sourceNat) {
    refuse('InvalidConfigurationRequest', 'SourceNatIpv6Prefix needs EnablePrefixForIpv6SourceNat');
  }
}

/** Takes the addresses and makes one interface a zone; keeps those of zones that stay as they are. */
export function placeZones(
  world: World,
  balancer: Pick<LoadBalancer, 'arn' | 'type' | 'VpcId' | 'securityGroups' | 'zones'>,
  asked: readonly AskedZone[],
  subnets: readonly Subnet[],
): readonly Zone[] {
  return asked.flatMap((zone, index) => {
    const subnet = subnets[index];
    if (subnet === undefined) return [];
    const before = balancer.zones.find(
      (each) =>
        each.SubnetId === subnet.SubnetId &&
        each.AllocationId === zone.AllocationId &&
        each.PrivateIPv4Address === zone.PrivateIPv4Address,
    );
    if (before !== undefined)
      return [{ ...before, IPv6Address: zone.IPv6Address, SourceNatIpv6Prefix: zone.SourceNatIpv6Prefix }];
    if (zone.PrivateIPv4Address !== undefined && !world.ec2.claimAddress(subnet, zone.PrivateIPv4Address)) {
      refuse('InvalidConfigurationRequest', `The address '${zone.PrivateIPv4Address}' is in use`);
    }
    const address = zone.PrivateIPv4Address ?? world.ec2.takeAddress(subnet);
    const elasticIp = zone.AllocationId === undefined ? undefined : world.ec2.addresses.truly(zone.AllocationId);
    if (elasticIp !== undefined) elasticIp.usedBy = balancer.arn;
    const interfaceId = world.ec2.ids.ec2('eni');
    world.ec2.interfaces.add(interfaceId, {
      NetworkInterfaceId: interfaceId,
      SubnetId: subnet.SubnetId,
      VpcId: subnet.VpcId,
      Description: `ELB ${balancer.arn.split(':loadbalancer/')[1]}`,
      InterfaceType: balancer.type === 'network' ? 'network_load_balancer' : 'interface',
      RequesterManaged: true,
      InstanceId: undefined,
      addresses: [address],
      ipv6Addresses: zone.IPv6Address === undefined ? [] : [zone.IPv6Address],
      groups: balancer.securityGroups,
      tags: new Map(),
    });
    const { SubnetId, AvailabilityZone } = subnet;
    return [{ ...zone, SubnetId, ZoneName: AvailabilityZone, interfaceId }];
  });
}

/** Gives the zones' addresses back; their interfaces may linger (`timings.interfaces`). */
export function dropZones(world: World, zones: readonly Zone[], vpcId: string): void {
  for (const zone of zones) {
    const elasticIp = zone.AllocationId === undefined ? undefined : world.ec2.addresses.truly(zone.AllocationId);
    if (elasticIp !== undefined) elasticIp.usedBy = undefined;
    world.lingering.add(zone.interfaceId, () => {
      for (const address of world.ec2.interfaces.truly(zone.interfaceId)?.addresses ?? [])
        world.ec2.freeAddress(vpcId, address);
      world.ec2.interfaces.delete(zone.interfaceId);
    });
  }
}

/** The security groups of a load balancer: known, in its VPC, at most five; an ALB without any gets the VPC's default one. */
export function checkGroups(
  world: World,
  groups: readonly string[],
  vpcId: string,
  type: LoadBalancerType,
): readonly string[] {
  if (type === 'gateway' && groups.length > 0)
    refuse('InvalidConfigurationRequest', 'Gateway load balancers have no security groups');
  for (const id of groups) {
    const group = world.ec2.securityGroups.get(id);
    if (group === undefined) refuse('InvalidSecurityGroup', `The security group '${id}' does not exist`);
    if (group.VpcId !== vpcId) refuse('InvalidSecurityGroup', `The security group '${id}' is not in VPC '${vpcId}'`);
  }
  if (groups.length > 5) refuse('InvalidConfigurationRequest', 'A load balancer can have at most 5 security groups');
  if (groups.length > 0 || type !== 'application') return [...new Set(groups)];
  const group = world.ec2.defaultGroup(vpcId);
  return group === undefined ? [] : [group.GroupId];
}
