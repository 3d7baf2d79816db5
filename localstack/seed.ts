/**
 * Fills an account that imitates AWS with a cluster's usual surroundings, and answers their ids as JSON:
 * `AWS_ENDPOINT_URL=http://127.0.0.1:4566 npm run -s aws:seed -- [CLUSTER]`. Run it as often as you like: what is there stays.
 * It refuses to run against AWS itself.
 */
import { ACMClient, ListCertificatesCommand, RequestCertificateCommand } from '@aws-sdk/client-acm';
import * as ec2 from '@aws-sdk/client-ec2';

export interface Surroundings {
  readonly vpc: string;
  readonly vpcCidr: string;
  /** One in each of three zones, tagged `kubernetes.io/role/elb`, routed to an internet gateway. */
  readonly publicSubnets: readonly string[];
  /** One in each of the same zones, tagged `kubernetes.io/role/internal-elb`. */
  readonly privateSubnets: readonly string[];
  readonly nodeGroup: string;
  readonly instances: readonly string[];
  readonly certificates: readonly string[];
}

/** What every SDK client is made with. */
export interface ClientOptions {
  readonly region: string;
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const domains = ['www.example.com', '*.example.com', 'api.example.org'];

/** Finds or makes everything; `cluster` goes into names and tags. */
export async function seedAccount(options: ClientOptions, cluster = 'test'): Promise<Surroundings> {
  const client = new ec2.EC2Client(options);
  const seeder = new Seeder(client, options.region, cluster);
  const vpc = await seeder.vpc();
  await seeder.gateway(vpc.id);
  const table = await seeder.routes(vpc.id);
  const publicSubnets: string[] = [];
  const privateSubnets: string[] = [];
  for (const [index, letter] of ['a', 'b', 'c'].entries()) {
    publicSubnets.push(await seeder.subnet(vpc, letter, 'elb', index * 16));
    privateSubnets.push(await seeder.subnet(vpc, letter, 'internal-elb', 128 + index * 16));
  }
  await seeder.associate(table, publicSubnets);
  const nodeGroup = await seeder.group(vpc.id);
  const instances: string[] = [];
  for (const [index, subnet] of privateSubnets.entries())
    instances.push(await seeder.instance(subnet, nodeGroup, index + 1));
  const certificates = await seedCertificates(new ACMClient(options));
  client.destroy();
  return { vpc: vpc.id, vpcCidr: vpc.cidr, publicSubnets, privateSubnets, nodeGroup, instances, certificates };
}

interface Network {
  readonly id: string;
  readonly cidr: string;
  readonly ipv6: string | undefined;
}

class Seeder {
  readonly #ec2: ec2.EC2Client;
  readonly #region: string;
  readonly #cluster: string;

  constructor(client: ec2.EC2Client, region: string, cluster: string) {
    this.#ec2 = client;
    this.#region = region;
    this.#cluster = cluster;
  }

  #tags(ResourceType: ec2.ResourceType, name: string, more: Record<string, string> = {}): ec2.TagSpecification[] {
    const tags = { Name: name, [`kubernetes.io/cluster/${this.#cluster}`]: 'owned', ...more };
    return [{ ResourceType, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }];
  }

