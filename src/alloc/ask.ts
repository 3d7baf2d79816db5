import { shown } from '../model/index.ts';
import { addressFamily, parseAddress } from '../net/index.ts';
import { type Claim, familiesOf } from './claim.ts';
import { denied, unknownPool } from './deny.ts';
import { familyWords, type Refusal, refuseAddress, refuseShare } from './refusal.ts';
import type { Granted, Scene } from './scene.ts';

/**
 * Addresses asked for by name: exactly one of each family of the service (of one family where one will do), all of one pool that the
 * service may use, held by nobody or by services that share.
 */
export function askFor(claim: Claim, list: readonly string[], scene: Scene): Granted {
  const addresses: string[] = [];
  for (const text of list) {
    const parsed = parseAddress(text.trim());
    if (!parsed.ok) return no(refuseAddress('E_ADDRESS', 'syntax', text, parsed.reason));
    if (!addresses.includes(parsed.value)) addresses.push(parsed.value);
  }
  const mismatch = matchFamilies(claim, addresses);
  if (mismatch !== undefined) return no(mismatch);
  const ordered = familiesOf(claim).flatMap((family) => addresses.filter((one) => addressFamily(one) === family));
  let pool: string | undefined;
  for (const address of ordered) {
    const refusal = refuseOne(claim, address, pool, scene);
    if (refusal !== undefined) return no(refusal);
    pool = scene.table.find(address)?.pool.name;
  }
  return { ok: true, pool: pool ?? '', addresses: ordered };
}

function no(refusal: Refusal): Granted {
  return { ok: false, refusal };
}

function matchFamilies(claim: Claim, addresses: readonly string[]): Refusal | undefined {
  const families = familiesOf(claim);
  const found = addresses.map(addressFamily);
  const once = new Set(found).size === found.length;
  const known = found.every((family) => families.includes(family));
  const all = found.length === families.length || (claim.familyPolicy === 'prefer' && found.length > 0);
  if (once && known && all) return undefined;
  const wanted =
    families.length === 1 ? `one ${familyWords(families)} address` : `one address each of ${familyWords(families)}`;
  const reason = `does not fit the families of the service; ask for exactly ${wanted}`;
  return refuseAddress('E_ADDRESS_FAMILY', 'families', addresses.join(','), reason);
}

/** `before`: the pool of the address before it in the list. */
function refuseOne(claim: Claim, address: string, before: string | undefined, scene: Scene): Refusal | undefined {
  const { table, holdings } = scene;
  const owner = table.reservedFor(address);
  if (owner !== undefined) {
    const reason = `is the address of ${shown(owner)} and is never given out; ask for another address`;
    return refuseAddress('E_ADDRESS_RESERVED', 'reserved', address, reason);
  }
  const pool = table.find(address)?.pool;
  if (claim.pool !== undefined && !table.pools.has(claim.pool)) return unknownPool(claim.pool, table);
  if (pool === undefined) {
    return refuseAddress('E_ADDRESS_OUTSIDE', 'outside', address, 'lies in no pool; add it to one, or ask for another');
  }
  const of = `lies in pool ${shown(pool.name)}`;
  if (claim.pool !== undefined && pool.name !== claim.pool) {
    const reason = `${of}, and pool ${shown(claim.pool)} is asked for too; ask for one of them only`;
    return refuseAddress('E_ADDRESS_OUTSIDE', 'other-pool', address, reason, { pool: pool.name });
  }
  if (before !== undefined && before !== pool.name) {
    const reason = `${of}, the other address in pool ${shown(before)}; ask for addresses of one pool`;
    return refuseAddress('E_ADDRESS_OUTSIDE', 'two-pools', address, reason, { pool: pool.name });
  }
  const refusal = denied(pool, claim);
  if (refusal !== undefined)
    return { ...refusal, field: 'address.list', value: address, message: `${address}: ${refusal.message}` };
  if (table.bar(pool, address) !== undefined) {
    const reason = `ends in .0 or .255, which pool ${shown(pool.name)} avoids (avoidBuggy); ask for another address`;
    return refuseAddress('E_ADDRESS_RESERVED', 'buggy', address, reason, { pool: pool.name });
  }
  const holder = holdings.holder(claim, address);
  return holder === undefined
    ? undefined
    : { ...refuseShare(address, holder.rule, holder.holder, holder.port, claim.shareKey), pool: pool.name };
}
