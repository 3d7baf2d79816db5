import type { ServiceId } from '../model/index.ts';
import type { Family } from '../net/index.ts';
import { type Claim, compareClaims } from './claim.ts';
import type { PoolTable, Spot } from './pool-table.ts';
import type { ReadPool } from './read-pools.ts';
import { clash, type ShareRule } from './share.ts';
import { type SharedPlace, ShareGroup } from './share-group.ts';
import { Space } from './space.ts';

/** Who keeps a service from an address. */
export interface Holder {
  readonly rule: ShareRule | 'unread';
  readonly holder: ServiceId;
  readonly port?: string;
}

interface Holding extends SharedPlace {
  readonly members: Claim[];
  /** Services that held it before a restart and have not been read again. */
  readonly unread: ServiceId[];
  readonly spot: Spot | undefined;
  group: string | undefined;
  /** Told when it joins a group. */
  rank: bigint;
}

/** Who holds which address: the index behind every question for a free one. */
export class Holdings {
  readonly #table: PoolTable;
  readonly #wanted: (address: string) => boolean;
  readonly #held = new Map<string, Holding>();
  readonly #spaces = new Map<string, Space[]>();
  readonly #groups = new Map<string, ShareGroup>();
  readonly #counts = new Map<string, Record<Family, number>>();
  /** Of those, addresses that the pool would not give out any more. */
  readonly #odd = new Map<string, Record<Family, number>>();
  /** Addresses where there is room since it was last asked: by share key who might use it, `''` for everybody. */
  readonly chances = new Map<string, string>();
  /** Addresses that are asked for by name, whose holders changed since it was last asked. */
  readonly touched = new Set<string>();

  /** `wanted`: somebody waits for this very address. */
  constructor(table: PoolTable, wanted: (address: string) => boolean) {
    this.#table = table;
    this.#wanted = wanted;
    for (const pool of table.pools.values()) {
      this.#counts.set(pool.name, { ipv4: 0, ipv6: 0 });
      this.#odd.set(pool.name, { ipv4: 0, ipv6: 0 });
      const spaces = pool.ranges.map(
        (range) =>
          new Space(
            range,
            (address) => this.#held.has(address),
            (address) => table.bar(pool, address) !== undefined,
          ),
      );
      this.#spaces.set(pool.name, spaces);
    }
  }

  /** Addresses of a pool that are held; a shared one counts once. */
  count(pool: string, family: Family): number {
    return this.#counts.get(pool)?.[family] ?? 0;
  }

