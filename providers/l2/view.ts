import type { ErrorCode } from '../../src/model/index.ts';
import type { NodeId, Vip } from './protocol/messages.ts';
import type { Addresses, News } from './speaker-words.ts';
import { deadAfterMs } from './voters.ts';

export interface Owner {
  readonly node: NodeId;
  /** Wall-clock ms. */
  readonly sinceMs: number;
}

export interface Trouble {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What somebody did once is told for so long, and what is told again each minute until it is over. */
const pastMs = 600_000;
const presentMs = 90_000;
/** So long nobody is told of what passes by itself: a takeover takes a third of a second, a start of all machines up to four. */
export const graceMs = 6000;

/** What of it somebody can mend; the rest is noise of a network. */
const dropReasons: Readonly<Partial<Record<Extract<News, { kind: 'dropped' }>['why'], string>>> = {
  forged: 'they are sealed with another secret; put the same into secretFile on every machine',
  version: 'another version of weir speaks there; bring both to the same',
  config: 'beatMs or mode differ there; nothing of it counts until both are the same',
  misdirected: 'they are meant for another name; two machines may have the same address in peers',
  twin: 'another machine of that name is heard; give each its own `instance`',
  flood: 'more than a machine of the group ever sends',
};

/** What one machine knows of who answers for what, and of what goes wrong, from what its thread tells. */
export class View {
  readonly #node: NodeId;
  readonly #wall: () => number;
  readonly #beganMs: number;
  readonly #open = new Map<Vip, number>();
  readonly #claims = new Map<NodeId, ReadonlyMap<Vip, number>>();
  readonly #known = new Map<Vip, number>();
  readonly #troubles = new Map<string, Trouble & { readonly untilMs: number }>();
  #silent: readonly (readonly [NodeId, number])[] = [];
  #unaccepted: ReadonlyMap<Vip, string> = new Map();
  #faces:
    | { readonly announcing: readonly string[]; readonly passed: readonly (readonly [string, string])[] }
    | undefined;
  #quorum: { readonly reached: boolean; readonly silent: readonly NodeId[]; readonly sinceMs: number } | undefined;
  #waitsFor: readonly NodeId[] = [];
  #waitsSinceMs = 0;
  #alone = false;
  #staleMs = Number.NEGATIVE_INFINITY;
  #taken: ReadonlyMap<Vip, string> = new Map();
  #served: { readonly served: boolean; readonly reason: string } | undefined;

  constructor(node: NodeId, wall: () => number) {
    this.#node = node;
    this.#wall = wall;
    this.#beganMs = wall();
  }

  /** Addresses for which this machine answers, with the wall-clock ms since when. */
  get open(): ReadonlyMap<Vip, number> {
    return this.#open;
  }

  get silent(): readonly (readonly [NodeId, number])[] {
    return this.#silent;
  }

  /** Machines that were not heard for so long that they are only waited for as long as the cluster names them. */
  get gone(): readonly NodeId[] {
    const now = this.#wall();
    return this.#silent.flatMap(([node, sinceMs]) => (now - (sinceMs || this.#beganMs) >= deadAfterMs ? [node] : []));
  }

  /** False: no majority acknowledges what this machine says, so it answers for nothing. */
  get quorate(): boolean {
    return this.#quorum?.reached !== false;
  }

  /** Machines that have to be heard before this one votes. */
  get waitsFor(): readonly NodeId[] {
    return this.#waitsFor;
  }

  /** Addresses that others on the network had before they were used, with their Ethernet addresses. */
  get taken(): ReadonlyMap<Vip, string> {
    return this.#taken;
  }

  get unaccepted(): ReadonlyMap<Vip, string> {
    return this.#unaccepted;
  }

  /** Names of interfaces that announce. */
  get faces(): readonly string[] {
    return this.#faces?.announcing ?? [];
  }

  get served(): boolean | undefined {
    return this.#served?.served;
  }

