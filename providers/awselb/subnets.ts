import type { Json } from '../../src/model/index.ts';
import { contains, parseCidr } from '../../src/net/index.ts';
import type { Build } from './build.ts';
import { compare } from './conditions.ts';
import type { Subnet } from './environment.ts';
import type { LoadBalancerType } from './names.ts';
import type { Settled } from './settle.ts';

/** Free addresses that a subnet must have to be chosen, as ELBv2 asks. */
const freeAddresses = 8;

export interface SubnetWish {
  readonly type: LoadBalancerType;
  readonly scheme: string;
  readonly ipAddressType: string;
  readonly settled: Settled;
  /** Mappings of the load balancer that exists and is kept. */
  readonly kept: Json | undefined;
}

/** Why there are none, and by which setting. */
export interface SubnetFault {
  readonly code: 'E_DISCOVERY' | 'E_FIELD_VALUE';
  readonly path: readonly string[];
  readonly value: Json;
  readonly message: string;
}

/** SubnetMappings of a load balancer, by SubnetId: named ones, else those it has, else discovered by role tag and route. */
export function chooseSubnets(wish: SubnetWish, build: Build): readonly Json[] | SubnetFault {
  const { settled, kept } = wish;
  const named = settled.subnets ?? (settled.subnetTags === undefined ? build.options.subnets : undefined);
  if (named === undefined && settled.subnetTags === undefined && Array.isArray(kept) && kept.length > 0) {
    const ids = kept.flatMap((one: Json) => (isMapping(one) ? [one.SubnetId] : []));
    const known = new Map(build.environment.Subnets.map((subnet) => [subnet.SubnetId, subnet]));
    return map(
      ids.map((id) => known.get(id) ?? { SubnetId: id }),
      wish,
      kept,
    );
  }
  const found = named === undefined ? discover(wish, build) : resolve(named, settled.subnets !== undefined, build);
  if ('message' in found) return found;
  const crowded = secondOfZone(found);
  if (crowded !== undefined) {
    return fault(
      'E_FIELD_VALUE',
      ['subnets'],
      named ?? [],
      `${crowded} are in one zone; a load balancer has one subnet in each zone`,
    );
  }
  const least = wish.type === 'application' ? 2 : 1;
  if (found.length < least) {
    const article = wish.type === 'application' ? 'an' : 'a';
    const zones = `${least} ${least === 1 ? 'zone' : 'zones'}`;
    const why = `${article} ${wish.type} load balancer needs subnets in ${zones}, ${found.length} found`;
    const left = named === undefined && settled.subnetTags === undefined ? leftOut(build) : '';
    const remedy = `name them in subnets, or tag them ${roleTag(wish.scheme)}=1`;
    return fault(
      named === undefined ? 'E_DISCOVERY' : 'E_FIELD_VALUE',
      ['subnets'],
      named ?? [],
      `${why}${left}; ${remedy}`,
    );
  }
  return map(
    [...found].sort((a, b) => compare(a.SubnetId, b.SubnetId)),
    wish,
    kept,
  );
}

type Place = Pick<Subnet, 'SubnetId'> & Partial<Subnet>;

export const roleTag = (scheme: string): string =>
  scheme === 'internal' ? 'kubernetes.io/role/internal-elb' : 'kubernetes.io/role/elb';

/** By id or Name tag. Ids are taken as they are where no subnets are known (offline). */
function resolve(named: readonly string[], own: boolean, { environment }: Build): readonly Place[] | SubnetFault {
  const found: Place[] = [];
  for (const name of named) {
    const subnet = environment.Subnets.find(({ SubnetId, Tags }) => SubnetId === name || Tags.Name === name);
    if (subnet !== undefined) found.push(subnet);
    else if (name.startsWith('subnet-') && environment.Subnets.length === 0) found.push({ SubnetId: name });
    else {
      const what = own ? ['subnets', String(named.indexOf(name))] : ['subnets'];
      return fault(
        'E_DISCOVERY',
        what,
        name,
        'there is no such subnet in the VPC; give its id or the value of its Name tag',
      );
    }
  }
  return found;
}

