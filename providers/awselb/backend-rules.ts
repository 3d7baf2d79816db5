import type { Member, Observed, Resource } from '../../src/model/index.ts';
import type { AwsEnvironment } from './environment.ts';
import {
  backendGroup,
  backendGroupDescription,
  backendGroupTags,
  backendRuleDescription,
  backendSecurityGroupName,
  sharedUnit,
} from './names.ts';
import type { Options } from './options.ts';
import type { Present } from './present.ts';

export interface SharedInput {
  readonly balancer: string;
  readonly cluster: string;
  readonly options: Options;
  readonly environment: AwsEnvironment;
  readonly present: Present;
  /** Target groups of load balancers that open their back ends. */
  readonly groups: readonly Resource[];
  /** Some load balancer shall carry the back-end group. */
  readonly used: boolean;
  /** Some load balancer of ours exists. */
  readonly stillThere: boolean;
  /** Others of the cluster, whom nobody here knows, stand on the same group: it stays, and nothing that is open is closed. */
  readonly orphaned: boolean;
  /** Nothing may be taken away: a range of ports that is let in only grows. */
  readonly growsOnly: boolean;
}

interface Range {
  from: number;
  to: number;
}

/**
 * The back-end group that all load balancers share, and one rule for each security group of nodes and pods and protocol that lets it in
 * from the lowest to the highest port in use. A unit of its own: load balancers name the group by a word, so that they fail alone.
 */
export function sharedResources({
  balancer,
  cluster,
  options,
  environment,
  present,
  groups,
  used,
  stillThere,
  orphaned,
  growsOnly,
}: SharedInput): readonly Resource[] {
  const unit = sharedUnit(balancer);
  const given = options.backendSecurityGroup;
  // It stays while a load balancer of ours may still carry it; the round after that takes it away.
  const there = present.inUnit(unit).some(({ attrs }) => attrs.Cidr === undefined);
  const lasts = (orphaned && there) || (stillThere && present.of('SecurityGroup', backendGroup).length > 0);
  if (!used && groups.length === 0 && !lasts) return [];
  const vpcId = environment.Vpc?.VpcId ?? options.vpcId;
  const managed = present
    .of('SecurityGroup', backendGroup)
    .flatMap(({ sets }) => [...(sets.Tags ?? [])].filter(([key]) => options.externalManagedTags.includes(key)));
  const own = Object.entries({ ...options.tags, ...backendGroupTags(cluster) });
  const tags = new Map([...managed, ...own.map(([key, Value]): [string, Member] => [key, { attrs: { Value } }])]);
  const group: Resource = {
    kind: 'SecurityGroup',
    id: backendGroup,
    unit,
    serves: [],
    attrs: {
      GroupName: backendSecurityGroupName(cluster),
      Description: backendGroupDescription,
      ...(vpcId === undefined ? {} : { VpcId: vpcId }),
    },
    refs: {},
    sets: { IpPermissions: new Map(), Tags: tags },
  };
  const rules = [...rangesOf(groups, environment, cluster, options, present.inUnit(unit), orphaned || growsOnly)].map(
    ([key, { from, to }]): Resource => {
      const [GroupId = '', IpProtocol = ''] = key.split('|');
      return {
        kind: 'SecurityGroupRule',
        id: `${GroupId}|${IpProtocol}|${backendGroup}`,
        unit,
        serves: [],
        attrs: {
          GroupId,
          IpProtocol,
          FromPort: from,
          ToPort: to,
          Description: backendRuleDescription,
          ...(given === undefined ? {} : { SourceGroupId: given }),
        },
        refs: given === undefined ? { Source: backendGroup } : {},
        sets: {},
      };
    },
  );
  return given === undefined ? [group, ...rules] : rules;
}

