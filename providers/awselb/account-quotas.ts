/** Quotas of the region and of the VPC, which all load balancers share. Pure. */
import type { FrontGroup, ModelInput, Observed, Resource, Unit } from '../../src/model/index.ts';
import type { Build } from './build.ts';
import { deletionGuard } from './deletion-guard.ts';
import { isMadeElsewhere } from './made-elsewhere.ts';
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

interface Standing {
  readonly observed: readonly Observed[];
  /** Units that serve somebody until he is served elsewhere. */
  readonly leaving?: ReadonlySet<Unit>;
  readonly policy?: ModelInput['policy'];
}

type Place = Omit<Build, 'refuse' | 'warn'>;

/**
 * What exists has its place, wanted or not, as long as it does not go: its deletion is held, or it is replaced and goes when the new one
 * serves. Newcomers share what is left, in their order, and who finds none is refused by name.
 */
export function shareAccount(
  all: readonly Shared[],
  { observed, leaving, policy = 'sync' }: Standing,
  build: Place,
): void {
  const { Counts } = build.environment;
  const count: Count = {
    application: Counts.ApplicationLoadBalancers,
    network: Counts.NetworkLoadBalancers,
    groups: Counts.TargetGroups,
    interfaces: Counts.NetworkInterfaces,
  };
  const results = new Map(all.map(({ result }) => [result.unit, result]));
  for (const [unit, there] of Map.groupBy(observed.filter(isOwn), (one) => one.unit)) {
    const result = results.get(unit);
    const wanted = new Set(result?.resources.map(nameIn));
    const rest = there.filter((one) => !wanted.has(nameIn(one)));
    const stays = policy !== 'sync' || result?.fresh === true || leaving?.has(unit) === true || rest.some(isHeld);
    if (stays) add(count, rest);
  }
  const newcomers = all.filter(({ result }) => result.fresh);
  for (const entry of [...all.filter(({ result }) => !result.fresh), ...newcomers]) {
    const over = passes(entry.result, count, build);
    if (over === undefined) add(count, entry.result.resources);
    else
      entry.result = groupResult(
        entry.group,
        build,
        entry.group.services.map((service) => tell(service, 'E_QUOTA', over.name, over.sum, over.message)),
      );
  }
}

function isOwn({ owned }: Observed): boolean {
  return owned;
}

/** A load balancer that is not deleted though nobody asks for it: it is protected, or let go. */
function isHeld(object: Observed): boolean {
  return object.kind === 'LoadBalancer' && (isMadeElsewhere(object) || deletionGuard(object) !== undefined);
}

/** What tells generations apart. */
function nameIn({ kind, id, attrs }: Pick<Resource, 'kind' | 'id' | 'attrs'>): string {
  return `${kind} ${id} ${String(attrs.Name)}`;
}

function add(count: Count, objects: readonly Pick<Resource, 'kind' | 'attrs'>[]): void {
  const { application, network, groups, interfaces } = needsOf(objects);
  count.application += application;
  count.network += network;
  count.groups += groups;
  count.interfaces += interfaces;
}

/** A network load balancer has a network interface in each of its subnets; those of the others count nowhere. */
function needsOf(objects: readonly Pick<Resource, 'kind' | 'attrs'>[]): Count {
  const balancers = (type: string) =>
    objects.filter(({ kind, attrs }) => kind === 'LoadBalancer' && attrs.Type === type);
  const network = balancers('network');
  const subnets = network.map(({ attrs }) => (Array.isArray(attrs.SubnetMappings) ? attrs.SubnetMappings.length : 0));
  return {
    application: balancers('application').length,
    network: network.length,
    // Those that others have made are counted as theirs.
    groups: objects.filter(({ kind, attrs }) => kind === 'TargetGroup' && attrs.Foreign !== true).length,
    interfaces: subnets.reduce((sum, one) => sum + one, 0),
  };
}

/** The first quota that a newcomer passes. */
function passes(result: GroupResult, count: Count, build: Pick<Build, 'environment' | 'options'>) {
  if (result.stopped || !result.fresh) return undefined;
  const { groups, interfaces } = needsOf(result.resources);
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
