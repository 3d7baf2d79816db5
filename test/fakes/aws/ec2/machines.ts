/** Instances, network interfaces, elastic addresses, prefix lists, zones. */
import type * as api from '@aws-sdk/client-ec2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import type { World } from '../core/world.ts';
import { ask, listTags, tagsFor } from './describe.ts';
import { findGroup } from './security-groups.ts';
import type { Instance, NetworkInterface } from './state.ts';

export function runInstances(world: World, input: Given<api.RunInstancesRequest>) {
  const subnet =
    world.ec2.subnets.get(input.SubnetId ?? '') ??
    refuse('InvalidSubnetID.NotFound', `The subnet ID '${input.SubnetId}' does not exist`);
  const groups = (input.SecurityGroupIds ?? []).map((id) => findGroup(world, id).GroupId);
  const made: Instance[] = [];
  for (let i = 0; i < input.MaxCount; i++) {
    const InstanceId = world.ec2.ids.ec2('i');
    const NetworkInterfaceId = world.ec2.ids.ec2('eni');
    const PrivateIpAddress = world.ec2.takeAddress(subnet);
    const { SubnetId, VpcId } = subnet;
    const tags = tagsFor('instance', input.TagSpecifications);
    const instance: Instance = {
      InstanceId,
      SubnetId,
      VpcId,
      PrivateIpAddress,
      NetworkInterfaceId,
      state: 'running',
      tags,
    };
    world.ec2.instances.add(InstanceId, instance);
    world.ec2.interfaces.add(NetworkInterfaceId, {
      NetworkInterfaceId,
      SubnetId,
      VpcId,
      Description: '',
      InterfaceType: 'interface',
      RequesterManaged: false,
      InstanceId,
      addresses: [PrivateIpAddress],
      ipv6Addresses: [],
      groups: groups.length > 0 ? groups : [world.ec2.defaultGroup(VpcId)?.GroupId ?? ''],
      tags: new Map(),
    });
    made.push(instance);
  }
  return {
    ReservationId: world.ec2.ids.ec2('r'),
    OwnerId: world.accountId,
    Instances: made.map((instance) => describeInstance(world, instance)),
  };
}

export function describeInstances(world: World, input: Given<api.DescribeInstancesRequest>) {
  const { items, next } = ask(world.ec2.instances, input, {
    ids: input.InstanceIds,
    idOf: ({ InstanceId }) => InstanceId,
    notFound: 'InvalidInstanceID.NotFound',
    filters: {
      'instance-id': ({ InstanceId }) => InstanceId,
      'vpc-id': ({ VpcId }) => VpcId,
      'subnet-id': ({ SubnetId }) => SubnetId,
      'private-ip-address': ({ PrivateIpAddress }) => PrivateIpAddress,
      'instance-state-name': ({ state }) => state,
    },
  });
  return {
    Reservations: items.map((instance) => ({
      ReservationId: instance.InstanceId.replace(/^i-/, 'r-'),
      OwnerId: world.accountId,
      Instances: [describeInstance(world, instance)],
    })),
    NextToken: next,
  };
}

const stateCode = { pending: 0, running: 16, stopped: 80, terminated: 48 };

function describeInstance(world: World, instance: Instance): api.Instance {
  const zone = world.ec2.subnets.truly(instance.SubnetId)?.AvailabilityZone;
  const found = world.ec2.interfaces.truly(instance.NetworkInterfaceId);
  return {
    InstanceId: instance.InstanceId,
    InstanceType: 't3.large',
    State: { Name: instance.state, Code: stateCode[instance.state] },
    SubnetId: instance.SubnetId,
    VpcId: instance.VpcId,
    PrivateIpAddress: instance.PrivateIpAddress,
    Placement: { AvailabilityZone: zone },
    SecurityGroups: groupNames(world, found?.groups ?? []),
    NetworkInterfaces: [
      {
        NetworkInterfaceId: instance.NetworkInterfaceId,
        SubnetId: instance.SubnetId,
        VpcId: instance.VpcId,
        PrivateIpAddress: instance.PrivateIpAddress,
        Groups: groupNames(world, found?.groups ?? []),
        PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: instance.PrivateIpAddress }],
        Attachment: { DeviceIndex: 0, Status: 'attached' },
        Status: 'in-use',
      },
    ],
    Tags: listTags(instance),
  };
}

