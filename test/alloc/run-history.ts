/** Runs a random history on the allocator and on the reference, and holds both against each other and against what must always be true. */
import type { Allocator, AllocatorOptions, Claim, Outcome, Pool } from '../../src/alloc/index.ts';
import { Random } from '../property/random.ts';
import { makePools, makeStep, type Pools } from './generate.ts';
import { Reference, sharingRule } from './reference.ts';

export type Open = (
  pools: readonly Pool[],
  held?: ReadonlyMap<string, readonly string[]>,
  options?: AllocatorOptions,
) => Allocator;

/** What histories contain, so that a suite that meets nothing is noticed. */
export interface Tally {
  shared: number;
  waiting: number;
  moved: number;
  kept: number;
  dual: number;
  full: number;
}

/** Undefined, or the first thing that is wrong and when. In every fourth history nearly all services share. */
export function runHistory(open: Open, seed: number, steps: number, tally?: Tally): string | undefined {
  const random = new Random(seed);
  const reassign = random.chance(0.25);
  let pools: Pools = makePools(random);
  let reserved: readonly string[] = random.chance(0.2) ? ['10.0.1.1'] : [];
  const claims = new Map<string, Claim>();
  let allocator = open(pools.pools, new Map(), { reserved: owned(reserved), reassign });
  let reference = new Reference(pools.plain, new Map(), { reserved, reassign });
  for (let n = 0; n < steps; n++) {
    const step = makeStep(random, seed % 4 === 0, claims);
    const before = heldBy(allocator.outcome);
    let outcome: Outcome;
    if (step.do === 'restart') {
      allocator = open(pools.pools, before, { reserved: owned(reserved), reassign });
      reference = new Reference(pools.plain, before, { reserved, reassign });
      const again = step.order
        .shuffle([...claims.values()])
        .map((claim) => ({ ...claim, held: before.get(claim.id) ?? [] }));
      for (const claim of again) {
        claims.set(claim.id, claim);
        allocator.set(claim);
        reference.update({ set: [claim] });
      }
      outcome = allocator.complete();
      reference.complete();
      const wrong = difference(before, heldBy(outcome));
      if (wrong !== undefined) return `seed ${seed} step ${n}: a restart changes ${wrong}`;
    } else {
      for (const id of step.remove) claims.delete(id);
      for (const claim of step.set) claims.set(claim.id, claim);
      if (step.do === 'pools') {
        pools = step.pools;
        reserved = step.reserved ?? reserved;
        const change = { pools: pools.pools, reserved: owned(reserved), set: step.set, remove: step.remove };
        const expected = allocator.preview(change).moved;
        if (difference(before, heldBy(allocator.outcome)) !== undefined)
          return `seed ${seed} step ${n}: a preview changes something`;
        outcome = allocator.update(change);
        reference.update({ pools: pools.plain, reserved, set: step.set, remove: step.remove });
        if (JSON.stringify(expected) !== JSON.stringify(outcome.moved))
          return `seed ${seed} step ${n}: preview and change differ`;
      } else {
        outcome = allocator.update(step);
        reference.update(step);
      }
      const wrong = wrongMoves(outcome, before, step.remove, claims);
      if (wrong !== undefined) return `seed ${seed} step ${n}: ${wrong}`;
    }
    const wrong =
      unlike(outcome, reference) ??
      broken(outcome, claims, reserved) ??
      miscounted(allocator, pools, reserved) ??
      unstable(allocator, claims);
    if (wrong !== undefined) return `seed ${seed} step ${n} (${step.do}): ${wrong}`;
    if (tally !== undefined) count(outcome, tally);
  }
  return undefined;
}

const owned = (addresses: readonly string[]) => addresses.map((address) => ({ address, owner: 'node n' }));

export function heldBy({ assigned }: Outcome): ReadonlyMap<string, readonly string[]> {
  return new Map([...assigned].map(([id, { addresses }]) => [id, addresses]));
}

function difference(
  a: ReadonlyMap<string, readonly string[]>,
  b: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  for (const id of new Set([...a.keys(), ...b.keys()]))
    if (a.get(id)?.join() !== b.get(id)?.join())
      return `${id}: ${a.get(id)?.join() ?? 'nothing'} → ${b.get(id)?.join() ?? 'nothing'}`;
  return undefined;
}

function unlike({ assigned, waiting }: Outcome, reference: Reference): string | undefined {
  const plain = new Map([...reference.held].map(([id, { addresses, unmet = '' }]) => [id, [...addresses, unmet]]));
  const now = new Map([...assigned].map(([id, { addresses, unmet }]) => [id, [...addresses, unmet?.rule ?? '']]));
  for (const [id, rule] of reference.waiting) plain.set(id, ['waits', rule]);
  for (const [id, { rule }] of waiting) now.set(id, ['waits', rule]);
  const wrong = difference(plain, now);
  return wrong === undefined ? undefined : `unlike the reference, ${wrong}`;
}

