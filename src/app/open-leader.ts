import { randomUUID } from 'node:crypto';
import type { Config } from '../config/index.ts';
import type { Cluster } from '../kube/index.ts';
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
    ...parseLeaderTimes(config),
    identity: `${instance}_${randomUUID()}`,
    clock,
    log,
    metrics,
  });
}
