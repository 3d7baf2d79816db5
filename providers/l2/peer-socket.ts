import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { lookup as lookUp } from 'node:dns';
import { isIP, isIPv6 } from 'node:net';
import { bindFault } from './bind-fault.ts';
import { Intake, type Refusal } from './intake.ts';
import type { Peer, SpeakerOptions } from './options.ts';
import { deriveMac, shortHash } from './protocol/keys.ts';
import type { Message, NodeId } from './protocol/messages.ts';
import { beats, Seal } from './protocol/seal.ts';
import type { Timing } from './protocol/timing.ts';
import { Voices } from './voices.ts';
import { type Word, words } from './word-codec.ts';

export interface PeerSocketParts {
  readonly timing: Timing;
  readonly now: () => number;
  readonly receive: (message: Message) => void;
  readonly receiveWord: (word: Word) => void;
  readonly trouble: (what: string, error: string) => void;
  /** Datagrams that were not taken, of an address, or of a machine that has the secret. */
  readonly dropped: (why: Refusal, from: string, count: number) => void;
}

const tellMs = 60_000;

/** The datagrams between nodes: sealed, one socket for all of them. What is lost is lost; the protocol sends again. */
export class PeerSocket {
  readonly #parts: PeerSocketParts;
  readonly #seal: Seal<Message>;
  readonly #wordSeal: Seal<Word>;
  readonly #socket: Socket;
  readonly #listen: SpeakerOptions['listen'];
  readonly #intake: Intake;
  readonly #voices: Voices;
  readonly #node: NodeId;
  #addresses: ReadonlySet<string> = new Set();
  #toldAt = Number.NEGATIVE_INFINITY;
  #peers: ReadonlyMap<NodeId, Peer> = new Map();

  /** RangeError for a secret that is too short. */
  constructor(options: SpeakerOptions, parts: PeerSocketParts) {
    const clusterId = shortHash(options.cluster);
    const configHash = shortHash(JSON.stringify({ ...parts.timing, mode: options.mode ?? 'strict' }));
    this.#parts = parts;
    this.#listen = options.listen;
    this.#node = options.node;
    const sealing = { self: options.node, clusterId, configHash, mac: deriveMac(options.secret, clusterId) };
    this.#seal = new Seal(sealing, beats);
    this.#wordSeal = new Seal(sealing, words);
    this.#socket = createSocket({ type: isIPv6(options.listen.address) ? 'udp6' : 'udp4', lookup });
    this.#intake = new Intake({
      now: parts.now,
      known: (address) => this.#addresses.has(address),
      tell: parts.dropped,
    });
    this.#voices = new Voices({ now: parts.now, addressOf: (node) => this.addressOf(node) });
    this.know(options.peers);
  }

  /** Other nodes than before; a node that is not known is not sent anything, what it sends is taken. */
  know(peers: readonly Peer[]): void {
    this.#peers = new Map(peers.map((peer) => [peer.name, peer]));
    this.#addresses = new Set(peers.map(({ address }) => plain(address)));
  }

  /** Where a peer hears datagrams. */
  addressOf(peer: NodeId): string | undefined {
    return this.#peers.get(peer)?.address;
  }

  /** Rejects where the address cannot be bound. */
  bind(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const refused = (error: unknown) => reject(bindFault(error, this.#node, this.#listen));
      socket.once('error', refused);
      socket.bind(this.#listen.port, this.#listen.address, () => {
        socket.off('error', refused);
        socket.on('error', (error) => this.#parts.trouble('the socket', error.message));
        socket.on('message', (datagram, { address }) => this.#receive(datagram, plain(address)));
        resolve();
      });
    });
  }

  send(to: NodeId, message: Message): void {
    const peer = this.#peers.get(to);
    if (peer === undefined) return;
    this.#send(peer, this.#seal.seal(to, message));
  }

  sendWord(to: NodeId, word: Word): void {
    const peer = this.#peers.get(to);
    if (peer !== undefined) this.#send(peer, this.#wordSeal.seal(to, word));
  }

  #send(peer: Peer, datagram: Uint8Array): void {
    // What is lost is lost, but what never fits is no accident.
    this.#socket.send(datagram, peer.port, peer.address, (error) => {
      if (error !== null && 'code' in error && error.code === 'EMSGSIZE') this.#tooLong(datagram.length);
    });
  }

  close(): void {
    this.#socket.close();
  }

  #tooLong(bytes: number): void {
    const now = this.#parts.now();
    if (now - this.#toldAt < tellMs) return;
    this.#toldAt = now;
    const remedy = 'announce fewer addresses on one machine, or addresses that lie closer together';
    this.#parts.trouble(
      'a beat',
      `its ${bytes} bytes fit no datagram, so nobody hears what is announced here: ${remedy}`,
    );
  }

  #receive(datagram: Uint8Array, address: string): void {
    const { receive, receiveWord } = this.#parts;
    if (((datagram[0] ?? 0) << 8) + (datagram[1] ?? 0) === words.magic)
      this.#open(this.#wordSeal, receiveWord, datagram, address);
    else this.#open(this.#seal, receive, datagram, address);
  }

  #open<M extends { readonly from: NodeId }>(
    seal: Seal<M>,
    receive: (message: M) => void,
    datagram: Uint8Array,
    address: string,
  ): void {
    const opened = seal.open(datagram, () => this.#intake.admits(address, datagram.length));
    if (!opened.ok) {
      this.#intake.dropped(opened.drop, opened.from ?? address);
      return;
    }
    this.#intake.proved(address);
    const { from } = opened.message;
    if (this.#voices.admits(from, address)) receive(opened.message);
    else this.#intake.dropped('twin', `${address}, which calls itself ${from},`);
  }
}

/** Without what a socket adds: the zone, or that an IPv4 address is heard by an IPv6 socket. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
}

/** Addresses are looked up before each datagram: what is one already takes no time. */
const lookup: NonNullable<SocketOptions['lookup']> = (host, options, done) => {
  const family = isIP(host);
  if (family === 0) lookUp(host, options, done);
  else done(null, host, family);
};
