/**
 * What discovery yields and what `--environment` gives for offline work: `{ "awselb": { … } }`, in the API's own field names.
 * Everything has a default; what is needed and not there is told as a problem of the service that needs it.
 */
import { z } from 'zod';
import type { Environment as AnyEnvironment } from '../../src/model/index.ts';

const tag = z.object({ Key: z.string(), Value: z.string() });
/** `[{Key, Value}]` as the API answers, or a plain map. */
const tags = z
  .union([
    z.array(tag).transform((list) => Object.fromEntries(list.map(({ Key, Value }) => [Key, Value]))),
    z.record(z.string(), z.string()),
  ])
  .default({});

const vpc = z.object({
  VpcId: z.string(),
  CidrBlocks: z.array(z.string()).default([]),
  Ipv6CidrBlocks: z.array(z.string()).default([]),
  Tags: tags,
});

const subnet = z.object({
  SubnetId: z.string(),
  VpcId: z.string().exactOptional(),
  AvailabilityZone: z.string(),
  AvailabilityZoneId: z.string().exactOptional(),
  /** availability-zone, local-zone, wavelength-zone, outpost. */
  ZoneType: z.string().default('availability-zone'),
  CidrBlock: z.string().exactOptional(),
  Ipv6CidrBlock: z.string().exactOptional(),
  AvailableIpAddressCount: z.int().min(0).exactOptional(),
  /** Its route table leads to an internet gateway. */
  Public: z.boolean().exactOptional(),
  OutpostArn: z.string().exactOptional(),
  Tags: tags,
});

const securityGroup = z.object({
  GroupId: z.string(),
  GroupName: z.string().default(''),
  VpcId: z.string().exactOptional(),
  /** What others have opened to addresses: `tcp|8080|8080|10.0.0.0/8`. Looked at where a network load balancer has no security groups. */
  Open: z.array(z.string()).default([]),
  Tags: tags,
});

const certificate = z.object({
  CertificateArn: z.string(),
  DomainName: z.string().default(''),
  SubjectAlternativeNames: z.array(z.string()).default([]),
  Status: z.string().default('ISSUED'),
  /** AMAZON_ISSUED, IMPORTED, PRIVATE. */
  Type: z.string().exactOptional(),
  NotAfter: z.string().exactOptional(),
  CreatedAt: z.string().exactOptional(),
});

const instance = z.object({
  InstanceId: z.string(),
  /** Name of the cluster's node. */
  NodeName: z.string().exactOptional(),
  AvailabilityZone: z.string().exactOptional(),
  VpcId: z.string().exactOptional(),
  State: z.string().default('running'),
  PrivateIpAddresses: z.array(z.string()).default([]),
  /** Groups of the primary network interface: where back-end rules go. */
  SecurityGroups: z.array(z.string()).default([]),
});

const networkInterface = z.object({
  NetworkInterfaceId: z.string().exactOptional(),
  PrivateIpAddresses: z.array(z.string()).default([]),
  Ipv6Addresses: z.array(z.string()).default([]),
  SecurityGroups: z.array(z.string()).default([]),
});

const elasticIp = z.object({
  AllocationId: z.string(),
  PublicIp: z.string().exactOptional(),
  AssociationId: z.string().exactOptional(),
});

/** An existing load balancer, ours or not, as far as a model needs to know it. */
const loadBalancer = z.object({
  LoadBalancerArn: z.string(),
  LoadBalancerName: z.string(),
  DNSName: z.string().exactOptional(),
  Type: z.string(),
  Scheme: z.string(),
  VpcId: z.string().exactOptional(),
  IpAddressType: z.string().exactOptional(),
  SecurityGroups: z.array(z.string()).default([]),
  Tags: tags,
});

const targetGroup = z.object({
  TargetGroupArn: z.string(),
  TargetGroupName: z.string(),
  TargetType: z.string().default('instance'),
  Protocol: z.string(),
  Port: z.int().exactOptional(),
  VpcId: z.string().exactOptional(),
  IpAddressType: z.string().default('ipv4'),
  /** Targets that this weir has put there. Absent: nobody looked. */
  RegisteredTargets: z.array(z.string()).exactOptional(),
  Tags: tags,
});

const prefixList = z.object({
  PrefixListId: z.string(),
  PrefixListName: z.string().exactOptional(),
  MaxEntries: z.int().exactOptional(),
});
const named = z.object({ Name: z.string(), Arn: z.string() });

export const environmentSchema = z.object({
  Region: z.string().exactOptional(),
  AccountId: z.string().exactOptional(),
  Partition: z.string().default('aws'),
  ClusterName: z.string().exactOptional(),
  Vpc: vpc.exactOptional(),
  Subnets: z.array(subnet).default([]),
  SecurityGroups: z.array(securityGroup).default([]),
  Certificates: z.array(certificate).default([]),
  Instances: z.array(instance).default([]),
  NetworkInterfaces: z.array(networkInterface).default([]),
  ElasticIps: z.array(elasticIp).default([]),
  /** Everything that services name was looked for: a load balancer or target group that is not listed is not there. */
  Searched: z.boolean().exactOptional(),
  LoadBalancers: z.array(loadBalancer).default([]),
  TargetGroups: z.array(targetGroup).default([]),
  PrefixLists: z.array(prefixList).default([]),
  WebAcls: z.array(named).default([]),
  TrustStores: z.array(named).default([]),
  SslPolicies: z.array(z.string()).default([]),
  /** Names as DescribeAccountLimits has them → number in force. */
  Limits: z.record(z.string(), z.int().min(0)).default({}),
  /** Load balancers and target groups of the region that are not this balancer's own: they count for quotas. */
  Counts: z
    .object({
      ApplicationLoadBalancers: z.int().min(0).default(0),
      NetworkLoadBalancers: z.int().min(0).default(0),
      TargetGroups: z.int().min(0).default(0),
      /** Of those network load balancers, in this VPC. */
      NetworkInterfaces: z.int().min(0).default(0),
    })
    .prefault({}),
  ShieldSubscription: z.boolean().exactOptional(),
});

export type AwsEnvironment = z.infer<typeof environmentSchema>;
/** Nobody looked into an account, nor told of one: what is found there has no place yet. */
export function isBlind({ Searched, Vpc, Subnets, Certificates }: AwsEnvironment): boolean {
  return Searched !== true && Vpc === undefined && Subnets.length === 0 && Certificates.length === 0;
}

export type Subnet = AwsEnvironment['Subnets'][number];

/** The provider's `environment`: checks; the model reads it by `readEnvironment`. */
export const environment: z.ZodType<AnyEnvironment> = environmentSchema;

const read = new WeakMap<AnyEnvironment, AwsEnvironment>();

/** Parsed once for each object; an empty one where it was never discovered. */
export function readEnvironment(given: AnyEnvironment): AwsEnvironment {
  const known = read.get(given);
  if (known !== undefined) return known;
  const parsed = environmentSchema.parse(given);
  read.set(given, parsed);
  return parsed;
}
