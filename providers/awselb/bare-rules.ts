/**
 * Network load balancers without security groups: nothing of theirs can be let in, so the groups of nodes and pods let in addresses instead, as
 * aws-load-balancer-controller does: clients where their addresses are preserved, else the subnets, and these for the checks. Pure.
 */
import type { ExportedService, Resource } from '../../src/model/index.ts';
import type { AwsEnvironment } from './environment.ts';
import { backendRuleDescription, cidrRuleId, sharedUnit } from './names.ts';
import type { Options } from './options.ts';
import type { Present } from './present.ts';
import type { ServiceOptions } from './service-options.ts';

/** A target group, and from where its targets are reached. */
export interface Bare {
  readonly group: Resource;
  readonly traffic: readonly string[];
  readonly checks: readonly string[];
}

interface Members {
  readonly services: readonly ExportedService[];
  readonly settings: (service: ExportedService) => ServiceOptions;
  readonly environment: AwsEnvironment;
  readonly options: Options;
}

/** Of the resources of one load balancer; none where it has security groups, or nobody wants rules for it. */
export function bareGroups(resources: readonly Resource[], members: Members): readonly Bare[] {
  const balancer = resources.find(isBare);
  const { services, settings, options } = members;
  const said = services.map((service) => settings(service).manageBackendRules).find((one) => one !== undefined);
  if (balancer === undefined || !options.manageBackendRules || said === false) return [];
  return resources.flatMap((group) =>
    group.kind === 'TargetGroup' && group.attrs.Foreign !== true
      ? [sourcesOf(group, balancer, resources, members)]
      : [],
  );
}

/** A network load balancer without security groups. */
export function isBare({
  kind,
  attrs: { Type, SecurityGroups },
  sets,
}: Pick<Resource, 'kind' | 'attrs' | 'sets'>): boolean {
  const given = Array.isArray(SecurityGroups) ? SecurityGroups.length : 0;
  return kind === 'LoadBalancer' && Type === 'network' && given + (sets.ManagedSecurityGroups?.size ?? 0) === 0;
}

function sourcesOf(group: Resource, balancer: Resource, resources: readonly Resource[], members: Members): Bare {
  const { Protocol, TargetType, IpAddressType, HealthCheckPort } = group.attrs;
  const six = IpAddressType === 'ipv6';
  const { Subnets, Vpc } = members.environment;
  const mappings = JSON.stringify(balancer.attrs.SubnetMappings ?? []);
  const subnets = Subnets.filter(({ SubnetId }) => mappings.includes(`"${SubnetId}"`)).flatMap(
    ({ CidrBlock, Ipv6CidrBlock }) => (six ? Ipv6CidrBlock : CidrBlock) ?? [],
  );
  const udp = /UDP|QUIC/.test(String(Protocol));
  const kept = group.attrs['preserve_client_ip.enabled'] ?? String(TargetType === 'instance');
  if (!udp && kept !== 'true') {
    const own = typeof HealthCheckPort === 'string' && /^\d+$/.test(HealthCheckPort);
    return { group, traffic: subnets, checks: own ? subnets : [] };
  }
  const ranges = rangesOf(group, resources, members.services)?.filter((range) => range.includes(':') === six);
  const inside = (six ? Vpc?.Ipv6CidrBlocks : Vpc?.CidrBlocks) ?? [];
  const all = balancer.attrs.Scheme === 'internal' ? inside : [six ? '::/0' : '0.0.0.0/0'];
  const covered = ranges === undefined || ranges.some((range) => range.endsWith('/0'));
  const same = !udp && !/^\d+$/.test(String(HealthCheckPort));
  return { group, traffic: ranges ?? all, checks: same && covered ? [] : subnets };
}

/** Who may come in at the ports that send to a group; undefined: everybody. */
function rangesOf(
  { id, serves }: Resource,
  resources: readonly Resource[],
  services: readonly ExportedService[],
): readonly string[] | undefined {
  const ports = new Set(
    resources.flatMap(({ kind, attrs, refs, sets }) =>
      kind === 'Listener' && (refs.TargetGroupArn === id || sets.TargetGroups?.has(id) === true) ? [attrs.Port] : [],
    ),
  );
  const fronts = services.flatMap((one) =>
    serves.includes(one.id) ? one.fronts.filter(({ port }) => ports.has(port)) : [],
  );
  const lists = fronts.map(({ sourceRanges }) => sourceRanges);
  if (lists.length === 0 || lists.includes(undefined)) return undefined;
  return [...new Set(lists.flatMap((list) => list ?? []))];
}

/** One rule for each group of nodes or pods, port and range. `growsOnly`: nothing that is open is closed. */
export function bareRules(
  bare: readonly Bare[],
  groupOf: (address: string) => string | undefined,
  { balancer, environment, present, growsOnly }: BarePlace,
): readonly Resource[] {
  const unit = sharedUnit(balancer);
  const theirs = new Map(environment.SecurityGroups.map(({ GroupId, Open }) => [GroupId, new Set(Open)]));
  const found = new Map<string, Resource>();
  const open = (GroupId: string, IpProtocol: string, port: number, Cidr: string): void => {
    const rule = { GroupId, IpProtocol, FromPort: port, ToPort: port, Cidr };
    // The same rule twice is refused: what others have opened is open.
    if (theirs.get(GroupId)?.has(`${IpProtocol}|${port}|${port}|${Cidr}`) === true) return;
    const id = cidrRuleId(rule);
    const attrs = { ...rule, Description: backendRuleDescription };
    found.set(id, { kind: 'SecurityGroupRule', id, unit, serves: [], attrs, refs: {}, sets: {} });
  };
  let unknown = growsOnly;
  for (const { group, traffic, checks } of bare) {
    const { Protocol, HealthCheckPort } = group.attrs;
    const udp = /UDP|QUIC/.test(String(Protocol));
    const protocols = udp ? (String(Protocol).startsWith('TCP_') ? ['tcp', 'udp'] : ['udp']) : ['tcp'];
    for (const key of group.sets.Targets?.keys() ?? []) {
      const cut = key.lastIndexOf(':');
      const port = Number(key.slice(cut + 1));
      const into = groupOf(key.slice(0, cut).replaceAll(/[[\]]/g, ''));
      unknown ||= into === undefined;
      if (into === undefined) continue;
      for (const range of traffic) for (const protocol of protocols) open(into, protocol, port, range);
      for (const range of checks) open(into, 'tcp', Number(HealthCheckPort) || port, range);
    }
  }
  for (const { kind, id, attrs, serves } of unknown ? present.inUnit(unit) : [])
    if (kind === 'SecurityGroupRule' && attrs.Cidr !== undefined && !found.has(id))
      found.set(id, { kind, id, unit, serves, attrs, refs: {}, sets: {} });
  return [...found.values()];
}

interface BarePlace {
  readonly balancer: string;
  readonly environment: AwsEnvironment;
  readonly present: Present;
  readonly growsOnly: boolean;
}
