import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { DiskWriter, readDisk } from './disk.ts';
import { Acceptor } from './kernel/acceptor.ts';
import { Announcer } from './kernel/announcer.ts';
import { Journal } from './kernel/journal.ts';
import { KernelGate } from './kernel/kernel-gate.ts';
import type { NftSession } from './kernel/nft-session.ts';
import type { PacketSocket } from './kernel/packet-socket.ts';
import { runProgram } from './kernel/run-program.ts';
import { type Watch, watchProgram } from './kernel/watch-program.ts';
import type { News, Order, SpeakerOptions } from './options.ts';
import type { Report } from './protocol/events.ts';
import { deriveMac, shortHash } from './protocol/keys.ts';
import type { Message, NodeId } from './protocol/messages.ts';
import { Seal } from './protocol/seal.ts';
import type { Timing } from './protocol/timing.ts';
import { Rivals } from './rivals.ts';
import { type Core, Shell } from './shell.ts';
import { Surroundings } from './surroundings.ts';
import { UngatedGate } from './ungated-gate.ts';

export interface SpeakerParts {
  readonly core: Core;
  readonly timing: Timing;
  readonly packets: PacketSocket;
  /** Absent: ungated. */
  readonly session: NftSession | undefined;
  readonly tell: (news: News) => void;
}

const now = () => performance.now();
const drainMs = 1000;
const rivalsMs = 3000;

/** One node: the core with its socket, its disk, the kernel's gates and the network around. Lives in the speaker's thread. */
export class SpeakerNode {
  readonly #options: SpeakerOptions;
  readonly #parts: SpeakerParts;
  readonly #seal: Seal;
  readonly #socket: Socket;
  readonly #shell: Shell;
  readonly #gate: KernelGate | UngatedGate;
  readonly #surroundings: Surroundings;
  readonly #announcer: Announcer;
  readonly #claimed = new Set<string>();
  /** When each peer was heard last. */
  readonly #heard = new Map<NodeId, number>();
  #ranks: ReadonlyMap<string, readonly NodeId[]>;
  #eligible = true;
  #draining = false;
  #watch: Watch | undefined;
  #rivalsTimer: NodeJS.Timeout | undefined;