  /** Addresses and who may answer for each, from now on: where nobody may nobody is missed. */
  know(ranks: Addresses['ranks']): void {
    const now = this.#wall();
    const all = new Set(ranks.flatMap(([vip, nodes]) => (nodes.length === 0 ? [] : [vip])));
    for (const vip of this.#known.keys()) if (!all.has(vip)) this.#known.delete(vip);
    for (const vip of all) if (!this.#known.has(vip)) this.#known.set(vip, now);
  }

  owner(vip: Vip): Owner | undefined {
    const own = this.#open.get(vip);
    if (own !== undefined && this.quorate) return { node: this.#node, sinceMs: own };
    // Of several the last: one that has just died is known to be silent later than who follows is heard.
    let found: Owner | undefined;
    for (const [node, claims] of this.#claims) {
      const sinceMs = claims.get(vip);
      if (sinceMs !== undefined && (found === undefined || sinceMs > found.sinceMs)) found = { node, sinceMs };
    }
    return found;
  }

  /** Nobody answers, and that for longer than a takeover takes. */
  unanswered(vip: Vip): boolean {
    const since = this.#known.get(vip);
    return since !== undefined && this.owner(vip) === undefined && this.#wall() - since >= graceMs;
  }

  /** Takes note; true: something is different that people are shown. */
  tell(news: News): boolean {
    switch (news.kind) {
      case 'report':
        return this.#report(news.report);
      case 'claims':
        return this.#claim(news.node, news.vips);
      case 'silent':
        this.#silent = news.nodes;
        return true;
      case 'taken':
        this.#taken = new Map(news.vips);
        return true;
      case 'dropped':
        return this.#drop(news);
      case 'unaccepted':
        this.#unaccepted = new Map(news.vips);
        return true;
      case 'interfaces':
        this.#faces = news;
        return true;
      case 'served':
        this.#served = news;
        return true;
      case 'conflict':
        return this.#conflict(news);
      case 'gatesMended':
        return this.#add('mended', pastMs, {
          code: 'W_L2_GATE',
          message: `the tables of nft were changed or removed by somebody at ${this.#time()} and made again`,
        });
      case 'trouble':
        return this.#add(`trouble ${news.what}`, presentMs, { code: 'W_L2', message: `${news.what}: ${news.error}` });
      default:
        return false;
    }
  }

  /** What is wrong now, but for what is told of single addresses. `peer`: where a node is. */
  troubles(peer: (node: NodeId) => string): readonly Trouble[] {
    const now = this.#wall();
    for (const [key, { untilMs }] of this.#troubles) if (untilMs < now) this.#troubles.delete(key);
    return [
      ...this.#silent.map(([node, sinceMs]): Trouble => {
        const since =
          sinceMs === 0 ? 'has not been heard yet' : `was not heard since ${new Date(sinceMs).toISOString()}`;
        return { code: 'W_L2_PEER', message: `${node} (${peer(node)}) ${since}` };
      }),
      ...this.#voteTroubles(),
      ...this.#interfaceTrouble(),
      ...[...this.#taken].map(
        ([vip, mac]): Trouble => ({
          code: 'W_L2_CONFLICT',
          message: `${vip} is answered by ${mac} already, which is none of ours: it is not announced here until that one is gone`,
        }),
      ),
      ...[...this.#unaccepted].map(
        ([vip, reason]): Trouble => ({ code: 'W_L2', message: `${vip} cannot be taken on ${this.#node}: ${reason}` }),
      ),
      ...(this.#served?.served === false
        ? [{ code: 'W_L2', message: `${this.#node} takes no address: ${this.#served.reason}` } as const]
        : []),
      ...[...this.#troubles.values()].map(({ code, message }) => ({ code, message })),
    ];
  }

  #voteTroubles(): readonly Trouble[] {
    const lasts = (sinceMs: number) => this.#wall() - sinceMs >= graceMs;
    const waits = `${this.#node} does not vote yet: it has to hear ${this.#waitsFor.join(', ')} once`;
    const alone = `${this.#node} goes on alone: the other voter is not heard`;
    const silent = (this.#quorum?.silent ?? []).filter((node) => node !== this.#node);
    const others = silent.length === 0 ? '' : `; silent: ${silent.join(', ')}`;
    const lost = `${this.#node} answers for nothing: too few voters hear it${others}`;
    return [
      ...(this.#waitsFor.length > 0 && lasts(this.#waitsSinceMs)
        ? [{ code: 'W_L2_PEER', message: waits } as const]
        : []),
      ...(this.#alone ? [{ code: 'W_L2_PEER', message: alone } as const] : []),
      ...(!this.quorate && lasts(this.#quorum?.sinceMs ?? 0) ? [{ code: 'E_L2_QUORUM', message: lost } as const] : []),
    ];
  }

  #interfaceTrouble(): readonly Trouble[] {
    if (this.#faces === undefined || this.#faces.announcing.length > 0) return [];
    const why = this.#faces.passed.map(([name, reason]) => `${name} ${reason}`).join('; ');
    return [{ code: 'W_L2', message: `no interface of ${this.#node} announces: ${why || 'it has none'}` }];
  }

  #report(report: Extract<News, { kind: 'report' }>['report']): boolean {
    if (report.kind === 'opened') {
      if (!this.#open.has(report.vip)) this.#open.set(report.vip, this.#wall());
      return true;
    }
    switch (report.kind) {
      case 'dropped':
        if (this.#open.delete(report.vip)) this.#lost(report.vip);
        return true;
      case 'quorum':
        this.#quorum = { ...report, sinceMs: this.#wall() };
        for (const vip of this.#open.keys()) this.#lost(vip);
        return true;
      case 'member':
        if (this.#waitsFor.length === 0) this.#waitsSinceMs = this.#wall();
        this.#waitsFor = report.votes ? [] : report.waitsFor;
        return true;
      case 'alone':
        this.#alone = report.alone;
        return true;
      case 'stale':
        return this.#twin();
      case 'groupRefused':
        return this.#add('group', presentMs, { code: 'W_L2_PEER', message: `who votes: ${report.reason}` });
      default:
        return report.kind === 'group';
    }
  }

  /** Once is a restart with a clock that went back; again and again are two that outbid each other. */
  #twin(): boolean {
    const now = this.#wall();
    const first = now - this.#staleMs > presentMs;
    if (first) this.#staleMs = now;
    if (first) return false;
    const message = `another machine speaks under the name ${this.#node}, too: give each its own instance`;
    return this.#add('twin', presentMs, { code: 'W_L2_PEER', message });
  }

  /** Told each minute while it goes on. */
  #conflict({ vip, mac, node }: Extract<News, { kind: 'conflict' }>): boolean {
    const lately = `lately at ${this.#time()}; it is announced again against it`;
    const message =
      node === undefined
        ? `${vip}: ${mac} says that it is his, ${lately}`
        : `${vip}: ${node} (${mac}), one of ours, has announced it, too, ${lately}`;
    return this.#add(`conflict ${vip} ${mac}`, presentMs, { code: 'W_L2_CONFLICT', message });
  }

  #drop({ why, from, count }: Extract<News, { kind: 'dropped' }>): boolean {
    const reason = dropReasons[why];
    if (reason === undefined) return false;
    const message = `${count} datagrams from ${from} were not taken: ${reason}`;
    return this.#add(`dropped ${from} ${why}`, presentMs, { code: 'W_L2_PEER', message });
  }

  #claim(node: NodeId, vips: readonly Vip[]): boolean {
    const before = this.#claims.get(node);
    const now = this.#wall();
    const all = new Map(vips.map((vip) => [vip, before?.get(vip) ?? now]));
    this.#claims.set(node, all);
    for (const vip of before?.keys() ?? []) if (!all.has(vip)) this.#lost(vip);
    return true;
  }

  /** The time without an owner begins anew. */
  #lost(vip: Vip): void {
    if (this.#known.has(vip) && this.owner(vip) === undefined) this.#known.set(vip, this.#wall());
  }

  #add(key: string, forMs: number, trouble: Trouble): boolean {
    this.#troubles.set(key, { ...trouble, untilMs: this.#wall() + forMs });
    return true;
  }

  #time(): string {
    return new Date(this.#wall()).toISOString();
  }
}
