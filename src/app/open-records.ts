import type { Config } from '../config/index.ts';
import type { Cluster } from '../kube/index.ts';
import type { SharedRecords } from '../model/index.ts';
import type { LeaderContext } from './contract.ts';
import { leaseCluster } from './open-leader.ts';

/** Records that the weirs of a balancer share, and the session to the cluster that keeps them. */
export interface Records {
  of(balancer: string): SharedRecords;
  close(): Promise<void>;
}

/** Kept in the cluster whose Leases decide who leads; undefined where none does. Contacts nobody before a record is looked at. */
export function openRecords(
  config: Config,
  context: Pick<LeaderContext, 'instance' | 'clock' | 'log' | 'onReread'>,
): Records | undefined {
  const open = leaseCluster(config, context);
  if (open === undefined) return undefined;
  const { namespace, name } = config.leader;
  const { instance: identity, clock } = context;
  let opened: Promise<Cluster> | undefined;
  const openOnce = (): Promise<Cluster> => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    of(balancer) {
      const records = import('../status/lease-records.ts').then(
        ({ LeaseRecords }) =>
          new LeaseRecords({
            open: openOnce,
            ...(namespace === undefined ? {} : { namespace }),
            ...{ name, balancer, identity, clock },
          }),
      );
      return {
        read: async (...args) => (await records).read(...args),
        write: async (...args) => (await records).write(...args),
      };
    },
    async close() {
      const cluster = await opened?.catch(() => undefined);
      opened = undefined;
      await cluster?.close();
    },
  };
}
