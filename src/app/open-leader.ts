import { randomUUID } from 'node:crypto';
import type { Config } from '../config/index.ts';
import type { Cluster } from '../kube/index.ts';
import { ownPrefix } from '../model/prefix.ts';
import type { Leader } from '../status/leader.ts';
import type { LeaderContext } from './contract.ts';
import { parseLeaderTimes } from './durations.ts';

/** Opens the cluster whose Leases decide; undefined where none does. */
export function leaseCluster(
  config: Config,
  { clock, log, onReread }: Pick<LeaderContext, 'clock' | 'log' | 'onReread'>,
): (() => Promise<Cluster>) | undefined {
  const { enabled, kubeconfig, context: named } = config.leader;
  const source = config.sources.find(({ type }) => type === 'kubernetes');
  if (!(enabled ?? (kubeconfig !== undefined || source !== undefined))) return undefined;
  const place = kubeconfig !== undefined || source?.type !== 'kubernetes' ? { kubeconfig, context: named } : source;
  return async () => {
    const { openCluster } = await import('../kube/index.ts');
    return openCluster({
      clock,
      log,
      ...(place.kubeconfig === undefined ? {} : { kubeconfig: place.kubeconfig }),
      ...(place.context === undefined ? {} : { context: place.context }),
      ...(onReread === undefined ? {} : { onReread }),
    });
  };
}

/**
 * The system whose Lease says which weir writes status: another one for each owner of fields, so that installations do not wait for each
 * other. Who names its Leases has told them apart.
 */
export function statusSystem({ sources, status, leader }: Config): string {
  if (leader.name !== 'weir') return 'status';
  const owners = sources.flatMap((source) => (source.type === 'kubernetes' ? [status.owner ?? source.controller] : []));
  const named = new Set(owners.map((owner) => owner.replace(ownPrefix, '')));
  // The default, and the chart's for this name.
  for (const plain of ['ingress', leader.name]) named.delete(plain);
  return ['status', ...[...named].sort()].join('-');
}

/** Which objects of the clusters a weir takes, in words that are the same for whoever takes the same. */
function takesOf({ sources, balancers }: Config): string {
  const own = balancers.flatMap((balancer) => balancer.class ?? []);
  const said = sources.flatMap((source) => {
    if (source.type !== 'kubernetes') return [];
    const { controller, classes, namespaces, labelSelector, withoutClass } = source;
    const lists = { classes: classes ?? own, namespaces: namespaces ?? [] };
    const parts = Object.entries(lists).flatMap(([what, list]) =>
      list.length === 0 ? [] : [`${what} ${[...new Set(list)].sort().join(', ')}`],
    );
    const rest = [
      ...(withoutClass ? ['what has no class'] : []),
      ...(labelSelector === undefined ? [] : [labelSelector]),
    ];
    return [[`controller ${controller}`, ...parts, ...rest].join(', ')];
  });
  return said.join('; ');
}

/** Who leads, by Leases in the cluster that the configuration names; undefined where no Lease decides: then this weir does. Contacts nobody. */
export async function openLeader(config: Config, context: LeaderContext): Promise<Leader | undefined> {
  const open = leaseCluster(config, context);
  if (open === undefined) return undefined;
  const { namespace, name } = config.leader;
  const { clock, log, metrics, instance } = context;
  // Only here: who shares nothing needs no session to a cluster.
  const { createLeader } = await import('../status/leader.ts');
  return createLeader({
    open,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    takes: takesOf(config),
    ...parseLeaderTimes(config),
    identity: `${instance}_${randomUUID()}`,
    clock,
    log,
    metrics,
  });
}