function groupNames(world: World, ids: readonly string[]): api.GroupIdentifier[] {
  return ids.map((GroupId) => ({ GroupId, GroupName: world.ec2.securityGroups.truly(GroupId)?.GroupName }));
}

export function describeNetworkInterfaces(world: World, input: Given<api.DescribeNetworkInterfacesRequest>) {
  world.lingering.look();
  const { items, next } = ask(world.ec2.interfaces, input, {
    ids: input.NetworkInterfaceIds,
    idOf: ({ NetworkInterfaceId }) => NetworkInterfaceId,
    notFound: 'InvalidNetworkInterfaceID.NotFound',
    filters: {
      'network-interface-id': ({ NetworkInterfaceId }) => NetworkInterfaceId,
      'vpc-id': ({ VpcId }) => VpcId,
      'subnet-id': ({ SubnetId }) => SubnetId,
      'group-id': ({ groups }) => groups,
      description: ({ Description }) => Description,
      'private-ip-address': ({ addresses }) => addresses[0],
      'addresses.private-ip-address': ({ addresses }) => addresses,
      'ipv6-addresses.ipv6-address': ({ ipv6Addresses }) => ipv6Addresses,
      'attachment.instance-id': ({ InstanceId }) => InstanceId,
      'interface-type': ({ InterfaceType }) => InterfaceType,
      'requester-managed': ({ RequesterManaged }) => String(RequesterManaged),
      status: () => 'in-use',
    },
  });
  return { NetworkInterfaces: items.map((found) => describeInterface(world, found)), NextToken: next };
}

function describeInterface(world: World, found: NetworkInterface): api.NetworkInterface {
  return {
    NetworkInterfaceId: found.NetworkInterfaceId,
    SubnetId: found.SubnetId,
    VpcId: found.VpcId,
    AvailabilityZone: world.ec2.subnets.truly(found.SubnetId)?.AvailabilityZone,
    Description: found.Description,
    InterfaceType: found.InterfaceType as NonNullable<api.NetworkInterface['InterfaceType']>,
    RequesterManaged: found.RequesterManaged,
    OwnerId: world.accountId,
    PrivateIpAddress: found.addresses[0],
    PrivateIpAddresses: found.addresses.map((PrivateIpAddress, index) => ({ PrivateIpAddress, Primary: index === 0 })),
    Ipv6Addresses: found.ipv6Addresses.map((Ipv6Address) => ({ Ipv6Address })),
    Groups: groupNames(world, found.groups),
    Status: 'in-use',
    Attachment: {
      InstanceId: found.InstanceId,
      Status: 'attached',
      InstanceOwnerId: found.RequesterManaged ? 'amazon-elb' : world.accountId,
    },
    TagSet: listTags(found),
  };
}

export function modifyNetworkInterfaceAttribute(
  world: World,
  input: Given<api.ModifyNetworkInterfaceAttributeRequest>,
) {
  const found = world.ec2.interfaces.get(input.NetworkInterfaceId);
  if (found === undefined)
    refuse(
      'InvalidNetworkInterfaceID.NotFound',
      `The networkInterface ID '${input.NetworkInterfaceId}' does not exist`,
    );
  if (found.RequesterManaged)
    refuse('OperationNotPermitted', 'You do not have permission to modify a requester-managed interface');
  if (input.Groups !== undefined) found.groups = input.Groups.map((id) => findGroup(world, id).GroupId);
  return {};
}

export function allocateAddress(world: World, input: Given<api.AllocateAddressRequest>) {
  const AllocationId = world.ec2.ids.ec2('eipalloc');
  const number = world.ec2.addresses.size + 1;
  const PublicIp = `198.51.${100 + (number >> 8)}.${number & 255}`;
  world.ec2.addresses.add(AllocationId, {
    AllocationId,
    PublicIp,
    usedBy: undefined,
    tags: tagsFor('elastic-ip', input.TagSpecifications),
  });
  return { AllocationId, PublicIp, Domain: 'vpc' as const };
}