/** Group of nodes or pods and protocol → ports in use. */
function rangesOf(
  groups: readonly Resource[],
  environment: AwsEnvironment,
  cluster: string,
  { restrictPorts }: Options,
  present: readonly Observed[],
  growsOnly: boolean,
): ReadonlyMap<string, Range> {
  const index = indexOf(environment, cluster);
  const found = new Map<string, Range>();
  let unknown = growsOnly;
  const open = (group: string, protocol: string, port: number): void => {
    const range = found.get(`${group}|${protocol}`);
    if (range === undefined)
      found.set(`${group}|${protocol}`, restrictPorts ? { from: port, to: port } : { from: 0, to: 65535 });
    else if (restrictPorts) {
      range.from = Math.min(range.from, port);
      range.to = Math.max(range.to, port);
    }
  };
  for (const { attrs, sets } of groups) {
    const protocols = attrs.Protocol === 'UDP' ? ['udp'] : attrs.Protocol === 'TCP_UDP' ? ['tcp', 'udp'] : ['tcp'];
    const check = Number(attrs.HealthCheckPort);
    for (const key of sets.Targets?.keys() ?? []) {
      const cut = key.lastIndexOf(':');
      const group = index.get(key.slice(0, cut).replaceAll(/[[\]]/g, ''));
      if (group === undefined) {
        unknown = true;
        continue;
      }
      const port = Number(key.slice(cut + 1));
      for (const protocol of protocols) open(group, protocol, port);
      // Health is asked for by TCP, also of UDP targets.
      open(group, 'tcp', Number.isInteger(check) && check > 0 ? check : port);
    }
  }
  // Who stands behind a target that discovery has not seen yet nobody knows: nothing that is open is closed until then.
  for (const { kind, attrs } of unknown ? present : []) {
    if (kind !== 'SecurityGroupRule' || attrs.Cidr !== undefined) continue;
    for (const port of [attrs.FromPort, attrs.ToPort])
      open(String(attrs.GroupId), String(attrs.IpProtocol), Number(port));
  }
  return found;
}

/** Service → addresses of its targets in the VPC that no network interface or instance has: nothing can be opened for them. */
export function strayTargets(
  groups: readonly Resource[],
  environment: AwsEnvironment,
  cluster: string,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  // Where none was looked for, none is missing.
  if (environment.Instances.length + environment.NetworkInterfaces.length === 0) return found;
  const index = indexOf(environment, cluster);
  for (const { serves, sets } of groups)
    for (const [key, { attrs, gone }] of sets.Targets ?? []) {
      const address = key.slice(0, key.lastIndexOf(':')).replaceAll(/[[\]]/g, '');
      if (gone === true || attrs.AvailabilityZone === 'all' || index.has(address)) continue;
      for (const service of serves) {
        const known = found.get(service);
        if (known === undefined) found.set(service, [address]);
        else known.push(address);
      }
    }
  return found;
}

const indexes = new WeakMap<AwsEnvironment, ReadonlyMap<string, string>>();

/** The security group of an address or instance, as far as it is known. */
export function groupBehind(environment: AwsEnvironment, cluster: string): (address: string) => string | undefined {
  const index = indexOf(environment, cluster);
  return (address) => index.get(address);
}

/** Address or instance → its security group: the only one, else the one that carries the cluster's tag. */
function indexOf(environment: AwsEnvironment, cluster: string): ReadonlyMap<string, string> {
  const known = indexes.get(environment);
  if (known !== undefined) return known;
  const tagged = new Set(
    environment.SecurityGroups.filter(({ Tags }) => Tags[`kubernetes.io/cluster/${cluster}`] !== undefined).map(
      ({ GroupId }) => GroupId,
    ),
  );
  const choose = (groups: readonly string[]): string | undefined => {
    const own = groups.filter((group) => tagged.has(group));
    return groups.length === 1 ? groups[0] : own.length === 1 ? own[0] : undefined;
  };
  const index = new Map<string, string>();
  const note = (keys: readonly string[], groups: readonly string[]): void => {
    const group = choose(groups);
    if (group !== undefined) for (const key of keys) index.set(key, group);
  };
  for (const { InstanceId, PrivateIpAddresses, SecurityGroups } of environment.Instances)
    note([InstanceId, ...PrivateIpAddresses], SecurityGroups);
  for (const { PrivateIpAddresses, Ipv6Addresses, SecurityGroups } of environment.NetworkInterfaces)
    note([...PrivateIpAddresses, ...Ipv6Addresses], SecurityGroups);
  indexes.set(environment, index);
  return index;
}
