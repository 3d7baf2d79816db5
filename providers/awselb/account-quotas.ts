/** Quotas of the region and of the VPC, which all load balancers share. Pure. */
import type { FrontGroup } from '../../src/model/index.ts';
import type { Build } from './build.ts';
import { type GroupResult, groupResult } from './model-group.ts';
import { quotaOf } from './quotas.ts';
import { tell } from './tell.ts';

export interface Shared {
  readonly group: FrontGroup;
  result: GroupResult;
}

interface Count {
  application: number;
  network: number;
  groups: number;
  interfaces: number;
}

/** What exists has its place; newcomers share what is left, in their order, and who finds none is refused by name. */
export function shareAccount(all: readonly Shared[], build: Omit<Build, 'refuse' | 'warn'>): void {
  const { Counts } = build.environment;
  const count: Count = {
    application: Counts.ApplicationLoadBalancers,
    network: Counts.NetworkLoadBalancers,
    groups: Counts.TargetGroups,
    interfaces: Counts.NetworkInterfaces,
  };
  const newcomers = all.filter(({ result }) => result.fresh);
  for (const entry of [...all.filter(({ result }) => !result.fresh), ...newcomers]) {
    const over = passes(entry.result, count, build);
    if (over !== undefined)
      entry.result = groupResult(
        entry.group,
        build,
        entry.group.services.map((service) => tell(service, 'E_QUOTA', over.name, over.sum, over.message)),
      );
    const { balancers, groups, interfaces } = needsOf(entry.result);
    count[entry.result.type] += balancers;
    count.groups += groups;
    count.interfaces += interfaces;
  }
}

/** A network load balancer has a network interface in each of its subnets; those of the others count nowhere. */
function needsOf({ type, resources }: GroupResult) {
  const of = (kind: string) => resources.filter((resource) => resource.kind === kind);
  const balancers = of('LoadBalancer');
  const subnets = balancers.map(({ attrs }) => (Array.isArray(attrs.SubnetMappings) ? attrs.SubnetMappings.length : 0));
  return {
    balancers: balancers.length,
    groups: of('TargetGroup').length,
    interfaces: type === 'network' ? subnets.reduce((sum, one) => sum + one, 0) : 0,
  };
}

/** The first quota that a newcomer passes. */
function passes(result: GroupResult, count: Count, build: Pick<Build, 'environment' | 'options'>) {
  if (result.stopped || !result.fresh) return undefined;
  const { groups, interfaces } = needsOf(result);
  const sums = [
    ['region', `${result.type}-load-balancers`, count[result.type] + 1],
    ['region', 'target-groups', count.groups + groups],
    ['VPC', 'network-load-balancer-enis-per-vpc', interfaces === 0 ? 0 : count.interfaces + interfaces],
  ] as const;
  for (const [place, name, sum] of sums) {
    const limit = quotaOf(name, build);
    if (sum <= limit) continue;
    const message = `with this service the ${place} needs ${sum} and the quota ${name} is ${limit}; raise it, or share a load balancer (group)`;
    return { name, sum, message };
  }
  return undefined;
}
