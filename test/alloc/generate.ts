/** Random pools, services and histories: small, so that pools fill, shares collide and wishes cross. */
import type { Claim, Pool } from '../../src/alloc/index.ts';
import type { Random } from '../property/random.ts';
import type { PlainPool } from './reference.ts';

/** The same pools in both languages. */
export interface Pools {
  readonly pools: readonly Pool[];
  readonly plain: readonly PlainPool[];
}

interface Part {
  readonly text: string;
  readonly addresses: readonly string[];
}

export type Step =
  | { readonly do: 'update'; readonly set: readonly Claim[]; readonly remove: readonly string[] }
  | {
      readonly do: 'pools';
      readonly pools: Pools;
      readonly reserved?: readonly string[];
      readonly set: readonly Claim[];
      readonly remove: readonly string[];
    }
  | { readonly do: 'restart'; readonly order: Random };

const names = ['a', 'b', 'c'] as const;
const namespaces = ['x', 'y'] as const;
const ids = Array.from({ length: 9 }, (_, i) => `x/s${i}`);

/** Parts of 10.0.0.250-10.0.1.5 and fd00::-fd00::b, each in a random one of the pools or in none. */
export function makePools(random: Random): Pools {
  const parts: Part[] = [
    { text: '10.0.0.252/31', addresses: ['10.0.0.252', '10.0.0.253'] },
    { text: '10.0.0.254-10.0.1.0', addresses: ['10.0.0.254', '10.0.0.255', '10.0.1.0'] },
    { text: ' 10.0.1.1 - 10.0.1.1 ', addresses: ['10.0.1.1'] },
    { text: '10.0.1.3/31', addresses: ['10.0.1.2', '10.0.1.3'] },
    { text: 'fd00::/127', addresses: ['fd00::', 'fd00::1'] },
    { text: 'FD00::A-fd00:0::b', addresses: ['fd00::a', 'fd00::b'] },
  ];
  const count = 1 + random.below(3);
  const lists: Part[][] = names.slice(0, count).map(() => []);
  for (const part of random.shuffle(parts)) if (random.chance(0.85)) random.pick(lists).push(part);
  const pools: Pool[] = [];
  const plain: PlainPool[] = [];
  for (const [i, name] of names.slice(0, count).entries()) {
    const mine = lists[i] ?? [];
    if (mine.length === 0) continue;
    const base = { name, autoAssign: random.chance(0.85), avoidBuggy: random.chance(0.3) };
    const pinned = random.chance(0.4);
    const priority = random.below(3);
    const spaces = random.chance(0.5) ? [random.pick(namespaces)] : undefined;
    const labels = random.chance(0.3) ? random.pick([['tier=web'], ['tier=web', 'tier=api']]) : undefined;
    const allocation = {
      priority,
      ...(spaces === undefined ? {} : { namespaces: spaces }),
      ...(labels === undefined ? {} : { serviceSelectors: labels }),
    };
    pools.push({ ...base, ranges: mine.map(({ text }) => text), ...(pinned ? { allocation } : {}) });
    plain.push({
      ...base,
      addresses: mine.flatMap(({ addresses }) => addresses),
      pinned,
      priority,
      ...(pinned && spaces !== undefined ? { namespaces: spaces } : {}),
      ...(pinned && labels !== undefined ? { labels } : {}),
    });
  }
  return { pools: random.shuffle(pools), plain };
}

export const everyAddress: readonly string[] = [
  ...['252', '253', '254', '255'].map((end) => `10.0.0.${end}`),
  ...['0', '1', '2', '3', '9'].map((end) => `10.0.1.${end}`),
  ...['', '1', 'a', 'b', 'f'].map((end) => `fd00::${end}`),
];
const ofFamily = (family: string) => everyAddress.filter((address) => address.includes(':') === (family === 'ipv6'));

