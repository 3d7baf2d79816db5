import { shown } from '../model/index.ts';
import type { Claim } from './claim.ts';
import { type PoolTable, refusedBy } from './pool-table.ts';
import type { ReadPool } from './read-pools.ts';
import { type Refusal, refusePool } from './refusal.ts';

/** Why a service may not use a pool; undefined: it may. */
export function denied(pool: ReadPool, claim: Claim): Refusal | undefined {
  switch (refusedBy(pool, claim)) {
    case undefined:
      return undefined;
    case 'namespace': {
      const names = [...(pool.allocation?.namespaces ?? [])].sort();
      const only =
        names.length === 0
          ? 'no namespace'
          : names
              .slice(0, 8)
              .map((name) => shown(name))
              .join(', ');
      const reason = `is open to ${only}${names.length > 8 ? ' …' : ''}, not to namespace ${shown(claim.namespace)}; add the namespace to the pool, or use another pool`;
      return refusePool('E_POOL_DENIED', 'namespace', pool.name, reason);
    }
    case 'labels': {
      const reason =
        'is open to services with other labels; give the service a label that a selector of the pool selects, or use another pool';
      return refusePool('E_POOL_DENIED', 'labels', pool.name, reason);
    }
  }
}

/** The service names a pool that does not exist. */
export function unknownPool(name: string, { pools }: PoolTable): Refusal {
  const known = [...pools.keys()].slice(0, 8).map((pool) => shown(pool));
  const more = pools.size > known.length ? ' …' : '';
  const remedy = known.length === 0 ? 'there is no pool at all' : `there are ${known.join(', ')}${more}`;
  return refusePool('E_POOL_UNKNOWN', 'unknown-pool', name, `does not exist; ${remedy}`);
}
