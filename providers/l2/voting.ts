import { join } from 'node:path';
import { type Context, WeirError } from '../../src/model/index.ts';
import { answerVote } from './answer-vote.ts';
import { nextConfigured, writesNext } from './configured-voters.ts';
import { readDisk } from './disk.ts';
import { writeDurably } from './kernel/journal.ts';
import type { Orders } from './orders.ts';
import type { Disk, VoteRequest } from './protocol/events.ts';
import { type Group, type NodeId, sameRecord } from './protocol/messages.ts';
import type { News, Order } from './speaker-words.ts';
import { VoterKeeper } from './voter-keeper.ts';
import { firstGroup } from './voters.ts';

/** The API of a cluster may take so long for the first record before the start is given up and tried again. */
const firstMs = 5000;
const voteMs = 2000;

type VotingContext = Pick<Context, 'records' | 'node' | 'clock' | 'log' | 'stateDir'>;
type VotingOrders = Pick<Orders, 'voters' | 'peers'>;

/** Who votes: as the configuration says, else as a record in the API of the cluster, changed one voter at a time. */
export class Voting {
  readonly #ctx: VotingContext;
  readonly #keeper: VoterKeeper | undefined;
  #order: (order: Order) => void = () => {};
  #voters: readonly NodeId[] = [];
  #speakers: readonly NodeId[] = [];
  #silent: ReadonlySet<NodeId> = new Set();
  #group: Group | undefined;
  #settled: Group | undefined;
  readonly #end = new AbortController();

  constructor(ctx: VotingContext, orders: VotingOrders) {
    this.#ctx = ctx;
    const { records, node, clock, log } = ctx;
    if (orders.voters.length === 0 && records !== undefined)
      this.#keeper = new VoterKeeper({
        ...{ records, node, clock, log },
        regroup: (group) => this.#order({ kind: 'regroup', group }),
      });
    this.use(orders);
  }

  /** Who votes as far as it is known here. */
  get voters(): readonly NodeId[] {
    return this.#group?.voters ?? this.#keeper?.group?.voters ?? this.#voters;
  }

  /** The record to begin with. Throws E_L2 where the cluster does not tell it. */
  async first(signal: AbortSignal): Promise<Group> {
    const disk = this.#disk();
    const onDisk = disk?.group;
    if (this.#keeper === undefined) return onDisk ?? { version: 1, voters: this.#voters, previous: [] };
    const late = AbortSignal.timeout(firstMs);
    try {
      const group = await this.#keeper.first(AbortSignal.any([signal, late]), onDisk);
      if (disk !== undefined && strays(disk, group)) await this.#rejoin(disk, group);
      return group;
    } catch (error) {
      signal.throwIfAborted();
      const reason = this.#keeper.error ?? (error instanceof Error ? error.message : String(error));
      throw new WeirError('E_L2', `who votes on addresses cannot be asked for: ${reason}`, { cause: error });
    }
  }

  /** Follows changes from now on. */
  start(order: (order: Order) => void): void {
    this.#order = order;
    this.#keeper?.start();
  }

  /** Follows a thread that runs already, and has told others of its group and of who is silent. */
  follow(order: (order: Order) => void, silent: Extract<News, { kind: 'silent' }>['nodes']): void {
    this.start(order);
    this.hear({ kind: 'silent', nodes: silent });
    const { group, settled } = this.#disk() ?? {};
    this.#group = group;
    if (group !== undefined && settled === true) this.#settle(group.version);
  }

  /** Other machines, or other voters, are wanted. */
  use({ voters, peers }: VotingOrders): void {
    const speakers = [this.#ctx.node, ...peers.map(({ name }) => name)];
    this.#keeper?.speakers(speakers);
    this.#speakers = speakers;
    this.#voters = voters.length > 0 ? voters : firstGroup(speakers).voters;
    this.#advance();
  }

  hear(news: News): void {
    if (news.kind === 'vote') void this.#vote(news.request);
    if (news.kind === 'silent') {
      const { clock } = this.#ctx;
      const since = (wallMs: number) => clock.now() - (wallMs === 0 ? 0 : Math.max(0, clock.wall() - wallMs));
      this.#keeper?.silent(new Map(news.nodes.map(([node, wallMs]) => [node, since(wallMs)])));
      this.#silent = new Set(news.nodes.map(([node]) => node));
      this.#advance();
    }
    if (news.kind !== 'report') return;
    if (news.report.kind === 'group') this.#group = news.report.group;
    if (news.report.kind === 'settled') this.#settle(news.report.version);
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#keeper?.close();
  }

  #settle(version: number): void {
    if (this.#group?.version === version) this.#settled = this.#group;
    if (this.#settled !== undefined) this.#keeper?.settled(this.#settled);
    this.#advance();
  }

  /** Without a cluster: one step towards the configured voters, once the last one is settled. */
  #advance(): void {
    if (this.#keeper !== undefined || this.#settled === undefined) return;
    const { node, log } = this.#ctx;
    const { voters } = this.#settled;
    // Who was taken from the peers writes nothing, and whether it is there is not known any more.
    const away = new Set([...this.#silent, ...voters.filter((voter) => !this.#speakers.includes(voter))]);
    if (!voters.includes(node) || !writesNext(this.#settled, node, away)) return;
    const next = nextConfigured(this.#settled, this.#voters);
    if (next === undefined) return;
    this.#settled = undefined;
    log.info({ version: next.version, voters: next.voters }, `who votes on addresses: ${next.voters.join(', ')}`);
    this.#order({ kind: 'regroup', group: next });
  }

  /** The third vote of two, which the cluster keeps. */
  async #vote(request: VoteRequest): Promise<void> {
    const { records } = this.#ctx;
    const answer =
      records === undefined
        ? ({ id: request.id, kind: 'failed', reason: 'there is no cluster that keeps the third vote' } as const)
        : await answerVote(records, request, AbortSignal.any([this.#end.signal, AbortSignal.timeout(voteMs)]));
    if (!this.#end.signal.aborted) this.#order({ kind: 'vote', answer });
  }

  /** Begins anew as a voter that has lost its disk does: it promises nothing before it has heard enough of the others. */
  async #rejoin({ inc, fence, group }: Disk, kept: Group): Promise<void> {
    const [had, has] = [group, kept].map((one) => `version ${one?.version} (${one?.voters.join(', ')})`);
    this.#ctx.log.warn(
      { had: group, has: kept },
      `who votes on addresses: ${had} on this disk is not what the cluster keeps, ${has}: this machine joins again`,
    );
    await writeDurably(this.#diskFile, JSON.stringify({ inc, fence }));
  }

  #disk(): Disk | undefined {
    return readDisk(this.#diskFile);
  }

  get #diskFile(): string {
    return join(this.#ctx.stateDir, 'l2-node.json');
  }
}

/**
 * Whether a disk has a record that is none of the cluster's: each is written there before anybody takes it. One that majorities have is
 * newer than what the cluster keeps where that was lost.
 */
function strays({ group, settled = false }: Disk, kept: Group): boolean {
  if (group === undefined || group.version < kept.version || sameRecord(group, kept)) return false;
  return group.version === kept.version || !settled;
}
