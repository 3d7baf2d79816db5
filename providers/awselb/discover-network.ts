/** The network around the load balancers: VPC, subnets and whether they are public, machines and the interfaces of pods. */
import type { Filter, RouteTable, Subnet } from '@aws-sdk/client-ec2';
import { WeirError } from '../../src/model/index.ts';
import type { Clients } from './clients.ts';
import type { environmentSchema } from './environment.ts';
import type { Options } from './options.ts';
import { pages, tagsOf } from './read.ts';

type Found = ReturnType<typeof environmentSchema.parse>;
export type Abort = () => { readonly abortSignal: AbortSignal };

/** Addresses in one filter of DescribeNetworkInterfaces. */
const addressBatch = 200;
const pageSize = 1000;

/** By id, by tags, else the one that the machine stands in or that carries the cluster's tag. Throws E_DISCOVERY. */
export async function findVpc(
  clients: Clients,
  { vpcId, vpcTags, clusterName }: Pick<Options, 'vpcId' | 'vpcTags' | 'clusterName'>,
  machineVpc: () => Promise<string | undefined>,
  abort: Abort,
): Promise<NonNullable<Found['Vpc']>> {
  const named = vpcId ?? (vpcTags === undefined ? await machineVpc() : undefined);
  const Filters: Filter[] =
    named !== undefined
      ? [{ Name: 'vpc-id', Values: [named] }]
      : vpcTags === undefined
        ? [{ Name: 'tag-key', Values: [`kubernetes.io/cluster/${clusterName}`] }]
        : Object.entries(vpcTags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
  const { DescribeVpcsCommand } = await import('@aws-sdk/client-ec2');
  const ec2 = await clients.ec2();
  const found = await pages(async (NextToken) => {
    const answer = await ec2.send(
      new DescribeVpcsCommand({ Filters, ...(NextToken === undefined ? {} : { NextToken }) }),
      abort(),
    );
    return [answer.Vpcs, answer.NextToken];
  });
  const [vpc, other] = found;
  if (vpc?.VpcId === undefined || other !== undefined) {
    const how =
      named !== undefined
        ? `vpcId ${named}`
        : vpcTags === undefined
          ? `tag kubernetes.io/cluster/${clusterName}`
          : `vpcTags ${JSON.stringify(vpcTags)}`;
    throw new WeirError(
      'E_DISCOVERY',
      `${found.length === 0 ? 'no VPC' : `${found.length} VPCs`} found by ${how}; set vpcId of the balancer`,
    );
  }
  return {
    VpcId: vpc.VpcId,
    CidrBlocks: (vpc.CidrBlockAssociationSet ?? []).flatMap(({ CidrBlock }) => CidrBlock ?? []),
    Ipv6CidrBlocks: (vpc.Ipv6CidrBlockAssociationSet ?? []).flatMap(({ Ipv6CidrBlock }) => Ipv6CidrBlock ?? []),
    Tags: { ...tagsOf(vpc.Tags) },
  };
}

/** Subnets of the VPC with their kind of zone and whether their routes lead to an internet gateway. */
export async function findSubnets(clients: Clients, vpcId: string, abort: Abort): Promise<Found['Subnets']> {
  const { DescribeSubnetsCommand, DescribeRouteTablesCommand, DescribeAvailabilityZonesCommand } = await import(
    '@aws-sdk/client-ec2'
  );
  const ec2 = await clients.ec2();
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  const page = (NextToken: string | undefined) => ({
    Filters,
    MaxResults: pageSize,
    ...(NextToken === undefined ? {} : { NextToken }),
  });
  const [subnets, tables, zones] = await Promise.all([
    pages(async (next) => {
      const answer = await ec2.send(new DescribeSubnetsCommand(page(next)), abort());
      return [answer.Subnets, answer.NextToken];
    }),
    pages(async (next) => {
      const answer = await ec2.send(new DescribeRouteTablesCommand({ ...page(next), MaxResults: 100 }), abort());
      return [answer.RouteTables, answer.NextToken];
    }),
    ec2.send(new DescribeAvailabilityZonesCommand({}), abort()),
  ]);
  const kinds = new Map((zones.AvailabilityZones ?? []).map(({ ZoneName, ZoneType }) => [ZoneName, ZoneType]));
  return subnets.flatMap((subnet) =>
    subnet.SubnetId === undefined
      ? []
      : [
          {
            SubnetId: subnet.SubnetId,
            VpcId: vpcId,
            AvailabilityZone: subnet.AvailabilityZone ?? '',
            ...(subnet.AvailabilityZoneId === undefined ? {} : { AvailabilityZoneId: subnet.AvailabilityZoneId }),
            ZoneType: kinds.get(subnet.AvailabilityZone) ?? 'availability-zone',
            ...(subnet.CidrBlock === undefined ? {} : { CidrBlock: subnet.CidrBlock }),
            ...ipv6Of(subnet),
            ...(subnet.AvailableIpAddressCount === undefined
              ? {}
              : { AvailableIpAddressCount: subnet.AvailableIpAddressCount }),
            Public: isPublic(subnet.SubnetId, tables),
            ...(subnet.OutpostArn === undefined ? {} : { OutpostArn: subnet.OutpostArn }),
            Tags: { ...tagsOf(subnet.Tags) },
          },
        ],
  );
}

function ipv6Of({ Ipv6CidrBlockAssociationSet = [] }: Subnet): { Ipv6CidrBlock?: string } {
  const [block] = Ipv6CidrBlockAssociationSet.flatMap(({ Ipv6CidrBlock }) => Ipv6CidrBlock ?? []);
  return block === undefined ? {} : { Ipv6CidrBlock: block };
}

/** By its own route table, else by the main one of the VPC. */
function isPublic(subnet: string, tables: readonly RouteTable[]): boolean {
  const own = tables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === subnet));
  const main = tables.find(({ Associations = [] }) => Associations.some(({ Main }) => Main === true));
  return ((own ?? main)?.Routes ?? []).some(
    ({ GatewayId = '', DestinationCidrBlock, DestinationIpv6CidrBlock }) =>
      GatewayId.startsWith('igw-') && (DestinationCidrBlock === '0.0.0.0/0' || DestinationIpv6CidrBlock === '::/0'),
  );
}