export function describeAddresses(world: World, input: Given<api.DescribeAddressesRequest>) {
  const { items } = ask(
    world.ec2.addresses,
    { Filters: input.Filters },
    {
      ids: input.AllocationIds,
      idOf: ({ AllocationId }) => AllocationId,
      notFound: 'InvalidAllocationID.NotFound',
      filters: {
        'allocation-id': ({ AllocationId }) => AllocationId,
        'public-ip': ({ PublicIp }) => PublicIp,
        domain: () => 'vpc',
      },
    },
  );
  return {
    Addresses: items.map((address) => ({
      AllocationId: address.AllocationId,
      PublicIp: address.PublicIp,
      Domain: 'vpc' as const,
      AssociationId: address.usedBy === undefined ? undefined : address.AllocationId.replace('eipalloc', 'eipassoc'),
      Tags: listTags(address),
    })),
  };
}

export function createManagedPrefixList(world: World, input: Given<api.CreateManagedPrefixListRequest>) {
  const PrefixListId = world.ec2.ids.ec2('pl');
  const list = {
    PrefixListId,
    PrefixListName: input.PrefixListName,
    AddressFamily: input.AddressFamily === 'IPv6' ? ('IPv6' as const) : ('IPv4' as const),
    MaxEntries: input.MaxEntries,
    entries: (input.Entries ?? []).map(({ Cidr }) => Cidr),
    tags: tagsFor('prefix-list', input.TagSpecifications),
  };
  if (list.entries.length > list.MaxEntries)
    refuse('PrefixListMaxEntriesExceeded', 'You have reached the maximum number of entries');
  world.ec2.prefixLists.add(PrefixListId, list);
  return { PrefixList: { PrefixListId, PrefixListName: list.PrefixListName, State: 'create-complete' as const } };
}

export function describeManagedPrefixLists(world: World, input: Given<api.DescribeManagedPrefixListsRequest>) {
  const { items, next } = ask(world.ec2.prefixLists, input, {
    ids: input.PrefixListIds,
    idOf: ({ PrefixListId }) => PrefixListId,
    notFound: 'InvalidPrefixListID.NotFound',
    filters: {
      'prefix-list-id': ({ PrefixListId }) => PrefixListId,
      'prefix-list-name': ({ PrefixListName }) => PrefixListName,
      'owner-id': () => world.accountId,
    },
  });
  return {
    PrefixLists: items.map((list) => ({
      PrefixListId: list.PrefixListId,
      PrefixListName: list.PrefixListName,
      PrefixListArn: world.arn('ec2', `prefix-list/${list.PrefixListId}`),
      AddressFamily: list.AddressFamily,
      MaxEntries: list.MaxEntries,
      OwnerId: world.accountId,
      State: 'create-complete' as const,
      Tags: listTags(list),
    })),
    NextToken: next,
  };
}

export function describeAvailabilityZones(world: World, input: Given<api.DescribeAvailabilityZonesRequest>) {
  const unknown = input.ZoneNames?.find((name) => !world.ec2.zones.includes(name));
  if (unknown !== undefined) refuse('InvalidParameterValue', `Invalid availability zone: [${unknown}]`);
  const ids = world.ec2.zones.map((ZoneName, index) => ({
    ZoneName,
    ZoneId: `euw1-az${index + 1}`,
    tags: new Map<string, string>(),
  }));
  const { items } = ask(
    { get: (name: string) => ids.find(({ ZoneName }) => ZoneName === name), list: () => ids },
    { Filters: input.Filters },
    {
      ids: input.ZoneNames,
      idOf: ({ ZoneName }) => ZoneName,
      notFound: 'InvalidParameterValue',
      filters: {
        'zone-name': ({ ZoneName }) => ZoneName,
        'zone-id': ({ ZoneId }) => ZoneId,
        'zone-type': () => 'availability-zone',
        state: () => 'available',
        'region-name': () => world.region,
      },
    },
  );
  return {
    AvailabilityZones: items.map(({ ZoneName, ZoneId }) => ({
      ZoneName,
      ZoneId,
      RegionName: world.region,
      State: 'available' as const,
      ZoneType: 'availability-zone',
      OptInStatus: 'opt-in-not-required' as const,
    })),
  };
}
