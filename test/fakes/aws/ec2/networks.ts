/** VPCs, subnets, route tables and internet gateways. */
import type * as api from '@aws-sdk/client-ec2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import type { World } from '../core/world.ts';
import { ask, listTags, tagsFor } from './describe.ts';
import { makeDefaultGroup } from './security-groups.ts';
import { inRange, type RouteTable, type Subnet, type Vpc } from './state.ts';

export function createVpc(world: World, input: Given<api.CreateVpcRequest>) {
  const CidrBlock = input.CidrBlock ?? refuse('MissingParameter', 'The request must contain the parameter cidrBlock');
  const VpcId = world.ec2.ids.ec2('vpc');
  const ipv6CidrBlocks =
    input.AmazonProvidedIpv6CidrBlock === true ? [`2a05:d018:${(0x1000 + world.ec2.vpcs.size).toString(16)}::/56`] : [];
  const vpc: Vpc = {
    VpcId,
    CidrBlock,
    ipv6CidrBlocks,
    IsDefault: false,
    tags: tagsFor('vpc', input.TagSpecifications),
  };
  world.ec2.vpcs.add(VpcId, vpc);
  makeDefaultGroup(world, VpcId);
  const RouteTableId = world.ec2.ids.ec2('rtb');
  world.ec2.routeTables.add(RouteTableId, {
    RouteTableId,
    VpcId,
    main: true,
    routes: [localRoute(vpc)],
    associations: [],
    tags: new Map(),
  });
  return { Vpc: describeVpc(world, vpc) };
}

function localRoute({ CidrBlock }: Vpc) {
  return { DestinationCidrBlock: CidrBlock, GatewayId: 'local' };
}

export function describeVpcs(world: World, input: Given<api.DescribeVpcsRequest>) {
  const { items, next } = ask(world.ec2.vpcs, input, {
    ids: input.VpcIds,
    idOf: ({ VpcId }) => VpcId,
    notFound: 'InvalidVpcID.NotFound',
    filters: {
      'vpc-id': ({ VpcId }) => VpcId,
      cidr: ({ CidrBlock }) => CidrBlock,
      'is-default': ({ IsDefault }) => String(IsDefault),
      state: () => 'available',
    },
  });
  return { Vpcs: items.map((vpc) => describeVpc(world, vpc)), NextToken: next };
}

function describeVpc(world: World, vpc: Vpc): api.Vpc {
  return {
    VpcId: vpc.VpcId,
    CidrBlock: vpc.CidrBlock,
    OwnerId: world.accountId,
    State: 'available',
    IsDefault: vpc.IsDefault,
    InstanceTenancy: 'default',
    CidrBlockAssociationSet: [
      {
        AssociationId: `vpc-cidr-assoc-${vpc.VpcId.slice(4)}`,
        CidrBlock: vpc.CidrBlock,
        CidrBlockState: { State: 'associated' },
      },
    ],
    Ipv6CidrBlockAssociationSet: vpc.ipv6CidrBlocks.map((Ipv6CidrBlock) => ({
      Ipv6CidrBlock,
      Ipv6CidrBlockState: { State: 'associated' as const },
    })),
    Tags: listTags(vpc),
  };
}

export function createSubnet(world: World, input: Given<api.CreateSubnetRequest>) {
  const vpc =
    world.ec2.vpcs.get(input.VpcId) ?? refuse('InvalidVpcID.NotFound', `The vpc ID '${input.VpcId}' does not exist`);
  const CidrBlock = input.CidrBlock ?? refuse('MissingParameter', 'The request must contain the parameter cidrBlock');
  const [base = ''] = CidrBlock.split('/');
  if (!inRange(base, vpc.CidrBlock)) refuse('InvalidSubnet.Range', `The CIDR '${CidrBlock}' is invalid.`);
  for (const subnet of world.ec2.subnets.all()) {
    if (
      subnet.VpcId === vpc.VpcId &&
      (inRange(base, subnet.CidrBlock) || inRange(subnet.CidrBlock.split('/')[0] ?? '', CidrBlock))
    ) {
      refuse('InvalidSubnet.Conflict', `The CIDR '${CidrBlock}' conflicts with another subnet`);
    }
  }
  const AvailabilityZone = input.AvailabilityZone ?? world.ec2.zones[0] ?? '';
  if (!world.ec2.zones.includes(AvailabilityZone))
    refuse('InvalidParameterValue', `Value (${AvailabilityZone}) for parameter availabilityZone is invalid.`);
  const SubnetId = world.ec2.ids.ec2('subnet');
  const subnet: Subnet = {
    SubnetId,
    VpcId: vpc.VpcId,
    CidrBlock,
    Ipv6CidrBlock: input.Ipv6CidrBlock,
    AvailabilityZone,
    tags: tagsFor('subnet', input.TagSpecifications),
  };
  world.ec2.subnets.add(SubnetId, subnet);
  return { Subnet: describeSubnet(world, subnet) };
}