const clusterPrefix = 'kubernetes.io/cluster/';

const subnetsInVpc = ({ environment: { Subnets, Vpc } }: Build): readonly Subnet[] =>
  Subnets.filter(
    ({ VpcId, ZoneType }) =>
      ZoneType === 'availability-zone' && (VpcId === undefined || Vpc === undefined || VpcId === Vpc.VpcId),
  );

const clustersOf = ({ Tags }: Subnet): readonly string[] =>
  Object.keys(Tags).flatMap((key) => (key.startsWith(clusterPrefix) ? [key.slice(clusterPrefix.length)] : []));

function allowed(subnet: Subnet, { cluster, options }: Build): boolean {
  const clusters = clustersOf(subnet);
  return clusters.includes(cluster) || (!options.requireClusterTag && clusters.length === 0);
}

const hasRoom = ({ AvailableIpAddressCount = freeAddresses }: Subnet): boolean =>
  AvailableIpAddressCount >= freeAddresses;

/** ` (left out of 6 in the VPC: 6 belong to cluster test, not to prod, the balancer's clusterName)`: what stands in the way is seldom the role tag. */
function leftOut(build: Build): string {
  const subnets = subnetsInVpc(build);
  const barred = subnets.filter((subnet) => !allowed(subnet, build));
  const others = barred.filter((subnet) => clustersOf(subnet).length > 0);
  const untagged = barred.length - others.length;
  const full = subnets.filter((subnet) => allowed(subnet, build) && !hasRoom(subnet)).length;
  const names = [...new Set(others.flatMap(clustersOf))].sort(compare);
  const clusters = `${names.length === 1 ? 'cluster' : 'clusters'} ${names.slice(0, 3).join(', ')}`;
  const reasons = [
    ...(others.length === 0
      ? []
      : [`${others.length} of ${clusters}, while clusterName of the balancer is ${build.cluster}`]),
    ...(untagged === 0 ? [] : [`${untagged} without the tag ${clusterPrefix}${build.cluster} (requireClusterTag)`]),
    ...(full === 0 ? [] : [`${full} with fewer than ${freeAddresses} free addresses`]),
  ];
  return reasons.length === 0 ? '' : ` (left out of ${subnets.length} in the VPC: ${reasons.join('; ')})`;
}

/** By the role tag of the scheme, else by whether their routes lead to an internet gateway; the first of each zone with free addresses. */
function discover({ scheme, settled }: SubnetWish, build: Build): readonly Subnet[] {
  const clusterTag = `${clusterPrefix}${build.cluster}`;
  const inVpc = subnetsInVpc(build);
  const usable = inVpc.filter((subnet) => allowed(subnet, build) && hasRoom(subnet));
  let found: readonly Subnet[];
  if (settled.subnetTags !== undefined) {
    const wanted = Object.entries(settled.subnetTags);
    found = inVpc.filter(({ Tags }) => wanted.every(([key, values]) => values.includes(Tags[key] ?? '\u0000')));
  } else {
    const role = roleTag(scheme);
    found = usable.filter(({ Tags }) => Tags[role] === '' || Tags[role] === '1');
    if (found.length === 0) found = usable.filter(({ Public }) => Public === (scheme === 'internet-facing'));
  }
  const own = (subnet: Subnet): number => (subnet.Tags[clusterTag] === undefined ? 1 : 0);
  const sorted = [...found].sort((a, b) => own(a) - own(b) || compare(a.SubnetId, b.SubnetId));
  const zones = new Map<string, Subnet>();
  for (const subnet of sorted) if (!zones.has(subnet.AvailabilityZone)) zones.set(subnet.AvailabilityZone, subnet);
  return [...zones.values()];
}

function secondOfZone(subnets: readonly Place[]): string | undefined {
  const zones = new Map<string, string>();
  for (const { SubnetId, AvailabilityZone } of subnets) {
    if (AvailabilityZone === undefined) continue;
    const first = zones.get(AvailabilityZone);
    if (first !== undefined) return `${first} and ${SubnetId}`;
    zones.set(AvailabilityZone, SubnetId);
  }
  return undefined;
}

