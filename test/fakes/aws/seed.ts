import { runInstances } from './ec2/machines.ts';
import {
  associateRouteTable,
  attachInternetGateway,
  createInternetGateway,
  createRoute,
  createRouteTable,
  createSubnet,
  createVpc,
} from './ec2/networks.ts';
import { createSecurityGroup } from './ec2/security-groups.ts';
import type { FakeAws } from './index.ts';

/** Ids of what `seed` has put there. */
export interface Seeded {
  readonly vpc: string;
  /** Public ones, one in each of three zones, `kubernetes.io/role/elb`. */
  readonly publicSubnets: readonly string[];
  /** Private ones in the same zones, `kubernetes.io/role/internal-elb`. */
  readonly privateSubnets: readonly string[];
  readonly zones: readonly string[];
  readonly nodeGroup: string;
  /** One in each private subnet; their addresses are in `nodeAddresses`. */
  readonly instances: readonly string[];
  readonly nodeAddresses: readonly string[];
  /** `www.example.com`, `*.example.com`, `api.example.org`. */
  readonly certificates: readonly [string, string, string];
  readonly allocations: readonly string[];
}

const cluster = 'test';

/**
 * A usual cluster's surroundings, straight into the state (no calls are counted): VPC 10.0.0.0/16 with IPv6, three zones with a
 * public and a private subnet each, routes, an internet gateway, the nodes' security group, three nodes, certificates, elastic addresses.
 */
export function seed({ world }: FakeAws): Seeded {
  const tag = (ResourceType: 'vpc' | 'subnet' | 'security-group' | 'instance', tags: Record<string, string>) => [
    { ResourceType, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
  ];
  const owned = { [`kubernetes.io/cluster/${cluster}`]: 'owned' };
  const vpc = need(
    createVpc(world, {
      CidrBlock: '10.0.0.0/16',
      AmazonProvidedIpv6CidrBlock: true,
      TagSpecifications: tag('vpc', { Name: cluster, ...owned }),
    }).Vpc.VpcId,
  );
  const { InternetGatewayId } = createInternetGateway(world, {}).InternetGateway;
  attachInternetGateway(world, { InternetGatewayId, VpcId: vpc });
  const table = need(createRouteTable(world, { VpcId: vpc }).RouteTable.RouteTableId);
  createRoute(world, { RouteTableId: table, DestinationCidrBlock: '0.0.0.0/0', GatewayId: InternetGatewayId });
  const zones = world.ec2.zones.slice(0, 3);
  const ipv6 = need(world.ec2.vpcs.truly(vpc)?.ipv6CidrBlocks[0]).replace('::/56', '');
  const subnet = (index: number, name: string, role: string, octet: number) =>
    need(
      createSubnet(world, {
        VpcId: vpc,
        CidrBlock: `10.0.${octet}.0/20`,
        Ipv6CidrBlock: `${ipv6.slice(0, -2)}${octet.toString(16).padStart(2, '0')}::/64`,
        AvailabilityZone: need(zones[index]),
        TagSpecifications: tag('subnet', {
          Name: `${cluster}-${name}-${index + 1}`,
          [`kubernetes.io/role/${role}`]: '1',
          ...owned,
        }),
      }).Subnet.SubnetId,
    );
  const publicSubnets = zones.map((_, index) => subnet(index, 'public', 'elb', index * 16));
  const privateSubnets = zones.map((_, index) => subnet(index, 'private', 'internal-elb', 128 + index * 16));
  for (const SubnetId of publicSubnets) associateRouteTable(world, { RouteTableId: table, SubnetId });
  const nodeGroup = createSecurityGroup(world, {
    VpcId: vpc,
    GroupName: `${cluster}-nodes`,
    Description: 'Nodes of the cluster',
    TagSpecifications: tag('security-group', { Name: `${cluster}-nodes`, ...owned }),
  }).GroupId;
  const nodes = privateSubnets.flatMap(
    (SubnetId, index) =>
      runInstances(world, {
        SubnetId,
        MinCount: 1,
        MaxCount: 1,
        SecurityGroupIds: [nodeGroup],
        TagSpecifications: tag('instance', { Name: `node-${index + 1}`, ...owned }),
      }).Instances,
  );
  const [www, wild, api] = [['www.example.com', 'example.com'], ['*.example.com'], ['api.example.org']] as const;
  const allocations = [1, 2, 3].map((number) => {
    const AllocationId = world.ec2.ids.ec2('eipalloc');
    world.ec2.addresses.add(AllocationId, {
      AllocationId,
      PublicIp: `198.51.100.${number}`,
      usedBy: undefined,
      tags: new Map(),
    });
    return AllocationId;
  });
  return {
    vpc,
    publicSubnets,
    privateSubnets,
    zones,
    nodeGroup,
    instances: nodes.map(({ InstanceId }) => need(InstanceId)),
    nodeAddresses: nodes.map(({ PrivateIpAddress }) => need(PrivateIpAddress)),
    certificates: [
      world.acm.add(www).CertificateArn,
      world.acm.add(wild).CertificateArn,
      world.acm.add(api).CertificateArn,
    ],
    allocations,
  };
}

function need(value: string | undefined): string {
  if (value === undefined) throw new Error('the seed is incomplete');
  return value;
}