export function deleteSubnet(world: World, input: Given<api.DeleteSubnetRequest>) {
  const { SubnetId } = input;
  if (world.ec2.subnets.get(SubnetId) === undefined)
    refuse('InvalidSubnetID.NotFound', `The subnet ID '${SubnetId}' does not exist`);
  for (const each of world.ec2.interfaces.all()) {
    if (each.SubnetId === SubnetId)
      refuse('DependencyViolation', `The subnet '${SubnetId}' has dependencies and cannot be deleted.`);
  }
  world.ec2.subnets.delete(SubnetId);
  return {};
}

export function describeSubnets(world: World, input: Given<api.DescribeSubnetsRequest>) {
  const { items, next } = ask(world.ec2.subnets, input, {
    ids: input.SubnetIds,
    idOf: ({ SubnetId }) => SubnetId,
    notFound: 'InvalidSubnetID.NotFound',
    filters: {
      'vpc-id': ({ VpcId }) => VpcId,
      'subnet-id': ({ SubnetId }) => SubnetId,
      'availability-zone': ({ AvailabilityZone }) => AvailabilityZone,
      'availability-zone-id': ({ AvailabilityZone }) => zoneId(AvailabilityZone),
      'cidr-block': ({ CidrBlock }) => CidrBlock,
      state: () => 'available',
    },
  });
  return { Subnets: items.map((subnet) => describeSubnet(world, subnet)), NextToken: next };
}

const zoneId = (zone: string): string => `euw1-az${zone.charCodeAt(zone.length - 1) - 96}`;

function describeSubnet(world: World, subnet: Subnet): api.Subnet {
  return {
    SubnetId: subnet.SubnetId,
    SubnetArn: world.arn('ec2', `subnet/${subnet.SubnetId}`),
    VpcId: subnet.VpcId,
    CidrBlock: subnet.CidrBlock,
    AvailabilityZone: subnet.AvailabilityZone,
    AvailabilityZoneId: zoneId(subnet.AvailabilityZone),
    AvailableIpAddressCount: 2 ** (32 - Number(subnet.CidrBlock.split('/')[1])) - 5,
    State: 'available',
    OwnerId: world.accountId,
    DefaultForAz: false,
    MapPublicIpOnLaunch: false,
    AssignIpv6AddressOnCreation: false,
    Ipv6CidrBlockAssociationSet:
      subnet.Ipv6CidrBlock === undefined
        ? []
        : [
            {
              AssociationId: `subnet-cidr-assoc-${subnet.SubnetId.slice(7)}`,
              Ipv6CidrBlock: subnet.Ipv6CidrBlock,
              Ipv6CidrBlockState: { State: 'associated' },
            },
          ],
    Tags: listTags(subnet),
  };
}

export function createRouteTable(world: World, input: Given<api.CreateRouteTableRequest>) {
  const vpc =
    world.ec2.vpcs.get(input.VpcId) ?? refuse('InvalidVpcID.NotFound', `The vpc ID '${input.VpcId}' does not exist`);
  const RouteTableId = world.ec2.ids.ec2('rtb');
  const tags = tagsFor('route-table', input.TagSpecifications);
  const table: RouteTable = {
    RouteTableId,
    VpcId: vpc.VpcId,
    main: false,
    routes: [localRoute(vpc)],
    associations: [],
    tags,
  };
  world.ec2.routeTables.add(RouteTableId, table);
  return { RouteTable: describeTable(world, table) };
}

export function createRoute(world: World, input: Given<api.CreateRouteRequest>) {
  const table = findTable(world, input.RouteTableId);
  const { DestinationCidrBlock, DestinationIpv6CidrBlock, GatewayId, NatGatewayId } = input;
  table.routes.push({ DestinationCidrBlock, DestinationIpv6CidrBlock, GatewayId, NatGatewayId });
  return { Return: true };
}

