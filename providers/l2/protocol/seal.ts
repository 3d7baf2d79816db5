import { decodeMessage, encodeMessage } from './codec.ts';
import type { Message, NodeId } from './messages.ts';
import { Malformed, Reader, Writer } from './wire.ts';

/** Authenticates bytes with the key of the group: HMAC-SHA256, 32 bytes. */
export type Mac = (bytes: Uint8Array) => Uint8Array;

/** Who takes part in what; the same on every node but for `self`. */
export interface SealOptions {
  readonly self: NodeId;
  /** 8 bytes that tell groups on one network apart. */
  readonly clusterId: Uint8Array;
  /** 8 bytes of the hash over what must be the same on all nodes, the spans of time above all. */
  readonly configHash: Uint8Array;
  readonly mac: Mac;
}

/** Why a datagram was dropped. `config` comes from a node that has the key and another configuration: worth telling. */
export type Drop = 'malformed' | 'version' | 'foreign' | 'forged' | 'config' | 'misdirected' | 'flood';

export type Opened<M> =
  | { readonly ok: true; readonly message: M }
  | { readonly ok: false; readonly drop: Drop; readonly from?: NodeId };

/** What kind of messages is sealed; two bytes tell it from others. */
export interface SealFormat<M> {
  readonly magic: number;
  readonly encode: (message: M) => Uint8Array;
  /** Throws `Malformed`. */
  readonly decode: (bytes: Uint8Array) => M;
}

/** Messages of the protocol. */
export const beats: SealFormat<Message> = { magic: 0x7765, encode: encodeMessage, decode: decodeMessage };

const version = 2;
const macBytes = 32;
const headBytes = 3 + 8 + 8;

/** Makes datagrams of messages and messages of datagrams; every byte is under the code, the recipient too, so that no promise counts elsewhere. */
export class Seal<M extends { readonly from: NodeId }> {
  /** Datagrams dropped since the start, by reason. */
  readonly drops: Record<Drop, number> = {
    ...{ malformed: 0, version: 0, foreign: 0, forged: 0, config: 0, misdirected: 0, flood: 0 },
  };
  readonly #options: SealOptions;
  readonly #format: SealFormat<M>;
  readonly #head: Uint8Array;
  readonly #heads = new Map<NodeId, Uint8Array>();
  /** The message sealed last: a beat goes to many. */
  #last: { readonly message: M; readonly bytes: Uint8Array } | undefined;

  constructor(options: SealOptions, format: SealFormat<M>) {
    const { clusterId, configHash } = options;
    for (const name of ['clusterId', 'configHash'] as const) {
      if (options[name].length !== 8) throw new RangeError(`${name} has ${options[name].length} bytes: give 8`);
    }
    this.#options = options;
    this.#format = format;
    this.#head = new Writer().number(format.magic, 2).number(version, 1).bytes(clusterId).bytes(configHash).done();
  }

  seal(to: NodeId, message: M): Uint8Array {
    if (this.#last?.message !== message) this.#last = { message, bytes: this.#format.encode(message) };
    const [head, { bytes }] = [this.#headTo(to), this.#last];
    const end = head.length + bytes.length;
    const datagram = new Uint8Array(end + macBytes);
    datagram.set(head);
    datagram.set(bytes, head.length);
    datagram.set(this.#options.mac(datagram.subarray(0, end)), end);
    return datagram;
  }

  /** Never throws: what is not a whole, authentic message for this node is dropped and counted. `mayCheck`: whether its code may be computed, which costs most. */
  open(datagram: Uint8Array, mayCheck: () => boolean = () => true): Opened<M> {
    const opened = this.#open(datagram, mayCheck);
    if (!opened.ok) this.drops[opened.drop] += 1;
    return opened;
  }

  #headTo(to: NodeId): Uint8Array {
    const known = this.#heads.get(to);
    if (known !== undefined) return known;
    const head = new Writer().bytes(this.#head).text(to).done();
    this.#heads.set(to, head);
    return head;
  }

  #open(datagram: Uint8Array, mayCheck: () => boolean): Opened<M> {
    const { self, clusterId, configHash, mac } = this.#options;
    if (datagram.length <= headBytes + macBytes) return { ok: false, drop: 'malformed' };
    // A plain view: parts of a Buffer take longer to make.
    const bytes = new Uint8Array(datagram.buffer, datagram.byteOffset, datagram.length);
    const signed = bytes.subarray(0, bytes.length - macBytes);
    const reader = new Reader(signed);
    if (reader.number(2) !== this.#format.magic) return { ok: false, drop: 'malformed' };
    if (reader.number(1) !== version) return { ok: false, drop: 'version' };
    if (!equal(reader.bytes(8), clusterId)) return { ok: false, drop: 'foreign' };
    if (!mayCheck()) return { ok: false, drop: 'flood' };
    if (!equal(bytes.subarray(signed.length), mac(signed))) return { ok: false, drop: 'forged' };
    try {
      const theirConfig = reader.bytes(8);
      const to = reader.text();
      const message = this.#format.decode(reader.rest());
      if (to !== self) return { ok: false, drop: 'misdirected', from: message.from };
      if (!equal(theirConfig, configHash)) return { ok: false, drop: 'config', from: message.from };
      return { ok: true, message };
    } catch (error) {
      if (error instanceof Malformed) return { ok: false, drop: 'malformed' };
      throw error;
    }
  }
}

/** Takes the same time wherever the difference lies. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  let different = a.length ^ b.length;
  for (let index = 0; index < a.length; index += 1) different |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return different === 0;
}
