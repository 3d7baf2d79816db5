/**
 * The allocator once more, slow and plain: pools are lists of addresses, every question walks through all of them, and whoever wants something
 * is asked again after every change. It shares no code with src/alloc; histories are run on both.
 */
import type { Claim } from '../../src/alloc/index.ts';

export interface PlainPool {
  readonly name: string;
  /** All addresses in the order in which they are given out. */
  readonly addresses: readonly string[];
  readonly autoAssign: boolean;
  readonly avoidBuggy: boolean;
  readonly pinned: boolean;
  readonly priority: number;
  readonly namespaces?: readonly string[];
  /** One `key=value` for each selector. */
  readonly labels?: readonly string[];
}

export interface Held {
  readonly addresses: readonly string[];
  /** Rule of what is not as asked for. */
  readonly unmet?: string;
}

type Answer = { readonly addresses: readonly string[]; readonly rule?: string; readonly hungry: boolean };

const familyOf = (address: string) => (address.includes(':') ? 'ipv6' : 'ipv4');
const buggy = (address: string) => familyOf(address) === 'ipv4' && ['0', '255'].includes(address.split('.')[3] ?? '');

export class Reference {
  #pools: readonly PlainPool[];
  #reserved: ReadonlySet<string>;
  readonly #reassign: boolean;
  readonly #claims = new Map<string, Claim>();
  readonly #seen = new Set<string>();
  readonly #unread: Map<string, readonly string[]>;
  readonly held = new Map<string, Held>();
  /** Service → rule. */
  readonly waiting = new Map<string, string>();
  readonly #hungry = new Set<string>();
  /** The pool that each named when it got what it has. */
  readonly #asked = new Map<string, string | undefined>();

  constructor(
    pools: readonly PlainPool[],
    held: ReadonlyMap<string, readonly string[]>,
    { reserved = [], reassign = false }: { reserved?: readonly string[]; reassign?: boolean } = {},
  ) {
    this.#pools = pools;
    this.#reserved = new Set(reserved);
    this.#reassign = reassign;
    this.#unread = new Map([...held].filter(([, addresses]) => addresses.length > 0));
  }