/** Rules that hold whatever was asked for. */
function broken(
  { assigned, waiting }: Outcome,
  claims: ReadonlyMap<string, Claim>,
  reserved: readonly string[],
): string | undefined {
  const holders = new Map<string, Claim[]>();
  for (const [id, claim] of claims) {
    const addresses = assigned.get(id)?.addresses ?? [];
    if ((addresses.length === 0) === assigned.has(id) || assigned.has(id) === waiting.has(id))
      return `${id} neither has nor waits`;
    for (const address of addresses) {
      if (reserved.includes(address)) return `${id} has ${address}, which is reserved`;
      for (const other of holders.get(address) ?? []) {
        const rule = sharingRule(claim, other);
        if (rule !== undefined) return `${id} and ${other.id} share ${address} against ${rule}`;
      }
      holders.set(address, [...(holders.get(address) ?? []), claim]);
    }
  }
  return assigned.size + waiting.size === claims.size ? undefined : 'somebody is there who was not set';
}

function miscounted(allocator: Allocator, pools: Pools, reserved: readonly string[]): string | undefined {
  const held = new Set([...allocator.outcome.assigned.values()].flatMap(({ addresses }) => addresses));
  const usage = allocator.usage();
  for (const { name, addresses, avoidBuggy } of pools.plain) {
    for (const family of ['ipv4', 'ipv6'] as const) {
      const mine = addresses.filter((address) => address.includes(':') === (family === 'ipv6'));
      const given = mine.filter(
        (address) => !reserved.includes(address) && !(avoidBuggy && /^[^:]*\.(0|255)$/.test(address)),
      );
      const assigned = mine.filter((address) => held.has(address)).length;
      const available = given.filter((address) => !held.has(address)).length;
      const { assigned: a, available: b } = usage.get(name) ?? {};
      if (a?.[family] !== assigned || b?.[family] !== BigInt(available))
        return `pool ${name} counts ${a?.[family]} held and ${b?.[family]} free ${family}, there are ${assigned} and ${available}`;
    }
  }
  return undefined;
}

/**
 * What it says of itself comes back as status: nobody's addresses or rule may change, however often. (Which of two families is told to be
 * full may: both are, but one was free when it was asked.)
 */
function unstable(allocator: Allocator, claims: ReadonlyMap<string, Claim>): string | undefined {
  const held = heldBy(allocator.outcome);
  const rules = rulesOf(allocator.outcome);
  for (let pass = 0; pass < 2; pass++) {
    for (const claim of claims.values()) {
      const labels = { ...claim.labels, pass: `${pass}` };
      const outcome = allocator.set({ ...claim, labels, held: held.get(claim.id) ?? [] });
      const wrong = difference(held, heldBy(outcome)) ?? difference(rules, rulesOf(outcome));
      if (wrong !== undefined) return `asked again in pass ${pass}, it changes ${wrong}`;
    }
  }
  allocator.update({ set: [...claims.values()] });
  return undefined;
}

function rulesOf({ assigned, waiting }: Outcome): ReadonlyMap<string, readonly string[]> {
  const rules = new Map([...waiting].map(([id, { rule }]) => [id, [rule]]));
  for (const [id, { unmet }] of assigned) if (unmet !== undefined) rules.set(id, [unmet.rule]);
  return rules;
}

function wrongMoves(
  { moved, assigned }: Outcome,
  before: ReadonlyMap<string, readonly string[]>,
  removed: readonly string[],
  claims: ReadonlyMap<string, Claim>,
): string | undefined {
  const told = new Set(moved.map(({ service }) => service));
  for (const [id, from] of before) {
    if (removed.includes(id)) continue;
    const to = assigned.get(id)?.addresses ?? [];
    if (from.some((address) => !to.includes(address)) !== told.has(id)) return `the move of ${id} is told wrongly`;
  }
  return moved.every(({ service }) => claims.has(service)) ? undefined : 'a service moves that is gone';
}

function count({ assigned, waiting, moved }: Outcome, tally: Tally): void {
  const all = [...assigned.values()].flatMap(({ addresses }) => addresses);
  tally.shared += all.length - new Set(all).size;
  tally.waiting += waiting.size;
  tally.moved += moved.length;
  for (const { addresses, unmet } of assigned.values()) {
    if (unmet !== undefined) tally.kept++;
    if (addresses.length === 2) tally.dual++;
  }
  for (const { rule } of waiting.values()) if (rule === 'full') tally.full++;
}
