import { join } from 'node:path';
import { journalFile } from './clear-machine.ts';
import { Counting } from './counting.ts';
import { DiskWriter, readDisk } from './disk.ts';
import { GateFacts } from './gate-facts.ts';
import { drainMs, HandingOver } from './handing-over.ts';
import { Health } from './health.ts';
import { Inquiry } from './inquiry.ts';
import { Acceptor } from './kernel/acceptor.ts';
import { Announcer } from './kernel/announcer.ts';
import { Journal } from './kernel/journal.ts';
import { KernelGate } from './kernel/kernel-gate.ts';
import type { Gates } from './kernel/open-gates.ts';
import type { PacketSocket } from './kernel/packet-socket.ts';
import { runProgram } from './kernel/run-program.ts';
import { Moved } from './moved.ts';
import { PeerSocket } from './peer-socket.ts';
import { PeerView } from './peer-view.ts';
import type { Report } from './protocol/events.ts';
import type { NodeId } from './protocol/messages.ts';
import type { Timing } from './protocol/timing.ts';
import { Rivals } from './rivals.ts';
import { type Core, Shell } from './shell.ts';
import type { Addresses, News, Order, Place, SpeakerOptions } from './speaker-words.ts';
import { Surroundings } from './surroundings.ts';
import { UngatedGate } from './ungated-gate.ts';
import { WordPost } from './word-post.ts';

export interface SpeakerParts {
  readonly core: Core;
  readonly timing: Timing;
  readonly packets: PacketSocket;
  /** Absent: ungated. */
  readonly gates: Gates | undefined;
  readonly tell: (news: News) => void;
}

const now = () => performance.now();
/** Less than the gates and the claims of others may wait for a look; one look in three is for those claims, too. */
const glanceMs = 35;
const rivalGlances = 3;

/** One node: the core with its socket, its disk, the kernel's gates and the network around. Lives in the speaker's thread. */
export class SpeakerNode {
  readonly #options: SpeakerOptions;
  readonly #parts: SpeakerParts;
  readonly #peers: PeerSocket;
  readonly #words: WordPost;
  readonly #view: PeerView;
  readonly #health: Health;
  readonly #shell: Shell;
  readonly #gate: KernelGate | UngatedGate;
  readonly #facts: GateFacts;
  readonly #surroundings: Surroundings;
  readonly #announcer: Announcer;
  readonly #rivals: Rivals;
  readonly #moved: Moved;
  readonly #inquiry: Inquiry;
  readonly #counting: Counting;
  readonly #handing: HandingOver;
  readonly #claimed = new Set<string>();
  #ranks: ReadonlyMap<string, readonly NodeId[]>;
  /** Without this node where it is none that can. */
  #known: ReadonlyMap<string, readonly NodeId[]> = new Map();
  #probes: readonly Place[];
  #eligible = true;
  #draining = false;
  #accepting = false;
  #uses = 0;
  #glancedAt = 0;
  #glances = 0;