/** Addresses go to subnets: Elastic IPs in the order of subnet ids, private and IPv6 ones to the subnet whose range has them. */
function map(
  subnets: readonly Place[],
  { settled, scheme, type, ipAddressType }: SubnetWish,
  kept: Json | undefined,
): readonly Json[] | SubnetFault {
  const {
    eipAllocations: eips,
    privateIpv4Addresses: privates,
    ipv6Addresses: sixth,
    sourceNatIpv6Prefixes: prefixes,
  } = settled;
  const only = (path: string, value: Json, message: string): SubnetFault =>
    fault('E_FIELD_VALUE', [path], value, message);
  for (const [path, list] of [
    ['eipAllocations', eips],
    ['privateIpv4Addresses', privates],
    ['ipv6Addresses', sixth],
    ['sourceNatIpv6Prefixes', prefixes],
  ] as const) {
    if (list === undefined) continue;
    if (type !== 'network') return only(path, list, 'only a network load balancer has addresses of its own; remove it');
    if (list.length !== subnets.length)
      return only(path, list, `${list.length} given for ${subnets.length} subnets; give one for each subnet`);
  }
  if (eips !== undefined && scheme === 'internal')
    return only(
      'eipAllocations',
      eips,
      'Elastic IPs are for internet-facing load balancers; remove them or set scheme internet-facing',
    );
  if (privates !== undefined && scheme !== 'internal')
    return only(
      'privateIpv4Addresses',
      privates,
      'private addresses are for internal load balancers; remove them or set scheme internal',
    );
  if (sixth !== undefined && ipAddressType !== 'dualstack')
    return only('ipv6Addresses', sixth, 'IPv6 addresses need ipAddressType dualstack');
  const mappings: Json[] = [];
  for (const [i, subnet] of subnets.entries()) {
    const before = Array.isArray(kept)
      ? kept.find((one: Json) => isMapping(one) && one.SubnetId === subnet.SubnetId)
      : undefined;
    const mine = addressIn(subnet.CidrBlock, privates, i);
    const mine6 = addressIn(subnet.Ipv6CidrBlock, sixth, i);
    if (privates !== undefined && mine === undefined)
      return only(
        'privateIpv4Addresses',
        privates,
        `none of them is in ${subnet.SubnetId} (${subnet.CidrBlock ?? 'no range'})`,
      );
    if (sixth !== undefined && mine6 === undefined)
      return only(
        'ipv6Addresses',
        sixth,
        `none of them is in ${subnet.SubnetId} (${subnet.Ipv6CidrBlock ?? 'no range'})`,
      );
    const eip = eips?.[i];
    const prefix = prefixes?.[i];
    mappings.push({
      ...(isMapping(before) ? before : {}),
      SubnetId: subnet.SubnetId,
      ...(eip === undefined ? {} : { AllocationId: eip }),
      ...(mine === undefined ? {} : { PrivateIPv4Address: mine }),
      ...(mine6 === undefined ? {} : { IPv6Address: mine6 }),
      ...(prefix === undefined ? {} : { SourceNatIpv6Prefix: prefix }),
    });
  }
  return mappings;
}

function addressIn(
  range: string | undefined,
  addresses: readonly string[] | undefined,
  at: number,
): string | undefined {
  if (addresses === undefined) return undefined;
  if (range === undefined) return addresses[at];
  const cidr = parseCidr(range);
  return cidr.ok ? addresses.find((address) => contains(cidr.value, address)) : undefined;
}

function fault(code: SubnetFault['code'], path: readonly string[], value: Json, message: string): SubnetFault {
  return { code, path, value, message };
}

function isMapping(value: Json | undefined): value is { readonly SubnetId: string } {
  return typeof value === 'object' && value !== null && 'SubnetId' in value && typeof value.SubnetId === 'string';
}
