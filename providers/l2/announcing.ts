import { setTimeout as sleep } from 'node:timers/promises';
import type { Resource } from '../../src/model/index.ts';
import { WeirError } from '../../src/model/index.ts';
import { Neighbors } from './neighbors.ts';
import type { Orders } from './orders.ts';
import { SaidWords } from './said-words.ts';
import { type Speaker, startSpeaker } from './speaker.ts';
import type { News, Order, SpeakerOptions } from './speaker-words.ts';
import { View } from './view.ts';

/** Who follows what a machine announces: the session that began it, or the one after a change of the configuration. */
export interface Audience {
  readonly wall: () => number;
  /** Something that is shown is different. */
  readonly changed: (cause: string) => void;
  readonly hear: (news: News) => void;
  readonly count: (name: string, value: number, labels?: Readonly<Record<string, string>>) => void;
}

/** A start takes as long as the machine needs for programs that it calls; the protocol's own part is a third of a second. */
const startMs = 15_000;
/** What hands its addresses over is done in a few milliseconds, unless nobody takes them. */
const handOverMs = 500;

/** The thread that announces on this machine, with what it was told and what it tells. */
export class Announcing {
  readonly view: View;
  readonly said = new SaidWords(() => performance.now());
  readonly #node: string;
  readonly #speaker: Speaker;
  readonly #key: string;
  #audience: Audience;
  #orders: Orders;
  #told: readonly Resource[];
  #ready: 'starting' | 'ready' | 'refused' = 'starting';
  readonly #neighbors = new Neighbors();
  #reason = '';
  #draining = false;

  /** Starts it; `started` tells whether it could. */
  constructor(
    node: string,
    options: Omit<SpeakerOptions, 'node'>,
    orders: Orders,
    told: readonly Resource[],
    audience: Audience,
  ) {
    this.#node = node;
    this.#audience = audience;
    this.#orders = orders;
    this.#told = told;
    this.#key = keyOf(orders);
    this.view = new View(node, () => this.#audience.wall());
    this.view.know(orders.addresses.ranks);
    audience.count('weir_l2_starts_total', 1);
    this.#speaker = startSpeaker({ node, ...options }, (news) => {
      if (news.kind === 'conflict') void this.#name(news);
      else this.#tell(news);
    });
  }

  /** What it was told last. */
  get told(): readonly Resource[] {
    return this.#told;
  }

  get running(): boolean {
    return this.#ready === 'ready';
  }

  get refused(): boolean {
    return this.#ready === 'refused';
  }

  /** Somebody else follows it from now on. */
  follow(audience: Audience): void {
    this.#audience = audience;
  }

  /** Resolves when it runs. Throws E_L2 with the reason where it does not. */
  async started(signal: AbortSignal): Promise<void> {
    for (let waitedMs = 0; this.#ready === 'starting' && waitedMs < startMs; waitedMs += 10)
      await sleep(10, undefined, { signal });
    if (this.#ready === 'ready') return;
    const reason =
      this.#ready === 'refused' ? this.#reason : `the thread that announces was not ready within ${startMs / 1000} s`;
    throw new WeirError('E_L2', reason);
  }

  /** Whether it can go on with these; false: it has to be started anew for them. */
  takes(orders: Orders): boolean {
    return keyOf(orders) === this.#key;
  }

  /** Other addresses and peers, that it takes. */
  use(orders: Orders, told: readonly Resource[]): void {
    this.#told = told;
    const before = this.#orders;
    this.#orders = orders;
    this.view.know(orders.addresses.ranks);
    if (!same(before.peers, orders.peers)) this.#speaker.order({ kind: 'peers', peers: orders.peers });
    if (!same(before.addresses, orders.addresses))
      this.#speaker.order({ kind: 'addresses', addresses: orders.addresses });
  }

  readonly order = (order: Order): void => this.#speaker.order(order);

  drain(draining: boolean): void {
    if (draining === this.#draining) return;
    this.#draining = draining;
    this.#speaker.order({ kind: 'drain', draining });
  }

  /** leave: others take what it has, and a next start finds closed gates. withdraw: nothing of it stays in the kernel. */
  async close(how: 'leave' | 'withdraw'): Promise<void> {
    if (how === 'leave' && this.#ready === 'ready' && this.#heard()) {
      this.drain(true);
      for (let waitedMs = 0; this.view.open.size > 0 && waitedMs < handOverMs; waitedMs += 5) await sleep(5);
    }
    await this.#speaker.close(how);
  }

  /** Anybody who could take over. */
  #heard(): boolean {
    const silent = new Set(this.view.silent.map(([node]) => node));
    return this.#orders.peers.some(({ name }) => !silent.has(name));
  }

  /** A late claim of one of ours, when an address is handed over, is not taken for a stranger's. */
  async #name(news: Extract<News, { kind: 'conflict' }>): Promise<void> {
    const addresses = await this.#neighbors.of(news.mac);
    const peer = this.#orders.peers.find(({ address }) => addresses.includes(address));
    this.#tell(peer === undefined ? news : { ...news, node: peer.name });
  }

  #tell(news: News): void {
    const { changed, count, hear } = this.#audience;
    this.said.hear(news);
    hear(news);
    if (news.kind === 'ready') this.#ready = 'ready';
    if (news.kind === 'refused') [this.#ready, this.#reason] = ['refused', news.reason];
    if (news.kind === 'conflict') count('weir_l2_conflicts_total', 1);
    if (news.kind === 'gatesMended') count('weir_l2_gates_mended_total', 1);
    if (news.kind === 'counted') countQuestions(news, count);
    const had = this.view.open.size;
    const shown = this.view.tell(news);
    const has = this.view.open.size;
    if (has > had) count('weir_l2_takeovers_total', has - had);
    if (has < had) count('weir_l2_releases_total', had - has);
    if (shown || news.kind === 'ready' || news.kind === 'refused') changed(causeOf(news, this.#node));
  }
}

/** By the names of MetalLB, which counts a question where it answers it: here the kernel does both. */
function countQuestions({ answered, announced }: Extract<News, { kind: 'counted' }>, count: Audience['count']): void {
  for (const [ip, questions] of answered) {
    count('metallb_layer2_requests_received', questions, { ip });
    count('metallb_layer2_responses_sent', questions, { ip });
  }
  for (const [ip, frames] of announced) count('metallb_layer2_gratuitous_sent', frames, { ip });
}

/** What needs a new start where it differs. */
function keyOf({ fixed, secretFile }: Orders): string {
  return JSON.stringify([fixed, secretFile]);
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function causeOf(news: News, node: string): string {
  if (news.kind === 'report' && 'vip' in news.report) return `${node} ${news.report.kind} ${news.report.vip}`;
  return `announcing: ${news.kind}`;
}