  constructor(options: SpeakerOptions, parts: SpeakerParts) {
    const { tell, timing, gates } = parts;
    this.#options = options;
    this.#parts = parts;
    this.#ranks = new Map(options.ranks);
    this.#probes = options.probes ?? [];
    this.#peers = new PeerSocket(options, {
      timing,
      now,
      receive: (message) => {
        this.#view.hear(message);
        this.#moved.hear(message);
        this.#inquiry.hear(message);
        this.#shell.dispatch({ kind: 'received', message });
        this.#glance();
      },
      receiveWord: (word) => this.#words.hear(word),
      trouble: (what, error) => tell({ kind: 'trouble', what, error }),
      dropped: (why, from, count) => tell({ kind: 'dropped', why, from, count }),
    });
    const { promiseMs, restMs } = timing;
    this.#view = new PeerView({ node: options.node, now, wall: Date.now, tell, promiseMs, restMs });
    this.#view.know(options.peers.map(({ name }) => name));
    this.#words = new WordPost(options, {
      send: (to, word) => this.#peers.sendWord(to, word),
      said: (said) => tell({ kind: 'said', said }),
      there: (node) => this.#view.heard(node),
    });
    this.#health = new Health({
      changed: (served, reason) => {
        tell({ kind: 'served', served, reason });
        this.#tellEligible();
      },
    });
    const acceptor = new Acceptor(new Journal(journalFile(options.stateDir)));
    const faces = (vip: string) => this.#surroundings.facesOf(vip);
    this.#gate =
      gates === undefined
        ? new UngatedGate(acceptor, faces)
        : new KernelGate({
            ...gates,
            look: (args) => runProgram('nft', args),
            shape: { pools: options.pools, interfaces: [], bound: [] },
            tell: (news) => this.#gateNews(news),
          });
    this.#facts = new GateFacts(this.#gate, gates);
    this.#surroundings = new Surroundings({
      options,
      gate: this.#gate,
      acceptor,
      tell,
      free: (vip) => this.#inquiry.ready(vip),
      changed: (announcing) => this.#facesChanged(announcing),
      accepting: () => {
        this.#accepting = true;
        this.#tellEligible();
        tell({ kind: 'ready' });
      },
    });
    this.#moved = new Moved({
      node: options.node,
      now,
      addressOf: (node) => this.#peers.addressOf(node),
      faces,
      pass: (passing) => 'pass' in this.#gate && this.#gate.pass(passing),
    });
    this.#announcer = new Announcer({
      socket: parts.packets,
      faces: (vip) => faces(vip).flatMap(({ index, mac: own }) => (own === undefined ? [] : [{ index, mac: own }])),
      open: (vip) => this.#shell.open(vip),
      now,
      ...(options.refreshMs === undefined ? {} : { refreshMs: options.refreshMs }),
    });
    this.#rivals = new Rivals({
      // While there is anything here that they could claim.
      claims: () => (this.#claimed.size === 0 ? [] : this.#facts.claims()),
      open: (vip) => this.#shell.open(vip),
      announce: (vips) => this.#announcer.announce(vips),
      settle: (vip) => this.#shell.dispatch({ kind: 'rival', vip }),
      tell: (claim) => tell({ kind: 'conflict', ...claim }),
      now,
    });
    this.#counting = new Counting({
      answered: () => this.#facts.answered(),
      announced: () => this.#announcer.takeSent(),
      tell,
    });
    this.#inquiry = new Inquiry({
      socket: parts.packets,
      faces,
      face: (name) => this.#surroundings.faces.find((one) => one.name === name),
      file: join(options.stateDir, 'l2-addresses-used.json'),
      held: (vip) => this.#view.claimed(vip),
      changed: () => void this.#surroundings.take().then(() => this.#rank()),
      taken: (vips) => tell({ kind: 'taken', vips }),
      fault: (error) => tell({ kind: 'trouble', what: 'asking who has an address', error }),
    });
    this.#handing = new HandingOver({
      node: options.node,
      now,
      claimed: this.#claimed,
      ranks: () => this.#ranks,
      known: () => this.#known,
      fit: (node) => this.#view.fit(node),
      hand: (heirs) => this.#shell.dispatch({ kind: 'handOverAll', heirs }),
      letGo: (vips) => {
        this.#shell.dispatch({ kind: 'rank', ranks: new Map([...this.#known].filter(([vip]) => !vips.has(vip))) });
        this.#rank();
      },
    });
    const disk = new DiskWriter(
      this.#diskFile,
      (written) => this.#shell.dispatch({ kind: 'persisted', disk: written }),
      (error) => tell({ kind: 'trouble', what: `writing ${this.#diskFile}`, error }),
    );
    this.#shell = new Shell(parts.core, {
      now,
      send: (to, message) => this.#peers.send(to, message),
      apply: (inc, transaction) => this.#apply(inc, transaction),
      persist: (record) => disk.write(record),
      announce: (vips) => this.#announcer.announce(vips),
      vote: (request) => tell({ kind: 'vote', request }),
      probe: (target, withinMs) => this.#inquiry.answered(target, withinMs),
      report: (report) => this.#report(report),
    });
  }

  /** What has to be looked at now and then is, while the thread is awake anyway: it sleeps the longer after it. */
  #glance(): void {
    const at = now();
    if (at - this.#glancedAt < glanceMs) return;
    this.#glancedAt = at;
    if ('glance' in this.#gate) this.#gate.glance();
    this.#glances += 1;
    if (this.#glances % rivalGlances === 0) this.#rivals.look();
  }

  /** Binds the socket and begins; throws when that is not possible here. */
  async start(): Promise<void> {
    const { group } = this.#options;
    await this.#surroundings.look();
    const gate = this.#gate;
    if ('mend' in gate) {
      await gate.reshape(this.#surroundings.shape());
      gate.watch();
    }
    await this.#peers.bind();
    this.#view.start();
    this.#words.start();
    this.#counting.start();
    this.#inquire();
    this.#rank();
    this.#shell.dispatch({
      kind: 'start',
      disk: readDisk(this.#diskFile),
      wallClockMs: Date.now(),
      group,
    });
    this.#tellEligible();
  }

  order(order: Order): void {
    switch (order.kind) {
      case 'addresses':
        void this.#use(order.addresses);
        return;
      case 'peers':
        this.#peers.know(order.peers);
        this.#view.know(order.peers.map(({ name }) => name));
        this.#words.know(order.peers.map(({ name }) => name));
        return;
      case 'say':
        this.#words.say(order);
        return;
      case 'eligible':
        this.#eligible = order.eligible;
        this.#tellEligible();
        return;
      case 'drain':
        this.#draining = order.draining !== false;
        this.#tellEligible();
        return;
      case 'regroup':
      case 'handOver':
      case 'vote':
        this.#shell.dispatch(order);
        return;
      case 'close':
        void this.#close(order.how);
    }
  }

  /** What is new may be claimed when it is accepted; what is gone is given up at once. */
  async #use(addresses: Addresses): Promise<void> {
    const before = this.#ranks;
    this.#probes = addresses.probes ?? [];
    this.#uses += 1;
    const use = this.#uses;
    this.#ranks = new Map(addresses.ranks.filter(([vip]) => before.has(vip)));
    this.#rank();
    if (!(await this.#handing.misplaced(() => use === this.#uses))) return;
    await this.#surroundings.use(addresses);
    if (use !== this.#uses) return;
    this.#ranks = new Map(addresses.ranks);
    this.#inquire();
    this.#rank();
  }

  /** For what it may not use yet, somebody else has, is its own or cannot be taken here this node is no candidate: another one may be. */
  #rank(): void {
    const { node } = this.#options;
    const able = (vip: string) => this.#inquiry.ready(vip) && this.#surroundings.takes(vip);
    this.#known = new Map(
      [...this.#ranks].map(([vip, nodes]) => [vip, able(vip) ? nodes : nodes.filter((one) => one !== node)]),
    );
    // What is not taken here is asked for on the network, where others would answer.
    this.#health.use(this.#probes.filter(([vip]) => able(vip)));
    this.#shell.dispatch({ kind: 'rank', ranks: this.#known });
  }

  /** Asks about what is new for this node. */
  #inquire(): void {
    const { node } = this.#options;
    this.#inquiry.want([...this.#ranks].flatMap(([vip, nodes]) => (nodes.includes(node) ? [vip] : [])));
  }

  get #diskFile(): string {
    return join(this.#options.stateDir, 'l2-node.json');
  }

  async #apply(inc: number, transaction: Parameters<KernelGate['apply']>[1]): Promise<boolean> {
    const ok = await this.#gate.apply(inc, transaction);
    if (ok && transaction.kind === 'reset') this.#surroundings.start();
    this.#glance();
    return ok;
  }

  #report(report: Report): void {
    if (report.kind === 'claimed') this.#claimed.add(report.vip);
    if (report.kind === 'dropped') {
      this.#claimed.delete(report.vip);
      this.#announcer.silence(report.vip);
      this.#moved.drop(report.vip);
    }
    this.#parts.tell({ kind: 'report', report, atMs: Number(process.hrtime.bigint()) / 1e6 });
  }

  #gateNews(news: Parameters<ConstructorParameters<typeof KernelGate>[0]['tell']>[0]): void {
    const { tell } = this.#parts;
    if (news.kind === 'mended') tell({ kind: 'gatesMended' });
    else if (news.kind === 'failed') tell({ kind: 'trouble', what: news.what, error: news.error });
    else tell({ kind: 'refused', reason: `another weir has made the nft table ${news.table} on this machine` });
  }

  #facesChanged(announcing: boolean): void {
    this.#inquiry.look();
    this.#rank();
    void this.#handing.misplaced(() => true);
    this.#tellEligible();
    if (announcing && this.#surroundings.faces.length > 0) this.#announcer.again();
  }

  /** Without an interface that announces, and before it accepts anything, a node is no candidate. */
  #tellEligible(): void {
    const fit = this.#accepting && this.#surroundings.faces.length > 0;
    const eligible = this.#eligible && !this.#draining && fit && this.#health.served;
    this.#shell.dispatch({ kind: 'eligible', eligible });
    this.#handing.eligible(eligible);
  }

  async #close(how: 'leave' | 'withdraw'): Promise<void> {
    if (how === 'withdraw') {
      this.order({ kind: 'drain' });
      const until = now() + drainMs;
      const anybody = () => [...this.#ranks.values()].some((nodes) => nodes.some((node) => this.#view.fit(node)));
      while (this.#claimed.size > 0 && now() < until && anybody())
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await this.#shell.released();
    this.#handing.close();
    this.#view.close();
    this.#words.close();
    this.#health.close();
    this.#counting.close();
    this.#shell.close();
    this.#announcer.close();
    await this.#inquiry.close();
    this.#surroundings.close();
    if (how === 'withdraw') {
      await this.#surroundings.withdraw();
      if ('destroy' in this.#gate) await this.#gate.destroy();
    } else if ('close' in this.#gate) this.#gate.close();
    await this.#parts.gates?.close();
    this.#peers.close();
    this.#parts.packets.close();
    this.#parts.tell({ kind: 'closed' });
  }
}