  constructor(options: SpeakerOptions, parts: SpeakerParts) {
    const { tell, timing, session } = parts;
    this.#options = options;
    this.#parts = parts;
    this.#ranks = new Map(options.ranks);
    const clusterId = shortHash(options.cluster);
    const mac = deriveMac(options.secret, clusterId);
    this.#seal = new Seal({ self: options.node, clusterId, configHash: shortHash(JSON.stringify(timing)), mac });
    this.#socket = createSocket(isIPv6(options.listen.address) ? 'udp6' : 'udp4');
    const acceptor = new Acceptor(new Journal(join(options.stateDir, 'l2-addresses.json')));
    const faces = () => this.#surroundings.faces;
    this.#gate =
      session === undefined
        ? new UngatedGate(acceptor, faces)
        : new KernelGate({
            session,
            look: (args) => runProgram('nft', args),
            shape: { pools: options.pools, interfaces: [] },
            tell: (news) => this.#gateNews(news),
          });
    this.#surroundings = new Surroundings({
      options,
      gate: this.#gate,
      acceptor,
      tell,
      changed: () => this.#facesChanged(),
    });
    this.#announcer = new Announcer({
      socket: parts.packets,
      faces: () => faces().flatMap(({ index, mac: own }) => (own === undefined ? [] : [{ index, mac: own }])),
      open: (vip) => this.#shell.open(vip),
      now,
      ...(options.refreshMs === undefined ? {} : { refreshMs: options.refreshMs }),
    });
    const disk = new DiskWriter(
      this.#diskFile,
      (written) => this.#shell.dispatch({ kind: 'persisted', disk: written }),
      (error) => tell({ kind: 'trouble', what: `writing ${this.#diskFile}`, error }),
    );
    this.#shell = new Shell(parts.core, {
      now,
      send: (to, message) => this.#send(to, message),
      apply: (inc, transaction) => this.#apply(inc, transaction),
      persist: (record) => disk.write(record),
      announce: (vips) => this.#announcer.announce(vips),
      report: (report) => this.#report(report),
    });
  }

  /** Binds the socket and begins; throws when that is not possible here. */
  async start(): Promise<void> {
    const { listen, group } = this.#options;
    await this.#surroundings.look();
    if ('reshape' in this.#gate) {
      await this.#gate.reshape({
        pools: this.#options.pools,
        interfaces: this.#surroundings.faces.map(({ name }) => name),
      });
      const mend = () => void this.#mend();
      const theirs = / (weir-\d+) /;
      this.#watch = watchProgram(
        'nft',
        ['monitor', 'destroy', 'rules'],
        (line) => (theirs.test(line) || line.startsWith('#')) && mend(),
        mend,
      );
    }
    await new Promise<void>((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind(listen.port, listen.address, () => {
        this.#socket.off('error', reject);
        this.#socket.on('error', (error) =>
          this.#parts.tell({ kind: 'trouble', what: 'the socket', error: error.message }),
        );
        resolve();
      });
    });
    this.#socket.on('message', (datagram) => this.#receive(datagram));
    this.#watchRivals();
    this.#shell.dispatch({ kind: 'rank', ranks: this.#ranks });
    this.#shell.dispatch({
      kind: 'start',
      disk: readDisk(this.#diskFile),
      wallClockS: Math.floor(Date.now() / 1000),
      group,
    });
    this.#tellEligible();
  }

  order(order: Order): void {
    switch (order.kind) {
      case 'addresses':
        this.#ranks = new Map(order.addresses.ranks);
        this.#shell.dispatch({ kind: 'rank', ranks: this.#ranks });
        this.#surroundings.use(order.addresses.pools, order.addresses.ranks);
        return;
      case 'eligible':
        this.#eligible = order.eligible;
        this.#tellEligible();
        return;
      case 'drain':
        this.#draining = true;
        this.#tellEligible();
        this.#handAllOver();
        return;
      case 'regroup':
      case 'handOver':
        this.#shell.dispatch(order);
        return;
      case 'close':
        void this.#close(order.how);
    }
  }

  get #diskFile(): string {
    return join(this.#options.stateDir, 'l2-node.json');
  }

  async #apply(inc: number, transaction: Parameters<KernelGate['apply']>[1]): Promise<boolean> {
    const ok = await this.#gate.apply(inc, transaction);
    if (ok && transaction.kind === 'reset') {
      this.#surroundings.start();
      this.#parts.tell({ kind: 'ready' });
    }
    return ok;
  }

  #send(to: NodeId, message: Message): void {
    const peer = this.#options.peers.find(({ name }) => name === to);
    if (peer !== undefined) this.#socket.send(this.#seal.seal(to, message), peer.port, peer.address, () => {});
  }

  #receive(datagram: Uint8Array): void {
    const opened = this.#seal.open(datagram);
    if (opened.ok) {
      this.#heard.set(opened.message.from, now());
      this.#shell.dispatch({ kind: 'received', message: opened.message });
    } else if (opened.drop === 'config') {
      const error = `${opened.from} has other spans of time: its datagrams are dropped until both are the same`;
      this.#parts.tell({ kind: 'trouble', what: 'a peer', error });
    }
  }

  #report(report: Report): void {
    if (report.kind === 'claimed') this.#claimed.add(report.vip);
    if (report.kind === 'dropped') {
      this.#claimed.delete(report.vip);
      this.#announcer.silence(report.vip);
    }
    this.#parts.tell({ kind: 'report', report, atMs: Number(process.hrtime.bigint()) / 1e6 });
  }

  #gateNews(news: Parameters<ConstructorParameters<typeof KernelGate>[0]['tell']>[0]): void {
    const { tell } = this.#parts;
    if (news.kind === 'mended') tell({ kind: 'gatesMended' });
    else if (news.kind === 'failed') tell({ kind: 'trouble', what: news.what, error: news.error });
    else tell({ kind: 'refused', reason: `another weir has made the nft table ${news.table} on this machine` });
  }

  async #mend(): Promise<void> {
    if ('mend' in this.#gate) await this.#gate.mend();
  }

  #watchRivals(): void {
    const gate = this.#gate;
    if (!('claims' in gate)) return;
    const rivals = new Rivals({
      claims: () => gate.claims(),
      open: (vip) => this.#shell.open(vip),
      announce: (vips) => this.#announcer.announce(vips),
      tell: (claim) => this.#parts.tell({ kind: 'conflict', ...claim }),
      now,
    });
    this.#rivalsTimer = setInterval(() => {
      if (this.#claimed.size > 0) void rivals.look();
    }, rivalsMs);
  }

  #facesChanged(): void {
    this.#tellEligible();
    if (this.#surroundings.faces.length === 0) this.#handAllOver();
    else this.#announcer.again();
  }

  /** Without an interface that announces, a node is no candidate. */
  #tellEligible(): void {
    const eligible = this.#eligible && !this.#draining && this.#surroundings.faces.length > 0;
    this.#shell.dispatch({ kind: 'eligible', eligible });
  }

  #handAllOver(): void {
    for (const vip of [...this.#claimed]) {
      const others = (this.#ranks.get(vip) ?? []).filter((node) => node !== this.#options.node);
      const alive = others.find(
        (node) => now() - (this.#heard.get(node) ?? Number.NEGATIVE_INFINITY) < this.#parts.timing.promiseMs,
      );
      const to = alive ?? others[0];
      if (to !== undefined) this.#shell.dispatch({ kind: 'handOver', vip, to });
    }
  }

  async #close(how: 'leave' | 'withdraw'): Promise<void> {
    if (how === 'withdraw') {
      this.order({ kind: 'drain' });
      const until = now() + drainMs;
      while (this.#claimed.size > 0 && now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.#shell.close();
    this.#announcer.close();
    clearInterval(this.#rivalsTimer);
    this.#watch?.close();
    this.#surroundings.close();
    if (how === 'withdraw') {
      await this.#surroundings.withdraw();
      if ('destroy' in this.#gate) await this.#gate.destroy();
    } else if ('close' in this.#gate) this.#gate.close();
    await this.#parts.session?.close();
    this.#socket.close();
    this.#parts.packets.close();
    this.#parts.tell({ kind: 'closed' });
  }
}