  #named(name: string): { Filters: ec2.Filter[] } {
    return { Filters: [{ Name: 'tag:Name', Values: [name] }] };
  }

  async vpc(): Promise<Network> {
    const name = this.#cluster;
    const found = await this.#ec2.send(new ec2.DescribeVpcsCommand(this.#named(name)));
    const vpc =
      found.Vpcs?.[0] ??
      (
        await this.#ec2.send(
          new ec2.CreateVpcCommand({
            CidrBlock: '10.0.0.0/16',
            AmazonProvidedIpv6CidrBlock: true,
            TagSpecifications: this.#tags('vpc', name),
          }),
        )
      ).Vpc;
    return {
      id: need(vpc?.VpcId),
      cidr: need(vpc?.CidrBlock),
      ipv6: vpc?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock,
    };
  }

  async gateway(vpcId: string): Promise<void> {
    const filter = { Name: 'attachment.vpc-id', Values: [vpcId] };
    const found = await this.#ec2.send(new ec2.DescribeInternetGatewaysCommand({ Filters: [filter] }));
    if (found.InternetGateways?.length) return;
    const TagSpecifications = this.#tags('internet-gateway', this.#cluster);
    const made = await this.#ec2.send(new ec2.CreateInternetGatewayCommand({ TagSpecifications }));
    const InternetGatewayId = need(made.InternetGateway?.InternetGatewayId);
    await this.#ec2.send(new ec2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId: vpcId }));
  }

  async routes(vpcId: string): Promise<string> {
    const name = `${this.#cluster}-public`;
    const found = await this.#ec2.send(new ec2.DescribeRouteTablesCommand(this.#named(name)));
    const present = found.RouteTables?.[0]?.RouteTableId;
    if (present !== undefined) return present;
    const TagSpecifications = this.#tags('route-table', name);
    const made = await this.#ec2.send(new ec2.CreateRouteTableCommand({ VpcId: vpcId, TagSpecifications }));
    const RouteTableId = need(made.RouteTable?.RouteTableId);
    const filter = { Name: 'attachment.vpc-id', Values: [vpcId] };
    const gateways = await this.#ec2.send(new ec2.DescribeInternetGatewaysCommand({ Filters: [filter] }));
    const GatewayId = need(gateways.InternetGateways?.[0]?.InternetGatewayId);
    await this.#ec2.send(new ec2.CreateRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId }));
    return RouteTableId;
  }

  async subnet(vpc: Network, letter: string, role: string, octet: number): Promise<string> {
    const name = `${this.#cluster}-${role}-${letter}`;
    const found = await this.#ec2.send(new ec2.DescribeSubnetsCommand(this.#named(name)));
    const present = found.Subnets?.[0]?.SubnetId;
    if (present !== undefined) return present;
    // A /56 of the VPC holds 256 networks of /64: the last two digits of the fourth group.
    const ipv6 =
      vpc.ipv6 === undefined ? undefined : vpc.ipv6.replace(/..::\/56$/, `${octet.toString(16).padStart(2, '0')}::/64`);
    const made = await this.#ec2.send(
      new ec2.CreateSubnetCommand({
        VpcId: vpc.id,
        CidrBlock: `10.0.${octet}.0/20`,
        AvailabilityZone: `${this.#region}${letter}`,
        ...(ipv6 === undefined ? {} : { Ipv6CidrBlock: ipv6 }),
        TagSpecifications: this.#tags('subnet', name, { [`kubernetes.io/role/${role}`]: '1' }),
      }),
    );
    return need(made.Subnet?.SubnetId);
  }

  async associate(RouteTableId: string, subnets: readonly string[]): Promise<void> {
    const found = await this.#ec2.send(new ec2.DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId] }));
    const present = new Set(found.RouteTables?.[0]?.Associations?.map(({ SubnetId }) => SubnetId));
    for (const SubnetId of subnets) {
      if (!present.has(SubnetId)) await this.#ec2.send(new ec2.AssociateRouteTableCommand({ RouteTableId, SubnetId }));
    }
  }

  async group(vpcId: string): Promise<string> {
    const name = `${this.#cluster}-nodes`;
    const found = await this.#ec2.send(new ec2.DescribeSecurityGroupsCommand(this.#named(name)));
    const present = found.SecurityGroups?.[0]?.GroupId;
    if (present !== undefined) return present;
    const TagSpecifications = this.#tags('security-group', name);
    const Description = 'Nodes of the cluster';
    const made = await this.#ec2.send(
      new ec2.CreateSecurityGroupCommand({ VpcId: vpcId, GroupName: name, Description, TagSpecifications }),
    );
    return need(made.GroupId);
  }

  async instance(SubnetId: string, groupId: string, number: number): Promise<string> {
    const name = `${this.#cluster}-node-${number}`;
    const found = await this.#ec2.send(new ec2.DescribeInstancesCommand(this.#named(name)));
    const present = found.Reservations?.[0]?.Instances?.[0]?.InstanceId;
    if (present !== undefined) return present;
    const made = await this.#ec2.send(
      new ec2.RunInstancesCommand({
        // One of the images that moto brings.
        ImageId: 'ami-12c6146b',
        InstanceType: 't3.large',
        MinCount: 1,
        MaxCount: 1,
        SubnetId,
        SecurityGroupIds: [groupId],
        TagSpecifications: this.#tags('instance', name),
      }),
    );
    return need(made.Instances?.[0]?.InstanceId);
  }
}

async function seedCertificates(acm: ACMClient): Promise<readonly string[]> {
  const found = await acm.send(new ListCertificatesCommand({}));
  const arns: string[] = [];
  for (const DomainName of domains) {
    const present = found.CertificateSummaryList?.find((each) => each.DomainName === DomainName)?.CertificateArn;
    const made =
      present ??
      (await acm.send(new RequestCertificateCommand({ DomainName, ValidationMethod: 'DNS' }))).CertificateArn;
    arns.push(need(made));
  }
  acm.destroy();
  return arns;
}

function need(value: string | undefined): string {
  if (value === undefined) throw new Error('the endpoint answered without an id');
  return value;
}

if (import.meta.main) {
  const endpoint = process.env.AWS_ENDPOINT_URL;
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    process.stdout.write(
      'Fills what AWS_ENDPOINT_URL names with VPC, subnets, machines and certificates of a cluster; again changes nothing.\n\n' +
        "  npm run -s aws:seed -- [CLUSTER]    'test' if not given\n",
    );
  } else if (endpoint === undefined || /amazonaws\.com/.test(endpoint)) {
    process.stderr.write(
      'seed  set AWS_ENDPOINT_URL to an emulator, such as http://127.0.0.1:4566; AWS itself is never seeded\n',
    );
    process.exitCode = 2;
  } else {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const region = process.env.AWS_REGION ?? 'eu-west-1';
    const seeded = await seedAccount({ region, endpoint, credentials }, process.argv[2]);
    process.stdout.write(`${JSON.stringify(seeded, null, 2)}\n`);
  }
}