export function associateRouteTable(world: World, input: Given<api.AssociateRouteTableRequest>) {
  const table = findTable(world, input.RouteTableId);
  const subnetId = input.SubnetId ?? refuse('MissingParameter', 'The request must contain the parameter subnetId');
  const id = world.ec2.ids.ec2('rtbassoc');
  table.associations.push({ id, subnetId });
  return { AssociationId: id, AssociationState: { State: 'associated' as const } };
}

function findTable(world: World, id: string): RouteTable {
  return (
    world.ec2.routeTables.get(id) ?? refuse('InvalidRouteTableID.NotFound', `The routeTable ID '${id}' does not exist`)
  );
}

export function describeRouteTables(world: World, input: Given<api.DescribeRouteTablesRequest>) {
  const { items, next } = ask(world.ec2.routeTables, input, {
    ids: input.RouteTableIds,
    idOf: ({ RouteTableId }) => RouteTableId,
    notFound: 'InvalidRouteTableID.NotFound',
    filters: {
      'vpc-id': ({ VpcId }) => VpcId,
      'route-table-id': ({ RouteTableId }) => RouteTableId,
      'association.subnet-id': ({ associations }) => associations.map(({ subnetId }) => subnetId),
      'association.main': ({ main }) => String(main),
      'route.gateway-id': ({ routes }) => routes.flatMap(({ GatewayId }) => GatewayId ?? []),
    },
  });
  return { RouteTables: items.map((table) => describeTable(world, table)), NextToken: next };
}

function describeTable(world: World, table: RouteTable): api.RouteTable {
  const associated = { AssociationState: { State: 'associated' as const }, RouteTableId: table.RouteTableId };
  return {
    RouteTableId: table.RouteTableId,
    VpcId: table.VpcId,
    OwnerId: world.accountId,
    Routes: table.routes.map((route) => ({
      ...route,
      State: 'active' as const,
      Origin: route.GatewayId === 'local' ? ('CreateRouteTable' as const) : ('CreateRoute' as const),
    })),
    Associations: [
      ...(table.main
        ? [{ ...associated, Main: true, RouteTableAssociationId: `rtbassoc-${table.RouteTableId.slice(4)}` }]
        : []),
      ...table.associations.map(({ id, subnetId }) => ({
        ...associated,
        Main: false,
        RouteTableAssociationId: id,
        SubnetId: subnetId,
      })),
    ],
    Tags: listTags(table),
  };
}

export function createInternetGateway(world: World, input: Given<api.CreateInternetGatewayRequest>) {
  const InternetGatewayId = world.ec2.ids.ec2('igw');
  const tags = tagsFor('internet-gateway', input.TagSpecifications);
  world.ec2.internetGateways.add(InternetGatewayId, { InternetGatewayId, VpcId: undefined, tags });
  return { InternetGateway: { InternetGatewayId, OwnerId: world.accountId, Attachments: [] } };
}

export function attachInternetGateway(world: World, input: Given<api.AttachInternetGatewayRequest>) {
  const gateway = world.ec2.internetGateways.get(input.InternetGatewayId);
  if (gateway === undefined)
    refuse('InvalidInternetGatewayID.NotFound', `The internetGateway ID '${input.InternetGatewayId}' does not exist`);
  if (gateway.VpcId !== undefined)
    refuse(
      'Resource.AlreadyAssociated',
      `resource ${gateway.InternetGatewayId} is already attached to network ${gateway.VpcId}`,
    );
  gateway.VpcId = input.VpcId;
  return {};
}

export function describeInternetGateways(world: World, input: Given<api.DescribeInternetGatewaysRequest>) {
  const { items, next } = ask(world.ec2.internetGateways, input, {
    ids: input.InternetGatewayIds,
    idOf: ({ InternetGatewayId }) => InternetGatewayId,
    notFound: 'InvalidInternetGatewayID.NotFound',
    filters: {
      'attachment.vpc-id': ({ VpcId }) => VpcId,
      'internet-gateway-id': ({ InternetGatewayId }) => InternetGatewayId,
    },
  });
  return {
    InternetGateways: items.map((gateway) => ({
      InternetGatewayId: gateway.InternetGatewayId,
      OwnerId: world.accountId,
      Attachments: gateway.VpcId === undefined ? [] : [{ State: 'available', VpcId: gateway.VpcId }],
      Tags: listTags(gateway),
    })),
    NextToken: next,
  };
}
