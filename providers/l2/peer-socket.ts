import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { lookup as lookUp } from 'node:dns';
import { isIP, isIPv6 } from 'node:net';
import type { Peer, SpeakerOptions } from './options.ts';
import { deriveMac, shortHash } from './protocol/keys.ts';
import type { Message, NodeId } from './protocol/messages.ts';
import { Seal } from './protocol/seal.ts';
import type { Timing } from './protocol/timing.ts';

export interface PeerSocketParts {
  readonly timing: Timing;
  readonly now: () => number;
  readonly receive: (message: Message) => void;
  readonly trouble: (what: string, error: string) => void;
}

const tellMs = 60_000;

/** The datagrams between nodes: sealed, one socket for all of them. What is lost is lost; the protocol sends again. */
export class PeerSocket {
  readonly #parts: PeerSocketParts;
  readonly #seal: Seal;
  readonly #socket: Socket;
  readonly #listen: SpeakerOptions['listen'];
  /** When each peer was heard last, and when it was last told that its settings differ. */
  readonly #heard = new Map<NodeId, number>();
  readonly #told = new Map<NodeId, number>();
  #peers: ReadonlyMap<NodeId, Peer> = new Map();

  /** RangeError for a secret that is too short. */
  constructor(options: SpeakerOptions, parts: PeerSocketParts) {
    const clusterId = shortHash(options.cluster);
    const configHash = shortHash(JSON.stringify({ ...parts.timing, mode: options.mode ?? 'strict' }));
    this.#parts = parts;
    this.#listen = options.listen;
    this.#seal = new Seal({ self: options.node, clusterId, configHash, mac: deriveMac(options.secret, clusterId) });
    this.#socket = createSocket({ type: isIPv6(options.listen.address) ? 'udp6' : 'udp4', lookup });
    this.know(options.peers);
  }

  /** Other nodes than before; a node that is not known is not sent anything, what it sends is taken. */
  know(peers: readonly Peer[]): void {
    this.#peers = new Map(peers.map((peer) => [peer.name, peer]));
  }

  /** Rejects where the address cannot be bound. */
  bind(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(this.#listen.port, this.#listen.address, () => {
        socket.off('error', reject);
        socket.on('error', (error) => this.#parts.trouble('the socket', error.message));
        socket.on('message', (datagram) => this.#receive(datagram));
        resolve();
      });
    });
  }

  send(to: NodeId, message: Message): void {
    const peer = this.#peers.get(to);
    if (peer !== undefined) this.#socket.send(this.#seal.seal(to, message), peer.port, peer.address, () => {});
  }

  /** How long ago a peer was heard, ms; Infinity: never. */
  silenceMs(peer: NodeId): number {
    return this.#parts.now() - (this.#heard.get(peer) ?? Number.NEGATIVE_INFINITY);
  }

  close(): void {
    this.#socket.close();
  }

  #receive(datagram: Uint8Array): void {
    const opened = this.#seal.open(datagram);
    const now = this.#parts.now();
    if (opened.ok) {
      this.#heard.set(opened.message.from, now);
      this.#parts.receive(opened.message);
    } else if (opened.drop === 'config' && opened.from !== undefined) {
      if (now - (this.#told.get(opened.from) ?? Number.NEGATIVE_INFINITY) < tellMs) return;
      this.#told.set(opened.from, now);
      this.#parts.trouble(opened.from, 'it has other spans of time: nothing of it is taken until both are the same');
    }
  }
}

/** Addresses are looked up before each datagram: what is one already takes no time. */
const lookup: NonNullable<SocketOptions['lookup']> = (host, options, done) => {
  const family = isIP(host);
  if (family === 0) lookUp(host, options, done);
  else done(null, host, family);
};