/** Running machines of the VPC: their groups, and the node that each is in the cluster. */
export async function findInstances(clients: Clients, vpcId: string, abort: Abort): Promise<Found['Instances']> {
  const { DescribeInstancesCommand } = await import('@aws-sdk/client-ec2');
  const ec2 = await clients.ec2();
  const reservations = await pages(async (NextToken) => {
    const answer = await ec2.send(
      new DescribeInstancesCommand({
        Filters: [
          { Name: 'vpc-id', Values: [vpcId] },
          { Name: 'instance-state-name', Values: ['pending', 'running'] },
        ],
        MaxResults: pageSize,
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
      abort(),
    );
    return [answer.Reservations, answer.NextToken];
  });
  return reservations
    .flatMap(({ Instances = [] }) => Instances)
    .flatMap((one) => {
      if (one.InstanceId === undefined) return [];
      const first = (one.NetworkInterfaces ?? []).find(({ Attachment }) => Attachment?.DeviceIndex === 0);
      return [
        {
          InstanceId: one.InstanceId,
          ...(one.PrivateDnsName === undefined || one.PrivateDnsName === '' ? {} : { NodeName: one.PrivateDnsName }),
          ...(one.Placement?.AvailabilityZone === undefined
            ? {}
            : { AvailabilityZone: one.Placement.AvailabilityZone }),
          VpcId: vpcId,
          State: one.State?.Name ?? 'running',
          PrivateIpAddresses: one.PrivateIpAddress === undefined ? [] : [one.PrivateIpAddress],
          SecurityGroups: (first?.Groups ?? one.SecurityGroups ?? []).flatMap(({ GroupId }) => GroupId ?? []),
        },
      ];
    });
}

/** Interfaces that hold these addresses: where pods have addresses of the VPC. */
export async function findInterfaces(
  clients: Clients,
  vpcId: string,
  addresses: readonly string[],
  abort: Abort,
): Promise<Found['NetworkInterfaces']> {
  const { DescribeNetworkInterfacesCommand } = await import('@aws-sdk/client-ec2');
  const ec2 = await clients.ec2();
  const found = new Map<string, Found['NetworkInterfaces'][number]>();
  for (const [name, list] of [
    ['addresses.private-ip-address', addresses.filter((one) => !one.includes(':'))],
    ['ipv6-addresses.ipv6-address', addresses.filter((one) => one.includes(':'))],
  ] as const) {
    for (let at = 0; at < list.length; at += addressBatch) {
      const Filters = [
        { Name: 'vpc-id', Values: [vpcId] },
        { Name: name, Values: list.slice(at, at + addressBatch) },
      ];
      const interfaces = await pages(async (NextToken) => {
        const page = { Filters, MaxResults: pageSize, ...(NextToken === undefined ? {} : { NextToken }) };
        const answer = await ec2.send(new DescribeNetworkInterfacesCommand(page), abort());
        return [answer.NetworkInterfaces, answer.NextToken];
      });
      for (const one of interfaces) {
        if (one.NetworkInterfaceId === undefined) continue;
        found.set(one.NetworkInterfaceId, {
          NetworkInterfaceId: one.NetworkInterfaceId,
          PrivateIpAddresses: (one.PrivateIpAddresses ?? []).flatMap(({ PrivateIpAddress }) => PrivateIpAddress ?? []),
          Ipv6Addresses: (one.Ipv6Addresses ?? []).flatMap(({ Ipv6Address }) => Ipv6Address ?? []),
          SecurityGroups: (one.Groups ?? []).flatMap(({ GroupId }) => GroupId ?? []),
        });
      }
    }
  }
  return [...found.values()];
}