  update(change: {
    pools?: readonly PlainPool[];
    reserved?: readonly string[];
    set?: readonly Claim[];
    remove?: readonly string[];
  }): void {
    for (const id of change.remove ?? []) {
      this.#forget(id);
      this.#seen.delete(id);
      this.#asked.delete(id);
    }
    const asks = (claim: Claim | undefined) => JSON.stringify({ ...claim, held: [] });
    let todo = (change.set ?? []).filter((claim) => asks(claim) !== asks(this.#claims.get(claim.id)));
    if (change.pools !== undefined || change.reserved !== undefined) {
      this.#pools = change.pools ?? this.#pools;
      this.#reserved = change.reserved === undefined ? this.#reserved : new Set(change.reserved);
      const all = new Map(this.#claims);
      for (const claim of todo) all.set(claim.id, claim);
      todo = [...all.values()];
      for (const [id, { addresses }] of this.held) this.#unread.set(id, addresses);
      this.held.clear();
      this.waiting.clear();
      this.#hungry.clear();
      this.#claims.clear();
    }
    const rank = ({ id, held }: Claim) => {
      if (this.held.has(id) || this.#unread.has(id)) return 0;
      return held.length > 0 && !this.#seen.has(id) ? 1 : 2;
    };
    const ranks = new Map(todo.map((claim) => [claim.id, rank(claim)]));
    todo.sort((a, b) => (ranks.get(a.id) ?? 0) - (ranks.get(b.id) ?? 0) || older(a, b));
    const fresh = todo.filter(({ id }) => ranks.get(id) === 2);
    for (const { id } of fresh) this.#hungry.delete(id);
    for (const claim of todo) if (!fresh.includes(claim)) this.#settle(claim);
    this.#serveAll();
    for (const claim of fresh) this.#settle(claim);
    this.#serveAll();
  }

  complete(): void {
    this.#unread.clear();
    this.#serveAll();
  }

  #forget(id: string): void {
    for (const map of [this.#claims, this.#unread, this.held, this.waiting]) map.delete(id);
    this.#hungry.delete(id);
  }

  #serveAll(): void {
    for (let again = true; again; ) {
      again = false;
      const queue = [...this.#claims.values()].filter(({ id }) => this.#hungry.has(id));
      queue.sort((a, b) => Number(this.held.has(b.id)) - Number(this.held.has(a.id)) || older(a, b));
      for (const claim of queue) {
        if (!this.#hungry.has(claim.id)) continue;
        const before = this.held.get(claim.id)?.addresses.join();
        this.#settle(claim);
        if (this.held.get(claim.id)?.addresses.join() !== before) again = true;
      }
    }
  }

  #settle(claim: Claim): void {
    const { id } = claim;
    const known = this.held.get(id)?.addresses ?? this.#unread.get(id);
    const present = known ?? (this.#seen.has(id) ? [] : claim.held);
    const answer = this.#decide(claim, present, known !== undefined);
    if (!this.#asked.has(id) || answer.addresses.join() !== present.join()) this.#asked.set(id, claim.pool);
    this.#seen.add(id);
    this.#forget(id);
    this.#claims.set(id, claim);
    if (answer.hungry) this.#hungry.add(id);
    const { addresses, rule } = answer;
    if (addresses.length === 0) this.waiting.set(id, rule ?? '?');
    else this.held.set(id, { addresses, ...(rule === undefined ? {} : { unmet: rule }) });
  }

  #decide(claim: Claim, present: readonly string[], known: boolean): Answer {
    const families = claim.families.length === 0 ? ['ipv4'] : claim.families;
    const mine: string[] = [];
    for (const family of families) {
      const one = present.find(
        (address) =>
          familyOf(address) === family &&
          !this.#reserved.has(address) &&
          this.#inTheWay(claim, address) === undefined &&
          (known || this.#faults(claim, [address]).length === 0),
      );
      if (one !== undefined) mine.push(one);
    }
    if (claim.list?.length) {
      const rule = this.#mayAsk(claim, families);
      return rule === undefined
        ? { addresses: this.#sorted(claim.list, families), hungry: false }
        : this.#stay(mine, rule);
    }
    if (mine.length > 0) {
      const faults = this.#faults(claim, mine);
      const [fault] = [...faults.filter(({ must }) => must), ...faults];
      if (fault === undefined) return this.#fill(claim, mine, families);
      if (!fault.must && !this.#reassign) return { addresses: mine, rule: fault.rule, hungry: false };
    }
    return this.#choose(claim, mine, families);
  }

  /** Why the pools would not give these addresses. */
  #faults(claim: Claim, addresses: readonly string[]): { rule: string; must: boolean }[] {
    const faults: { rule: string; must: boolean }[] = [];
    for (const address of addresses) {
      const pool = this.#poolOf(address);
      const named = claim.pool !== undefined;
      const anew = named && this.#asked.has(claim.id) && this.#asked.get(claim.id) !== claim.pool;
      if (pool === undefined) faults.push({ rule: 'outside', must: anew });
      else if (named && pool.name !== claim.pool) faults.push({ rule: 'other-pool', must: true });
      else if (pool.avoidBuggy && buggy(address)) faults.push({ rule: 'buggy', must: true });
      else {
        const rule = closedTo(pool, claim);
        if (rule !== undefined) faults.push({ rule, must: false });
      }
    }
    const pools = new Set(addresses.map((address) => this.#poolOf(address)));
    if (faults.length === 0 && pools.size > 1) faults.push({ rule: 'two-pools', must: false });
    return faults;
  }

  #mayAsk(claim: Claim, families: readonly string[]): string | undefined {
    const list = [...new Set(claim.list)];
    const found = list.map(familyOf);
    const odd = found.some((family, i) => !families.includes(family) || found.indexOf(family) !== i);
    if (odd || (list.length < families.length && claim.familyPolicy !== 'prefer')) return 'families';
    let first: PlainPool | undefined;
    for (const address of this.#sorted(list, families)) {
      if (this.#reserved.has(address)) return 'reserved';
      if (claim.pool !== undefined && !this.#pools.some(({ name }) => name === claim.pool)) return 'unknown-pool';
      const pool = this.#poolOf(address);
      if (pool === undefined) return 'outside';
      if (claim.pool !== undefined && pool.name !== claim.pool) return 'other-pool';
      if (first !== undefined && pool !== first) return 'two-pools';
      first = pool;
      const closed = closedTo(pool, claim);
      if (closed !== undefined) return closed;
      if (pool.avoidBuggy && buggy(address)) return 'buggy';
      const rule = this.#inTheWay(claim, address);
      if (rule !== undefined) return rule;
    }
    return undefined;
  }

  #fill(claim: Claim, mine: readonly string[], families: readonly string[]): Answer {
    if (mine.length === families.length) return { addresses: mine, hungry: false };
    const pool = this.#poolOf(mine[0] ?? '');
    if (pool === undefined) throw new Error('addresses without fault lie in a pool');
    const all = this.#from(pool, claim, mine, families);
    if (typeof all !== 'string') return { addresses: all, hungry: false };
    return { addresses: mine, hungry: true, ...(claim.familyPolicy === 'prefer' ? {} : { rule: all }) };
  }

  #choose(claim: Claim, mine: readonly string[], families: readonly string[]): Answer {
    let pools = this.#pools.filter((pool) => pool.autoAssign && closedTo(pool, claim) === undefined);
    const weight = (pool: PlainPool) => (pool.pinned ? pool.priority || 1e9 : 1e10);
    pools.sort((a, b) => weight(a) - weight(b) || (a.name < b.name ? -1 : 1));
    if (claim.pool !== undefined) {
      pools = this.#pools.filter(({ name }) => name === claim.pool);
      const [pool] = pools;
      if (pool === undefined) return this.#stay(mine, 'unknown-pool');
      const closed = closedTo(pool, claim);
      if (closed !== undefined) return this.#stay(mine, closed);
    }
    const rules: string[] = [];
    const tries =
      claim.familyPolicy === 'prefer' && families.length === 2 ? [families, [families[0] ?? '']] : [families];
    for (const wanted of tries) {
      rules.length = 0;
      for (const pool of pools) {
        const found = this.#from(pool, claim, mine, wanted);
        if (typeof found !== 'string') return { addresses: found, hungry: found.length < families.length };
        rules.push(found);
      }
    }
    if (rules.length === 0) return this.#stay(mine, 'no-pool');
    return this.#stay(mine, rules.includes('full') ? 'full' : 'no-family');
  }

  #from(
    pool: PlainPool,
    claim: Claim,
    mine: readonly string[],
    families: readonly string[],
  ): readonly string[] | string {
    const has = (family: string) => pool.addresses.some((address) => familyOf(address) === family);
    if (!families.every(has)) return 'no-family';
    const found: string[] = [];
    for (const family of families) {
      const given = pool.addresses.filter(
        (address) =>
          familyOf(address) === family && !this.#reserved.has(address) && !(pool.avoidBuggy && buggy(address)),
      );
      const own = [...(this.held.get(claim.id)?.addresses ?? []), ...(this.#unread.get(claim.id) ?? [])];
      const one =
        given.find((address) => mine.includes(address)) ??
        given.find((address) => !own.includes(address) && this.#inTheWay(claim, address) === undefined);
      if (one !== undefined) found.push(one);
      else return 'full';
    }
    return found;
  }

  #stay(mine: readonly string[], rule: string): Answer {
    return { addresses: this.#reassign ? [] : mine, rule, hungry: true };
  }

  /** Which rule of sharing keeps the claim from an address. */
  #inTheWay(claim: Claim, address: string): string | undefined {
    const holders = [...this.held].filter(([id, { addresses }]) => id !== claim.id && addresses.includes(address));
    // All that share an address agree on key and backends; of the ports the first that collides counts.
    for (const [id] of holders) {
      const rule = sharingRule(claim, this.#claims.get(id));
      if (rule !== undefined) return rule;
    }
    const unread = [...this.#unread].filter(([, addresses]) => addresses.includes(address)).map(([id]) => id);
    const own = unread.includes(claim.id) || this.held.get(claim.id)?.addresses.includes(address);
    return unread.length > 0 && !own ? 'unread' : undefined;
  }

  #poolOf(address: string): PlainPool | undefined {
    return this.#pools.find(({ addresses }) => addresses.includes(address));
  }

  #sorted(list: readonly string[], families: readonly string[]): readonly string[] {
    return families.flatMap((family) => [...new Set(list)].filter((address) => familyOf(address) === family));
  }
}

export function sharingRule(a: Claim, b: Claim | undefined): string | undefined {
  if (b === undefined || !a.shareKey || !b.shareKey) return 'share-key-missing';
  if (a.shareKey !== b.shareKey) return 'share-key';
  if ((a.backendKey || '') !== (b.backendKey || '')) return 'share-backend';
  const ports = ({ ports: spans }: Claim) =>
    spans.flatMap(({ protocol, from, to }) =>
      Array.from({ length: to - from + 1 }, (_, i) => `${protocol}${from + i}`),
    );
  return ports(a).some((port) => ports(b).includes(port)) ? 'share-port' : undefined;
}

function closedTo(pool: PlainPool, claim: Claim): string | undefined {
  if (pool.namespaces !== undefined && !pool.namespaces.includes(claim.namespace)) return 'namespace';
  if (pool.labels === undefined) return undefined;
  const selected = pool.labels.some((label) => claim.labels[label.split('=')[0] ?? ''] === label.split('=')[1]);
  return selected ? undefined : 'labels';
}

function older(a: Claim, b: Claim): number {
  const [x, y] = [a.bornMs ?? 1e15, b.bornMs ?? 1e15];
  return x - y || (a.id < b.id ? -1 : 1);
}
