import {
  type Attrs,
  type ExportedService,
  type Listener,
  type Member,
  type Resource,
  sameJson,
} from '../../src/model/index.ts';
import { aggregate, listed } from './cidrs.ts';
import { compare } from './conditions.ts';
import { rulesOfSecurityGroup } from './kinds.ts';
import { protocolOf } from './listener-security.ts';
import {
  backendGroup,
  securityGroupDescription,
  securityGroupId,
  securityGroupName,
  securityGroupResource,
} from './names.ts';
import { type Settled, sayerOf } from './settle.ts';
import type { Frame } from './target-group.ts';
import { nameOf, tell, tellSetting } from './tell.ts';

/** Groups of one load balancer that weir makes at most: one of the five of an interface is the back-end group. */
const mostGroups = 4;

export interface Guarding {
  /** Ids that are given, and the word for the shared back-end group. */
  readonly given: readonly string[];
  readonly managed: readonly Resource[];
}

/** Security groups of a load balancer: the named ones, else managed ones with a rule for each port and range. */
export function securityGroupsOf(
  listeners: readonly Listener[],
  settled: Settled,
  members: readonly ExportedService[],
  frame: Frame,
): Guarding {
  const { build, type, keptLb } = frame;
  const { options } = build;
  const [first] = members;
  const kept = build.present.at('LoadBalancer', keptLb);
  const bare = type === 'network' && kept !== undefined && !hasGroups(kept.attrs, kept.sets.ManagedSecurityGroups);
  if (first === undefined || (type === 'network' && settled.disableSecurityGroup === true))
    return { given: [], managed: [] };
  if (bare) {
    if (settled.securityGroups !== undefined) {
      const message =
        'this network load balancer was made without security groups and AWS cannot add them; remove the setting, or let it be replaced under another name';
      build.warn(tellSetting(first, 'W_FEATURE', ['securityGroups'], settled.securityGroups, message));
    }
    return { given: [], managed: [] };
  }
  const named = settled.securityGroups ?? options.securityGroups;
  const backend = options.backendSecurityGroup ?? backendGroup;
  if (named !== undefined) {
    const opensBackends = options.manageBackendRules && settled.manageBackendRules === true;
    const ids = named.flatMap((name) => resolve(name, first, settled, frame));
    return {
      given: [...new Set([...ids, ...(opensBackends ? [backend] : [])])].sort(compare),
      managed: [],
    };
  }
  const opensBackends = options.manageBackendRules && settled.manageBackendRules !== false;
  // Listeners of others at an adopted load balancer are reached through the groups that it came with.
  const had = frame.adopted ? kept?.attrs.SecurityGroups : [];
  const theirs = Array.isArray(had) ? had.map(String).filter((group) => group !== backendGroup) : [];
  return {
    given: [...new Set([...(opensBackends ? [backend] : []), ...theirs])].sort(compare),
    managed: managedGroups(listeners, settled, members, frame),
  };
}

function hasGroups({ SecurityGroups }: Attrs, managed: ReadonlyMap<string, Member> | undefined): boolean {
  return (Array.isArray(SecurityGroups) && SecurityGroups.length > 0) || (managed?.size ?? 0) > 0;
}

function resolve(name: string, service: ExportedService, settled: Settled, { build }: Frame): readonly string[] {
  const { SecurityGroups } = build.environment;
  const found = SecurityGroups.find(
    ({ GroupId, GroupName, Tags }) => GroupId === name || Tags.Name === name || GroupName === name,
  );
  if (found !== undefined) return [found.GroupId];
  if (/^sg-[0-9a-z]+$/.test(name) && SecurityGroups.length === 0) return [name];
  const at = settled.securityGroups?.indexOf(name) ?? -1;
  const message = 'there is no such security group in the VPC; give its id or the value of its Name tag';
  const owner = sayerOf(settled, ['securityGroups'], service);
  build.refuse(
    owner,
    tellSetting(owner, 'E_DISCOVERY', at < 0 ? ['securityGroups'] : ['securityGroups', at], name, message),
  );
  return [];
}

function managedGroups(
  listeners: readonly Listener[],
  settled: Settled,
  members: readonly ExportedService[],
  frame: Frame,
): readonly Resource[] {
  const { build, lb, stack, unit, vpcId } = frame;
  const rules = permissions(listeners, settled, members, frame, (ranges) => listed(ranges));
  // One group with everything as it was written; several, and joined ranges, only where one is too small.
  const all = rules.size <= rulesOfSecurityGroup ? rules : permissions(listeners, settled, members, frame, aggregate);
  const limit = Math.min(
    rulesOfSecurityGroup,
    build.environment.Limits['rules-per-security-group'] ?? rulesOfSecurityGroup,
  );
  if (all.size > limit * mostGroups) {
    const most = heaviest(members);
    const message = `${all.size} security group rules are needed and ${limit * mostGroups} is the limit of a load balancer; use fewer ranges, or a prefix list`;
    build.refuse(most, tell(most, 'E_QUOTA', 'sourceRanges', all.size, message));
    return [];
  }
  return divide(all, limit, frame).map((part, number): Resource => {
    const name = securityGroupName(build.cluster, stack);
    const resource = securityGroupResource(number);
    return {
      kind: 'SecurityGroup',
      id: securityGroupId(lb, number),
      unit,
      serves: members.map(({ id }) => id),
      attrs: {
        GroupName: number === 0 ? name : `${name}-${number + 1}`,
        Description: securityGroupDescription,
        ...(vpcId === undefined ? {} : { VpcId: vpcId }),
      },
      refs: {},
      sets: { IpPermissions: part, Tags: frame.sharedTags(resource) },
    };
  });
}

