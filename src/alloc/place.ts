import { addressFamily } from '../net/index.ts';
import { askFor } from './ask.ts';
import { type Claim, familiesOf, readAddresses } from './claim.ts';
import { judge } from './judge.ts';
import type { Assignment } from './outcome.ts';
import { pick, takeFrom } from './pick.ts';
import { type Refusal, refuseAddress } from './refusal.ts';
import type { Scene } from './scene.ts';

/** Addresses of a service before the decision. */
export interface Present {
  readonly addresses: readonly string[];
  /** false: only the service itself says that it holds them. */
  readonly known: boolean;
  /** It names another pool than when it got them. */
  readonly anew?: boolean;
}

export interface Placement {
  readonly result: { readonly assignment: Assignment } | { readonly refusal: Refusal };
  /** It would take more or other addresses when there is room. */
  readonly hungry: boolean;
}

/**
 * What a service shall hold, by what it asks for and by what the others hold. Asked again with its own answer it answers the same, whatever
 * was asked for: nobody moves to and fro.
 *
 * 1. Addresses asked for by name: those or none.
 * 2. What it holds already, as long as the pools allow it; a missing family comes from the same pool.
 * 3. The first that is free in the pool it names, else in those that assign automatically.
 *
 * Where a wish cannot be granted, a service that holds something keeps that: an address that serves is not taken away for one that cannot
 * be had. Only the rules of sharing and the addresses of machines are stronger.
 */
export function place(claim: Claim, present: Present, scene: Scene): Placement {
  const sound = soundOf(claim, present, scene);
  const placement = placeAnew(claim, sound, scene, present.anew);
  if (claim.keeps === undefined || sound.length === 0 || isAt(placement, sound)) return placement;
  const reason = 'is kept until enough machines are heard to agree on what it asks for now';
  const unmet = refuseAddress('E_ADDRESS_WAITS', 'few', sound.join(' and '), reason);
  return { result: { assignment: { ...assign(sound, scene), unmet } }, hungry: false };
}

function isAt({ result }: Placement, addresses: readonly string[]): boolean {
  return 'assignment' in result && result.assignment.addresses.join() === addresses.join();
}

function placeAnew(claim: Claim, sound: readonly string[], scene: Scene, anew?: boolean): Placement {
  if (claim.list !== undefined && claim.list.length > 0) {
    const asked = askFor(claim, claim.list, scene);
    return asked.ok ? grant(asked.pool, asked.addresses) : stay(sound, asked.refusal, scene);
  }
  if (sound.length === 0) return fresh(claim, sound, scene);
  const misfit = judge(claim, sound, scene, anew);
  if (misfit === undefined) return complete(claim, sound, scene);
  if (misfit.tolerable && !scene.reassign) {
    return { result: { assignment: { ...assign(sound, scene), unmet: misfit.refusal } }, hungry: false };
  }
  return fresh(claim, sound, scene);
}

/** Of what it holds, what it may keep as far as all others are concerned; in the order of its families, one of each. */
function soundOf(claim: Claim, { addresses, known }: Present, scene: Scene): readonly string[] {
  const { table, holdings } = scene;
  // Known ones are canonical.
  const usable = (known ? addresses : readAddresses(addresses)).filter((address) => {
    if (table.reservedFor(address) !== undefined || holdings.holder(claim, address) !== undefined) return false;
    return known || judge(claim, [address], scene) === undefined;
  });
  return familiesOf(claim).flatMap((family) => usable.find((address) => addressFamily(address) === family) ?? []);
}

function fresh(claim: Claim, sound: readonly string[], scene: Scene): Placement {
  const picked = pick(claim, sound, scene);
  if (!picked.ok) return stay(sound, picked.refusal, scene);
  return { ...grant(picked.pool, picked.addresses), hungry: picked.addresses.length < familiesOf(claim).length };
}

/** Adds a family that is missing, from the pool of the other. */
function complete(claim: Claim, sound: readonly string[], scene: Scene): Placement {
  const families = familiesOf(claim);
  const kept = assign(sound, scene);
  if (sound.length === families.length) return { result: { assignment: kept }, hungry: false };
  const pool = scene.table.pools.get(kept.pool ?? '');
  if (pool === undefined) return { result: { assignment: kept }, hungry: false };
  const more = takeFrom(pool, families, claim, sound, scene);
  if (more.ok) return grant(pool.name, more.addresses);
  const unmet = claim.familyPolicy === 'prefer' ? {} : { unmet: more.refusal };
  return { result: { assignment: { ...kept, ...unmet } }, hungry: true };
}

function grant(pool: string, addresses: readonly string[]): Placement {
  return { result: { assignment: { pool, addresses } }, hungry: false };
}

/** It does not get what it asks for: it keeps what it has, or waits. */
function stay(sound: readonly string[], refusal: Refusal, scene: Scene): Placement {
  if (sound.length === 0 || scene.reassign) return { result: { refusal }, hungry: true };
  const message = `${refusal.message}; it keeps ${sound.join(' and ')} until then`;
  return { result: { assignment: { ...assign(sound, scene), unmet: { ...refusal, message } } }, hungry: true };
}

function assign(addresses: readonly string[], { table }: Scene): Assignment {
  const [only, ...others] = addresses;
  if (only !== undefined && others.length === 0) {
    const name = table.find(only)?.pool.name;
    return name === undefined ? { addresses } : { pool: name, addresses };
  }
  const pools = new Set(addresses.map((address) => table.find(address)?.pool.name));
  const [pool] = pools;
  return pool === undefined || pools.size > 1 ? { addresses } : { pool, addresses };
}
