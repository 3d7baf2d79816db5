import { addressBytes, addressFamily, type Family } from '../../../src/net/index.ts';

/** First and last address, of one family. */
export interface Range {
  readonly first: string;
  readonly last: string;
}

/** What the gates of a machine guard. */
export interface GateShape {
  /** Requests for these are answered through an open gate only. */
  readonly pools: readonly Range[];
  /** Interfaces on which a gate may be open; on the others these addresses are silent. */
  readonly interfaces: readonly string[];
  /** Addresses that are answered on these of the interfaces only. */
  readonly bound: readonly (readonly [string, readonly string[]])[];
}

/** Somebody else who says that an address is his. */
export interface Claim {
  readonly vip: string;
  readonly mac: string;
}

/** Everything that a table says but its living tokens. */
export interface GateState extends GateShape {
  readonly inc: number;
  readonly token: number | undefined;
  readonly owned: Iterable<string>;
}

/** The words in which the gates of IPv4 (over ARP) and IPv6 (over neighbour discovery) differ. */
const families = {
  ipv4: {
    table: 'arp',
    address: 'arp daddr ip',
    type: 'type ipv4_addr',
    ask: 'arp operation',
    kind: 'type arp_op',
    request: 'request',
    pair: 'type ipv4_addr . ifname',
    claim: 'arp saddr ip @owned',
    claims: ['type ipv4_addr . ether_addr', 'arp saddr ip . arp saddr ether'],
  },
  // nft before 1.0.9 has no `icmpv6 taddr`: the target of a solicitation are these 128 bits.
  ipv6: {
    table: 'ip6',
    address: '@th,64,128',
    type: 'typeof @th,64,128',
    ask: 'icmpv6 type',
    kind: 'type icmpv6_type',
    request: 'nd-neighbor-solicit',
    pair: 'typeof @th,64,128 . iifname',
    claim: 'icmpv6 type nd-neighbor-advert @th,64,128 @owned',
    claims: ['typeof @th,64,128 . ether saddr', '@th,64,128 . ether saddr'],
  },
} as const;
/** So long others are remembered who have said that an address that is owned here is theirs. */
const claimedMs = 10_000;
const names: readonly Family[] = ['ipv4', 'ipv6'];

export function tableName(inc: number): string {
  return `weir-${inc}`;
}

/** The incarnation of one of our tables; undefined for a foreign one. */
export function tableInc(name: string): number | undefined {
  const found = /^weir-(\d{1,15})(?:-moved)?$/.exec(name)?.[1];
  return found === undefined ? undefined : Number(found);
}

/**
 * Makes both tables of an incarnation anew, whether they are there, broken or absent. No token lives in them, so they are closed.
 * The gate is open while the address is owned and the token of `cur` is among the armed ones, which die by themselves. The mark carries
 * the token through one packet and is taken off again. What passes is answered by the kernel: the last look counts it at its address.
 */
export function createText({ inc, token, owned, ...shape }: GateState): string {
  const list = [...owned];
  return names
    .map((family) => {
      const { table, address, type, ask, kind, request, pair, claim, claims } = families[family];
      const held = shapeElements(shape, family);
      const name = `${table} ${tableName(inc)}`;
      const cur = token === undefined ? '' : `elements = { ${request} : ${markOf(token)} };`;
      const body = [
        `set pool { ${type}; flags interval; ${elementsOf(held.pool)} }`,
        `set faces { type ifname; ${elementsOf(held.faces)} }`,
        `set limited { ${type}; ${elementsOf(held.limited)} }`,
        `set bound { ${pair}; ${elementsOf(held.bound)} }`,
        'set armed { type mark; flags timeout; }',
        `set owned { ${type}; counter; ${elementsOf(elements(list, family))} }`,
        `set claims { ${claims[0]}; size 1024; flags dynamic, timeout; timeout ${claimedMs}ms; }`,
        `map cur { ${kind} : mark; ${cur} }`,
        `chain in { type filter hook input priority 0; ${ask} ${request} ${address} @pool jump gate; iifname @faces ${claim} update @claims { ${claims[1]} }; }`,
        `chain gate { iifname != @faces drop; ${address} @limited ${address} . iifname != @bound drop; meta mark set 0; meta mark set ${ask} map @cur; meta mark != @armed drop; meta mark set 0; ${address} @owned return; drop; }`,
      ];
      return `add table ${name}; delete table ${name}; table ${name} { ${body.join('; ')}; }`;
    })
    .join('; ');
}

export function deleteText(tables: readonly { readonly family: string; readonly name: string }[]): string {
  return tables.map(({ family, name }) => `delete table ${family} ${name}`).join('; ');
}

/** Guards other ranges, or lets other interfaces through, at once. */
export function shapeText(inc: number, shape: GateShape): string {
  return names
    .flatMap((family) =>
      Object.entries(shapeElements(shape, family)).flatMap(([set, list]) =>
        replace(`${families[family].table} ${tableName(inc)} ${set}`, list),
      ),
    )
    .join('; ');
}

/** Families of which there is anything to guard: the others need no tokens. */
export function familiesOf(pools: readonly Range[]): readonly Family[] {
  return names.filter((family) => pools.some(({ first }) => addressFamily(first) === family));
}

function replace(set: string, list: readonly string[]): readonly string[] {
  return [`flush set ${set}`, ...(list.length === 0 ? [] : [`add element ${set} { ${list.join(', ')} }`])];
}

function elementsOf(list: readonly string[]): string {
  return list.length === 0 ? '' : `elements = { ${list.join(', ')} };`;
}

function elements(vips: readonly string[], family: Family): readonly string[] {
  return vips.filter((vip) => addressFamily(vip) === family).map(elementOf);
}

/** An address as nft reads it in these sets: IPv6 as a number. */
function elementOf(vip: string): string {
  return addressFamily(vip) === 'ipv4' ? vip : `0x${hexOf(vip)}`;
}

/** Tokens are marks of 32 bits; a packet without one has 0. */
export function markOf(token: number): number {
  return ((token - 1) % 0xffff_ffff) + 1;
}

function hexOf(address: string): string {
  return addressBytes(address)
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

/** Set → what it holds for one family. */
function shapeElements({ pools, interfaces, bound }: GateShape, family: Family) {
  const limited = bound.filter(([vip]) => addressFamily(vip) === family);
  return {
    pool: poolElements(pools, family),
    faces: interfaces.map((face) => `"${face}"`),
    limited: limited.map(([vip]) => elementOf(vip)),
    bound: limited.flatMap(([vip, faces]) => faces.map((face) => `${elementOf(vip)} . "${face}"`)),
  };
}

/** Ranges of one family, those that touch or overlap joined: nft refuses an interval twice. */
function poolElements(pools: readonly Range[], family: Family): readonly string[] {
  const sorted = pools
    .filter(({ first }) => addressFamily(first) === family)
    .map(({ first, last }) => ({ first, last, from: BigInt(`0x${hexOf(first)}`), to: BigInt(`0x${hexOf(last)}`) }))
    .sort((a, b) => (a.from < b.from ? -1 : 1));
  const joined: typeof sorted = [];
  for (const range of sorted) {
    const before = joined.at(-1);
    if (before === undefined || range.from > before.to + 1n) joined.push({ ...range });
    else if (range.to > before.to) Object.assign(before, { last: range.last, to: range.to });
  }
  return joined.map(({ first, last }) =>
    first === last ? elementOf(first) : `${elementOf(first)}-${elementOf(last)}`,
  );
}