/** Natural key → rule. */
function permissions(
  listeners: readonly Listener[],
  settled: Settled,
  members: readonly ExportedService[],
  frame: Frame,
  tidy: (ranges: readonly string[]) => readonly string[],
): ReadonlyMap<string, Member> {
  const dual = frame.ipAddressType !== 'ipv4';
  const found = new Map<string, Member>();
  const add = (IpProtocol: string, from: number, to: number, source: Attrs): void => {
    const key = [IpProtocol, from, to, ...Object.values(source)].join('|');
    found.set(key, { attrs: { IpProtocol, FromPort: from, ToPort: to, ...source } });
  };
  for (const listener of listeners) {
    const asked = rangesOf(listener, members, frame);
    const lists = settled.prefixLists ?? [];
    const open = dual ? ['0.0.0.0/0', '::/0'] : ['0.0.0.0/0'];
    const ranges = tidy(asked ?? (lists.length > 0 ? [] : open)).filter((range) => dual || !range.includes(':'));
    for (const transport of transports(protocolOf(listener))) {
      for (const range of ranges)
        add(transport, listener.port, listener.port, range.includes(':') ? { CidrIpv6: range } : { CidrIp: range });
      for (const list of lists) add(transport, listener.port, listener.port, { PrefixListId: list });
    }
    if (settled.icmpForPathMtuDiscovery === 'on' && frame.type === 'network') {
      for (const range of ranges)
        range.includes(':') ? add('icmpv6', 2, 0, { CidrIpv6: range }) : add('icmp', 3, 4, { CidrIp: range });
    }
  }
  return found;
}

function transports(protocol: string): readonly ('tcp' | 'udp')[] {
  if (protocol === 'TCP_UDP' || protocol === 'TCP_QUIC') return ['tcp', 'udp'];
  return protocol === 'UDP' || protocol === 'QUIC' ? ['udp'] : ['tcp'];
}

/** Members that share a port agree on who may come in, or leave it to one. Undefined: nobody says. */
function rangesOf(
  { fronts }: Listener,
  members: readonly ExportedService[],
  { build, ipAddressType, type }: Frame,
): readonly string[] | undefined {
  let found: readonly string[] | undefined;
  let by: ExportedService | undefined;
  for (const { service, front } of fronts) {
    if (front.sourceRanges === undefined || !members.includes(service)) continue;
    const field = `fronts[${service.fronts.findIndex(({ key }) => key === front.key)}].sourceRanges`;
    const mine = listed(front.sourceRanges);
    const sixth = mine.find((range) => range.includes(':'));
    if (sixth !== undefined && ipAddressType === 'ipv4') {
      const message = 'IPv6 ranges need a load balancer of ipAddressType dualstack';
      if (type === 'network') build.refuse(service, tell(service, 'E_FEATURE', field, sixth, message));
      else build.warn(tell(service, 'W_FEATURE', field, sixth, `${message}; the range has no effect`));
    }
    if (found === undefined || by === undefined) {
      found = mine;
      by = service;
    } else if (!sameJson(found, mine)) {
      const message = `${nameOf(by)} shares port ${front.port} and lets ${found.join(', ')} in; say the same here or leave it out`;
      build.refuse(service, tell(service, 'E_GROUP_CONFLICT', field, mine.join(', '), message));
    }
  }
  return found;
}

/** Rules stay in the group that they are in; others fill what has room: nothing moves, so nobody is shut out for a moment. */
function divide(
  rules: ReadonlyMap<string, Member>,
  limit: number,
  { build, lb }: Frame,
): readonly ReadonlyMap<string, Member>[] {
  const parts: Map<string, Member>[] = [new Map()];
  const placed = new Set<string>();
  for (let number = 0; number < mostGroups; number++) {
    const [present] = build.present.of('SecurityGroup', securityGroupId(lb, number));
    for (const key of present?.sets.IpPermissions?.keys() ?? []) {
      const rule = rules.get(key);
      if (rule === undefined || placed.has(key) || (parts[number]?.size ?? 0) >= limit) continue;
      while (parts.length <= number) parts.push(new Map());
      parts[number]?.set(key, rule);
      placed.add(key);
    }
  }
  for (const [key, rule] of rules) {
    if (placed.has(key)) continue;
    let part = parts.find((one) => one.size < limit);
    if (part === undefined) {
      part = new Map();
      parts.push(part);
    }
    part.set(key, rule);
  }
  return parts;
}

function heaviest(members: readonly ExportedService[]): ExportedService {
  const weight = ({ fronts }: ExportedService): number =>
    fronts.reduce((sum, { sourceRanges = [] }) => sum + sourceRanges.length, 0);
  return members.reduce((a, b) => (weight(b) > weight(a) ? b : a));
}
