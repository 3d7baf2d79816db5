import type { Json } from '../../src/model/index.ts';
import { contains, parseCidr } from '../../src/net/index.ts';
import type { Build } from './build.ts';
import { compare } from './conditions.ts';
import { isBlind } from './environment.ts';
import {
  discoverSubnets,
  fault,
  leftOut,
  type Place,
  resolveSubnets,
  roleTag,
  type SubnetFault,
  secondOfZone,
} from './find-subnets.ts';
import type { LoadBalancerType } from './names.ts';
import type { Settled } from './settle.ts';

export interface SubnetWish {
  readonly type: LoadBalancerType;
  readonly scheme: string;
  readonly ipAddressType: string;
  readonly settled: Settled;
  /** Mappings of the load balancer that exists and is kept. */
  readonly kept: Json | undefined;
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
  const found =
    named === undefined ? discoverSubnets(wish, build) : resolveSubnets(named, settled.subnets !== undefined, build);
  if ('message' in found) return found;
  if (found.length === 0 && named === undefined && isBlind(build.environment)) return [];
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

function isMapping(value: Json | undefined): value is { readonly SubnetId: string } {
  return typeof value === 'object' && value !== null && 'SubnetId' in value && typeof value.SubnetId === 'string';
}
