import { type ExportedService, type Json, sameJson } from '../../src/model/index.ts';
import type { Build } from './build.ts';
import type { ServiceOptions } from './service-options.ts';
import { nameOf, tellSetting } from './tell.ts';

/** Settings of the load balancer: members of a bundle agree on them or leave them to one. */
const agreed = [
  'scheme',
  'name',
  'adopt',
  'subnets',
  'subnetTags',
  'eipAllocations',
  'privateIpv4Addresses',
  'ipv6Addresses',
  'ipAddressType',
  'securityGroups',
  'manageBackendRules',
  'disableSecurityGroup',
  'prefixLists',
  'inboundRulesOnPrivateLink',
  'icmpForPathMtuDiscovery',
  'minimumCapacityUnits',
  'customerOwnedIpv4Pool',
  'ipamIpv4Pool',
  'ipv6SourceNat',
  'sourceNatIpv6Prefixes',
  'wafv2Acl',
  'shield',
  'sslPolicy',
  'sslRedirectPort',
] as const satisfies readonly (keyof ServiceOptions)[];

/** Maps whose entries are merged; two values for one key are a conflict. */
const merged = ['attributes', 'tags'] as const satisfies readonly (keyof ServiceOptions)[];

export interface Settled extends ServiceOptions {
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly certificateArns: readonly string[] & string[];
  /** Setting, or `attributes.KEY` and `tags.KEY` → the member that said it first. */
  readonly saidBy: ReadonlyMap<string, ExportedService>;
}

/** Whom a mistake in a setting belongs to. */
export function sayerOf(
  { saidBy }: Settled,
  path: readonly (string | number)[],
  other: ExportedService,
): ExportedService {
  return saidBy.get(path.slice(0, 2).join('.')) ?? saidBy.get(String(path[0])) ?? other;
}

/** What all members together ask of their load balancer. Who contradicts an earlier member is refused, by name of both. */
export function settle(members: readonly ExportedService[], build: Build): Settled {
  const saidBy = new Map<string, ExportedService>();
  let settled: Settled = { attributes: {}, tags: {}, certificateArns: [], saidBy };
  for (const member of members) {
    const own = build.settings(member);
    if (contradicts(member, own, settled, saidBy, build)) continue;
    const certificateArns = [...new Set([...settled.certificateArns, ...(own.certificateArns ?? [])])];
    const maps = { attributes: { ...own.attributes, ...settled.attributes }, tags: { ...own.tags, ...settled.tags } };
    settled = { ...own, ...settled, ...maps, certificateArns };
    for (const key of agreed) if (own[key] !== undefined && !saidBy.has(key)) saidBy.set(key, member);
    for (const key of merged)
      for (const name of Object.keys(own[key] ?? {}))
        if (!saidBy.has(`${key}.${name}`)) saidBy.set(`${key}.${name}`, member);
  }
  return settled;
}

function contradicts(
  member: ExportedService,
  own: ServiceOptions,
  settled: Settled,
  saidBy: ReadonlyMap<string, ExportedService>,
  build: Build,
): boolean {
  const differs = (path: readonly string[], mine: Json, theirs: Json, first: ExportedService): boolean => {
    if (sameJson(canonical(path[0], mine), canonical(path[0], theirs))) return false;
    const message = `${nameOf(first)} shares the load balancer and asks for ${JSON.stringify(theirs)}; say the same here or leave it out`;
    build.refuse(member, tellSetting(member, 'E_GROUP_CONFLICT', path, mine, message));
    return true;
  };
  for (const key of agreed) {
    const mine = own[key];
    const theirs = settled[key];
    const first = saidBy.get(key);
    if (mine === undefined || theirs === undefined || first === undefined) continue;
    if (differs([key], mine, theirs, first)) return true;
  }
  for (const key of merged) {
    for (const [name, mine] of Object.entries(own[key] ?? {})) {
      const theirs = settled[key][name];
      const first = saidBy.get(`${key}.${name}`);
      if (theirs !== undefined && first !== undefined && differs([key, name], mine, theirs, first)) return true;
    }
  }
  return false;
}

/** The order of subnets and prefix lists means nothing. */
function canonical(key: string | undefined, value: Json): Json {
  if (!Array.isArray(value) || (key !== 'subnets' && key !== 'prefixLists')) return value;
  return value.map(String).sort();
}