  /** Of them, those that the pool would give out now. */
  countRegular(pool: string, family: Family): number {
    return this.count(pool, family) - (this.#odd.get(pool)?.[family] ?? 0);
  }

  /** Keeps an address for a service that will be read again. */
  reserve(id: ServiceId, address: string): void {
    const { unread } = this.#open(address);
    if (!unread.includes(id)) unread.push(id);
  }

  /** The service was read again, or never will be. */
  release(id: ServiceId, address: string): void {
    const holding = this.#held.get(address);
    const at = holding?.unread.indexOf(id) ?? -1;
    if (holding === undefined || at < 0) return;
    holding.unread.splice(at, 1);
    this.#settle(address, holding);
  }

  hold(claim: Claim, address: string): void {
    const holding = this.#open(address);
    const { members } = holding;
    // In order, so that whom a refusal names does not depend on who came first.
    const younger = members.findIndex((member) => compareClaims(member, claim) > 0);
    members.splice(younger < 0 ? members.length : younger, 0, claim);
    this.#settle(address, holding);
  }

  letGo(id: ServiceId, address: string): void {
    const holding = this.#held.get(address);
    const at = holding?.members.findIndex((member) => member.id === id) ?? -1;
    if (holding === undefined || at < 0) return;
    holding.members.splice(at, 1);
    this.#settle(address, holding);
  }

  /** Who keeps the claim from this address; undefined: nobody. */
  holder(claim: Claim, address: string): Holder | undefined {
    const holding = this.#held.get(address);
    if (holding === undefined) return undefined;
    let own = holding.unread.includes(claim.id);
    for (const member of holding.members) {
      if (member.id === claim.id) {
        own = true;
        continue;
      }
      const found = clash(member, claim);
      if (found !== undefined) return { ...found, holder: member.id };
    }
    // Those that held it together go on doing so, whichever is read first.
    if (own || holding.unread.length === 0) return undefined;
    const [holder = ''] = holding.unread.toSorted();
    return { rule: 'unread', holder };
  }

  /** The first address of a pool that the claim may have: free, or shared with who leaves room for it. */
  first(pool: ReadPool, family: Family, claim: Claim): string | undefined {
    const shared = claim.shareKey ? this.#groups.get(groupKey(pool.name, family, claim))?.first(claim) : undefined;
    const spaces = this.#spaces.get(pool.name) ?? [];
    for (let range = 0; range < spaces.length; range++) {
      if (pool.ranges[range]?.family !== family) continue;
      if (shared !== undefined && shared.rank < rankOf(range, 0n)) return shared.address;
      const free = spaces[range]?.first();
      if (free === undefined) continue;
      return shared !== undefined && shared.rank < rankOf(range, free.offset) ? shared.address : free.address;
    }
    return shared?.address;
  }

  #open(address: string): Holding {
    const known = this.#held.get(address);
    if (known !== undefined) return known;
    const spot = this.#table.find(address);
    const holding: Holding = { address, rank: 0n, members: [], unread: [], spot, group: undefined };
    this.#held.set(address, holding);
    this.#tally(address, spot, 1);
    return holding;
  }

  /** Brings the indexes to what the holding is now. */
  #settle(address: string, holding: Holding): void {
    const [first] = holding.members;
    const { spot, unread } = holding;
    if (this.#wanted(address)) this.touched.add(address);
    // One that the pool avoids is not given to a further one either.
    const shareable = first?.shareKey && unread.length === 0 && spot && !this.#table.bar(spot.pool, address);
    const group = shareable ? groupKey(spot.pool.name, spot.family, first) : undefined;
    if (group !== holding.group) {
      this.#leave(holding);
      holding.group = group;
      if (spot !== undefined) holding.rank = rankOf(spot.range, spot.offset);
      if (group !== undefined) this.#groupOf(group).add(holding);
    } else if (group !== undefined) this.#groupOf(group).loosen(holding.rank);
    if (first === undefined && unread.length === 0) {
      this.#held.delete(address);
      this.#tally(address, spot, -1);
      if (spot !== undefined) this.#spaces.get(spot.pool.name)?.[spot.range]?.giveBack(spot.offset);
      this.chances.set(address, '');
    } else if (first?.shareKey && unread.length === 0) this.chances.set(address, first.shareKey);
    else this.chances.delete(address);
  }

  #leave(holding: Holding): void {
    const group = holding.group === undefined ? undefined : this.#groups.get(holding.group);
    if (holding.group === undefined || group === undefined) return;
    group.remove(holding);
    if (group.empty) this.#groups.delete(holding.group);
  }

  #groupOf(key: string): ShareGroup {
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new ShareGroup();
      this.#groups.set(key, group);
    }
    return group;
  }

  #tally(address: string, spot: Spot | undefined, by: number): void {
    if (spot === undefined) return;
    const { pool, family } = spot;
    const odd = this.#table.bar(pool, address) !== undefined;
    for (const counts of odd ? [this.#counts, this.#odd] : [this.#counts]) {
      const count = counts.get(pool.name);
      if (count !== undefined) count[family] += by;
    }
  }
}

/** Orders the addresses of a pool: by range as listed, then ascending. */
function rankOf(range: number, offset: bigint): bigint {
  return (BigInt(range) << 128n) | offset;
}

function groupKey(pool: string, family: Family, { shareKey, backendKey }: Claim): string {
  return JSON.stringify([pool, family, shareKey, backendKey ?? '']);
}
