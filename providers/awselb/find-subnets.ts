/** Which subnets a load balancer stands in: named ones, or discovered by role tag and route; and why others were left out. Pure. */
import type { Json } from '../../src/model/index.ts';
import type { Build } from './build.ts';
import { compare } from './conditions.ts';
import type { Subnet } from './environment.ts';
import type { Settled } from './settle.ts';

/** Free addresses that a subnet must have to be chosen, as ELBv2 asks. */
const freeAddresses = 8;

/** Why there are none, and by which setting. */
export interface SubnetFault {
  readonly code: 'E_DISCOVERY' | 'E_FIELD_VALUE';
  readonly path: readonly string[];
  readonly value: Json;
  readonly message: string;
}

export type Place = Pick<Subnet, 'SubnetId'> & Partial<Subnet>;

export const roleTag = (scheme: string): string =>
  scheme === 'internal' ? 'kubernetes.io/role/internal-elb' : 'kubernetes.io/role/elb';

/** By id or Name tag. Ids are taken as they are where no subnets are known (offline). */
export function resolveSubnets(
  named: readonly string[],
  own: boolean,
  { environment }: Build,
): readonly Place[] | SubnetFault {
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
export function leftOut(build: Build): string {
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
export function discoverSubnets(
  { scheme, settled }: { readonly scheme: string; readonly settled: Settled },
  build: Build,
): readonly Subnet[] {
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

export function secondOfZone(subnets: readonly Place[]): string | undefined {
  const zones = new Map<string, string>();
  for (const { SubnetId, AvailabilityZone } of subnets) {
    if (AvailabilityZone === undefined) continue;
    const first = zones.get(AvailabilityZone);
    if (first !== undefined) return `${first} and ${SubnetId}`;
    zones.set(AvailabilityZone, SubnetId);
  }
  return undefined;
}

export function fault(code: SubnetFault['code'], path: readonly string[], value: Json, message: string): SubnetFault {
  return { code, path, value, message };
}
