import { shown } from '../model/index.ts';
import { addressFamily, type Family } from '../net/index.ts';
import { type Claim, familiesOf } from './claim.ts';
import { denied, unknownPool } from './deny.ts';
import type { ReadPool } from './read-pools.ts';
import { familyWords, type Refusal, refusePool } from './refusal.ts';
import type { Granted, Scene } from './scene.ts';

/** More pools than this are not named in one message. */
const namedPools = 4;

/**
 * The first addresses that are free: in the pool that the service names and no other, else in the pools that assign automatically. Where
 * one family will do, a pool with both comes first. `own`: addresses that it holds and may keep if that pool is chosen.
 */
export function pick(claim: Claim, own: readonly string[], scene: Scene): Granted {
  const named = claim.pool === undefined ? undefined : scene.table.pools.get(claim.pool);
  if (claim.pool !== undefined && named === undefined)
    return { ok: false, refusal: unknownPool(claim.pool, scene.table) };
  if (named !== undefined) {
    const refusal = denied(named, claim);
    if (refusal !== undefined) return { ok: false, refusal };
  }
  const pools = named === undefined ? scene.table.automaticFor(claim) : [named];
  const families = familiesOf(claim);
  const wishes = families.length > 1 && claim.familyPolicy === 'prefer' ? [families, families.slice(0, 1)] : [families];
  const refusals: Refusal[] = [];
  for (const wish of wishes) {
    refusals.length = 0;
    for (const pool of pools) {
      const taken = takeFrom(pool, wish, claim, own, scene);
      if (taken.ok) return taken;
      refusals.push(taken.refusal);
    }
  }
  const [only, ...others] = refusals;
  return { ok: false, refusal: only !== undefined && others.length === 0 ? only : summarize(claim, refusals, scene) };
}

/** One address of each family from one pool; all or none. */
export function takeFrom(
  pool: ReadPool,
  families: readonly Family[],
  claim: Claim,
  own: readonly string[],
  { table, holdings }: Scene,
): Granted {
  // Before any that is full: this no address that becomes free will change.
  const absent = families.find((family) => !pool.ranges.some((range) => range.family === family));
  if (absent !== undefined) {
    const words = familyWords([absent]);
    const reason = `has no ${words} addresses; add a range of ${words} to it, or use another pool`;
    return { ok: false, refusal: refusePool('E_POOL_FAMILY', 'no-family', pool.name, reason) };
  }
  const addresses: string[] = [];
  for (const family of families) {
    const kept = own.find((address) => {
      return addressFamily(address) === family && table.find(address)?.pool === pool && !table.bar(pool, address);
    });
    const address = kept ?? holdings.first(pool, family, claim);
    if (address === undefined)
      return { ok: false, refusal: full(pool, family, holdings.countRegular(pool.name, family)) };
    addresses.push(address);
  }
  return { ok: true, pool: pool.name, addresses };
}

function full(pool: ReadPool, family: Family, held: number): Refusal {
  const words = familyWords([family]);
  const all =
    held === 1
      ? `the only ${words} address that it may give out is`
      : `all ${held} ${words} addresses that it may give out are`;
  const used = held === 0 ? `none of its ${words} addresses may be given out` : `${all} held`;
  const reason = `is full: ${used}; add a range to it, or free an address`;
  return refusePool('E_POOL_EXHAUSTED', 'full', pool.name, reason);
}

/** One reason out of those of several pools, or of none. */
function summarize(claim: Claim, refusals: readonly Refusal[], { table }: Scene): Refusal {
  const base = { field: 'address', value: familyWords(familiesOf(claim)) };
  if (refusals.length === 0) {
    const closed = [...table.pools.values()].flatMap((pool) => {
      if (!pool.autoAssign) return [`pool ${shown(pool.name)} gives addresses only to services that name it`];
      return denied(pool, claim)?.message ?? [];
    });
    const why =
      closed.length === 0
        ? 'there is no pool; create one'
        : `${listed(closed)}. Name a pool, or open one to the service`;
    return { ...base, code: 'E_POOL_NONE', rule: 'no-pool', message: `no pool gives it an address by itself: ${why}` };
  }
  const full = refusals.some(({ rule }) => rule === 'full');
  const message = `no pool has an address for it: ${listed(refusals.map((refusal) => refusal.message))}`;
  return { ...base, code: full ? 'E_POOL_EXHAUSTED' : 'E_POOL_FAMILY', rule: full ? 'full' : 'no-family', message };
}

function listed(messages: readonly string[]): string {
  const more = messages.length - namedPools;
  return `${messages.slice(0, namedPools).join('. ')}${more > 0 ? `. And ${more} more` : ''}`;
}
