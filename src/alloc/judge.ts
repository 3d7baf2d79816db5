import { shown } from '../model/index.ts';
import type { Claim } from './claim.ts';
import { denied } from './deny.ts';
import type { PoolTable } from './pool-table.ts';
import { type Refusal, refuseAddress, refusePool } from './refusal.ts';
import type { Scene } from './scene.ts';

/** Why the pools would not give a service what it holds. */
export interface Misfit {
  /** The pools changed beneath it, so it may stay; else somebody wants it moved. */
  readonly tolerable: boolean;
  readonly refusal: Refusal;
}

/**
 * Whether the pools would give a service these addresses, free or not; undefined: they would. Reserved ones are judged elsewhere. `anew`: it
 * asks for another pool than when it got them.
 */
export function judge(
  claim: Claim,
  addresses: readonly string[],
  { table }: Pick<Scene, 'table'>,
  anew = false,
): Misfit | undefined {
  // What wants it moved counts more than what lets it stay.
  const misfits = addresses.flatMap((address) => judgeOne(claim, address, table, anew) ?? []);
  const split = misfits.length === 0 ? judgeTogether(addresses, table) : undefined;
  return misfits.find(({ tolerable }) => !tolerable) ?? misfits[0] ?? split;
}

function judgeOne(claim: Claim, address: string, table: PoolTable, anew: boolean): Misfit | undefined {
  const pool = table.find(address)?.pool;
  if (pool !== undefined && claim.pool !== undefined && pool.name !== claim.pool) {
    const reason = `is asked for, and ${address} is not in it`;
    return { tolerable: false, refusal: refusePool('W_ADDRESS_KEPT', 'other-pool', claim.pool, reason) };
  }
  if (pool === undefined) {
    const reason =
      'is in no pool any more and is kept; put it back into a pool, or ask for another address or pool to move the service';
    return { tolerable: !anew, refusal: refuseAddress('W_ADDRESS_KEPT', 'outside', address, reason) };
  }
  if (table.bar(pool, address)?.rule === 'buggy') {
    const reason = `of pool ${shown(pool.name)} ends in .0 or .255, which the pool avoids`;
    return {
      tolerable: false,
      refusal: refuseAddress('W_ADDRESS_KEPT', 'buggy', address, reason, { pool: pool.name }),
    };
  }
  const refusal = denied(pool, claim);
  if (refusal === undefined) return undefined;
  const reason = `is kept, though ${refusal.message}`;
  return {
    tolerable: true,
    refusal: refuseAddress('W_ADDRESS_KEPT', refusal.rule, address, reason, { pool: pool.name }),
  };
}

function judgeTogether(addresses: readonly string[], table: PoolTable): Misfit | undefined {
  if (addresses.length < 2) return undefined;
  const pools = new Set(addresses.map((address) => table.find(address)?.pool.name));
  if (pools.size < 2) return undefined;
  const names = [...pools].map((name) => shown(name ?? '')).join(' and ');
  const reason = `are kept, though they lie in different pools now (${names}); a service gets its addresses from one pool`;
  return {
    tolerable: true,
    refusal: refuseAddress('W_ADDRESS_KEPT', 'two-pools', addresses.join(' and '), reason),
  };
}