/** A service among many that share: they differ in ports and backends alone. */
function makeSharer(random: Random, id: string): Claim {
  const from = 80 + random.below(2);
  return {
    id,
    namespace: 'x',
    labels: { tier: 'web' },
    bornMs: random.below(5),
    families: ['ipv4'],
    ports: [{ protocol: 'tcp', from, to: from }],
    ...(random.chance(0.9) ? { shareKey: 'k' } : {}),
    ...(random.chance(0.3) ? { backendKey: 'local' } : {}),
    held: [],
  };
}

/** `sharing`: what kind of services there are. */
export function makeClaim(random: Random, sharing: boolean, id = random.pick(ids)): Claim {
  if (sharing) return makeSharer(random, id);
  const families = random.pick([['ipv4'], ['ipv4'], ['ipv6'], ['ipv4', 'ipv6'], ['ipv6', 'ipv4'], []] as const);
  const wish = random.next();
  const wanted = families.length === 0 ? (['ipv4'] as const) : families;
  const list = wanted.map((family) => random.pick(ofFamily(family)));
  const protocol = random.pick(['tcp', 'tcp', 'udp']);
  const from = 80 + random.below(3);
  const shares = random.chance(0.6);
  return {
    id,
    namespace: random.pick(namespaces),
    labels: random.chance(0.5) ? { tier: 'web' } : {},
    ...(random.chance(0.7) ? { bornMs: random.below(5) } : {}),
    ...(random.chance(0.2) ? { pool: random.pick([...names, 'none']) } : {}),
    ...(wish < 0.2 ? { list } : wish < 0.25 ? { list: random.sample(everyAddress, 2) } : {}),
    families,
    ...(random.chance(0.5) ? { familyPolicy: random.pick(['prefer', 'require'] as const) } : {}),
    ports: [{ protocol, from, to: from + (random.chance(0.2) ? 1 : 0) }],
    ...(shares ? { shareKey: random.pick(['k', 'k', 'l']) } : {}),
    ...(random.chance(0.15) ? { backendKey: 'local' } : {}),
    held: random.chance(0.2) ? list : [],
  };
}

/** A service that asks for a little else than before. */
function changeClaim(random: Random, sharing: boolean, claim: Claim): Claim {
  const other = makeClaim(random, sharing, claim.id);
  const { list: _, pool: __, shareKey: ___, backendKey: ____, ...plain } = claim;
  const part = random.below(6);
  if (part === 0) return { ...claim, ports: other.ports };
  if (part === 1) return { ...plain, ...(other.shareKey === undefined ? {} : { shareKey: other.shareKey }) };
  if (part === 2) return { ...plain, ...(other.pool === undefined ? {} : { pool: other.pool }) };
  if (part === 3) return { ...claim, families: other.families };
  if (part === 4) return { ...claim, namespace: other.namespace, labels: other.labels };
  return other;
}

/** One thing that happens, where these services are there. */
export function makeStep(random: Random, sharing: boolean, present: ReadonlyMap<string, Claim>): Step {
  const dice = random.next();
  if (dice < 0.1) return { do: 'restart', order: random };
  const known = [...present.values()];
  const set = new Map<string, Claim>();
  for (let n = random.below(dice < 0.3 ? 4 : 2) + (dice < 0.75 ? 1 : 0); n > 0; n--) {
    const claim =
      known.length > 0 && random.chance(0.4)
        ? changeClaim(random, sharing, random.pick(known))
        : makeClaim(random, sharing);
    set.set(claim.id, claim);
  }
  const gone = known.filter(({ id }) => !set.has(id) && random.chance(dice < 0.75 ? 0.05 : 0.25)).map(({ id }) => id);
  if (dice < 0.88) return { do: 'update', set: [...set.values()], remove: gone };
  const reserved = random.chance(0.4) ? { reserved: random.sample(everyAddress, random.below(3)) } : {};
  return { do: 'pools', pools: makePools(random), ...reserved, set: [...set.values()], remove: gone };
}
