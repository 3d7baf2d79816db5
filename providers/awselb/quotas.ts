import type { ExportedService, Resource } from '../../src/model/index.ts';
import { contains, parseCidr } from '../../src/net/index.ts';
import type { Build } from './build.ts';
import type { AwsEnvironment } from './environment.ts';
import type { LoadBalancerType } from './names.ts';
import { tell } from './tell.ts';

/** Default quotas of an account by their name in DescribeAccountLimits; the numbers in force are read, or set in the options. */
const defaults: Readonly<Record<string, number>> = {
  'application-load-balancers': 50,
  'network-load-balancers': 50,
  'network-load-balancer-enis-per-vpc': 1200,
  'target-groups': 3000,
  'targets-per-target-group': 1000,
  'listeners-per-application-load-balancer': 50,
  'listeners-per-network-load-balancer': 50,
  'certificates-per-application-load-balancer': 25,
  'certificates-per-network-load-balancer': 25,
  'target-groups-per-application-load-balancer': 100,
  'targets-per-application-load-balancer': 1000,
  'targets-per-network-load-balancer': 3000,
  'targets-per-availability-zone-per-network-load-balancer': 500,
  'rules-per-application-load-balancer': 100,
};

export function quotaOf(name: string, { environment, options }: Pick<Build, 'environment' | 'options'>): number {
  const known = Object.hasOwn(environment.Limits, name) ? environment.Limits[name] : undefined;
  const set = Object.hasOwn(options.quotas, name) ? options.quotas[name] : undefined;
  return set ?? known ?? defaults[name] ?? Number.POSITIVE_INFINITY;
}

/** Tags of one object. */
const tagsOfObject = 50;

/** Refuses, in the order of the members, who passes a quota of their load balancer. */
export function checkQuotas(
  resources: readonly Resource[],
  type: LoadBalancerType,
  members: readonly ExportedService[],
  { refuse, ...rest }: Build,
): void {
  // Who is refused is told of the first quota that stands in the way.
  const told = new Set<ExportedService>();
  const build: Build = {
    ...rest,
    refuse(service, problem) {
      if (!told.has(service)) refuse(service, problem);
      told.add(service);
    },
  };
  const of = (kind: string): readonly Resource[] => resources.filter((resource) => resource.kind === kind);
  const groups = of('TargetGroup');
  const listeners = of('Listener');
  const size = (resource: Resource, set: string): number => resource.sets[set]?.size ?? 0;
  const owners = new Map(members.map((member) => [member.id, member]));
  const bill = (name: string, items: readonly Resource[], weigh: (resource: Resource) => number): void => {
    const limit = quotaOf(name, build);
    let sum = 0;
    // In the order of the members, whatever order the resources have.
    for (const member of members) {
      for (const item of items)
        if (item.serves[0] === member.id || (item.serves.length === 0 && member === members[0])) sum += weigh(item);
      if (sum <= limit) continue;
      const message = `with this service its load balancer needs ${sum} and the quota ${name} is ${limit}; raise it or use another load balancer`;
      build.refuse(member, tell(member, 'E_QUOTA', name, sum, message));
      return;
    }
  };
  bill(`listeners-per-${type}-load-balancer`, listeners, () => 1);
  // Default certificates do not count.
  bill(`certificates-per-${type}-load-balancer`, listeners, (one) => Math.max(0, size(one, 'Certificates') - 1));
  if (type === 'application') {
    bill('rules-per-application-load-balancer', of('Rule'), () => 1);
    bill('target-groups-per-application-load-balancer', groups, () => 1);
    bill('targets-per-application-load-balancer', groups, (group) => size(group, 'Targets'));
  } else {
    billZones(groups, of('LoadBalancer'), members, build);
  }
  for (const group of groups) {
    const limit = quotaOf('targets-per-target-group', build);
    const owner = owners.get(group.serves[0] ?? '');
    if (owner === undefined || size(group, 'Targets') <= limit) continue;
    const message = `target group ${String(group.attrs.Name)} would have ${size(group, 'Targets')} targets and the quota targets-per-target-group is ${limit}`;
    build.refuse(owner, tell(owner, 'E_QUOTA', 'targets-per-target-group', size(group, 'Targets'), message));
  }
  for (const resource of resources) {
    const owner = owners.get(resource.serves[0] ?? '') ?? members[0];
    if (owner === undefined || size(resource, 'Tags') <= tagsOfObject) continue;
    const message = `${resource.kind} would have ${size(resource, 'Tags')} tags and may have ${tagsOfObject}; use fewer`;
    build.refuse(owner, tell(owner, 'E_QUOTA', 'tags', size(resource, 'Tags'), message));
  }
}

/** Targets of a network load balancer in each zone; with cross-zone load balancing every zone has all of them. */
function billZones(
  groups: readonly Resource[],
  balancers: readonly Resource[],
  members: readonly ExportedService[],
  build: Build,
): void {
  const name = 'targets-per-availability-zone-per-network-load-balancer';
  const limit = quotaOf(name, build);
  // Mostly there are fewer in all than one zone may have.
  if (groups.reduce((sum, { sets }) => sum + (sets.Targets?.size ?? 0), 0) <= limit) return;
  const cross = balancers.some(({ attrs }) => attrs['load_balancing.cross_zone.enabled'] === 'true');
  const zoneOf = zonesOf(build.environment);
  const sums = new Map<string, number>();
  let everywhere = 0;
  for (const member of members) {
    for (const { sets } of groups.filter(({ serves }) => serves[0] === member.id)) {
      for (const [key, { attrs }] of sets.Targets ?? []) {
        const zone = zoneOf(key.slice(0, key.lastIndexOf(':')).replaceAll(/[[\]]/g, ''));
        if (cross || attrs.AvailabilityZone === 'all') everywhere++;
        else if (zone !== undefined) sums.set(zone, (sums.get(zone) ?? 0) + 1);
      }
    }
    const [fullest, most] = [...sums].sort(([, a], [, b]) => b - a)[0] ?? ['every zone', 0];
    const sum = most + everywhere;
    if (sum <= limit) continue;
    const why = cross ? 'with cross-zone load balancing' : `in ${fullest}`;
    const message = `with this service its load balancer needs ${sum} targets ${why} and the quota ${name} is ${limit}; raise it or use another load balancer`;
    build.refuse(member, tell(member, 'E_QUOTA', name, sum, message));
    return;
  }
}

/** Zone of an instance or address, where it is known. */
function zonesOf({ Instances, Subnets }: AwsEnvironment): (target: string) => string | undefined {
  const instances = new Map(Instances.map(({ InstanceId, AvailabilityZone }) => [InstanceId, AvailabilityZone]));
  const ranges = Subnets.flatMap(({ AvailabilityZone, CidrBlock, Ipv6CidrBlock }) =>
    [CidrBlock, Ipv6CidrBlock].flatMap((text) => {
      const cidr = text === undefined ? undefined : parseCidr(text);
      return cidr?.ok === true ? [{ range: cidr.value, zone: AvailabilityZone }] : [];
    }),
  );
  return (target) =>
    target.startsWith('i-') ? instances.get(target) : ranges.find(({ range }) => contains(range, target))?.zone;
}
