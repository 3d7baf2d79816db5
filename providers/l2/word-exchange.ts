import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { shortHash } from './protocol/keys.ts';
import type { NodeId } from './protocol/messages.ts';
import { type Ask, type Head, mostAsked, type Part, partBytes, type Word } from './word-codec.ts';

/** Words of another machine, whole, and the version of the own ones that it had taken in when it said them. */
export interface Said {
  readonly node: NodeId;
  readonly version: string;
  readonly words: string;
  readonly knows: string;
}

export interface WordExchangeParts {
  readonly node: NodeId;
  /** Monotonic ms. */
  readonly now: () => number;
  /** A whole number of 48 bits that nobody can guess, not 0. */
  readonly random: () => number;
  readonly send: (to: NodeId, word: Word) => void;
  /** Told when it is different, and again by a machine that was not there in between. */
  readonly said: (said: Said) => void;
  readonly there: (node: NodeId) => boolean;
  /** It says nothing of its own, and takes in at once what others say: a witness. */
  readonly mute?: boolean;
}

interface Fetch {
  readonly version: string;
  readonly parts: (Uint8Array | undefined)[];
  left: number;
  /** Asked for and not there yet. */
  due: number;
  atMs: number;
}

interface Peer {
  nonce: number;
  echo: number;
  life: number;
  seq: number;
  heardMs: number;
  sentMs: number;
  /** As its last head says. */
  version: string;
  knows: string;
  whole: { readonly version: string; readonly words: string } | undefined;
  fetch: Fetch | undefined;
  told: string;
}

const never = Number.NEGATIVE_INFINITY;
/** Beats tell who is there. */
const restMs = 5000;
/** Until it is answered; less often where nobody answers. */
const urgentMs = 80;
const urgentForMs = 5000;
const askAgainMs = 60;
/** Not more than one answer to one machine in this time. */
const answerMs = 10;
/** More than the words of 100,000 services. */
const mostBytes = 65_535 * partBytes;
const mostChars = 64 * 1024 * 1024;

/** The name of words. */
export function versionOf(words: string): string {
  return Buffer.from(shortHash(words)).toString('hex');
}

/**
 * Brings the newest words of each machine to all others over a network that loses, repeats and reorders: each tells every five seconds which
 * words it says, and at once when they are others; who misses them asks for their parts. Pure but for the sending.
 */
export class WordExchange {
  readonly #parts: WordExchangeParts;
  readonly #life: number;
  readonly #peers = new Map<NodeId, Peer>();
  /** The version of each machine's words that was taken in here. */
  #taken: ReadonlyMap<NodeId, string> = new Map();
  #text: string | undefined;
  #version = '';
  #body: Uint8Array = new Uint8Array();
  readonly #bornMs: number;
  #saidMs: number;
  #seq = 0;

  constructor(parts: WordExchangeParts) {
    this.#parts = parts;
    this.#life = parts.random();
    this.#bornMs = parts.now();
    this.#saidMs = this.#bornMs;
    if (parts.mute === true) this.say('-', new Map());
  }

  know(peers: readonly NodeId[]): void {
    for (const node of this.#peers.keys()) if (!peers.includes(node)) this.#peers.delete(node);
    for (const node of peers) {
      if (node === this.#parts.node || this.#peers.has(node)) continue;
      const unheard = { echo: 0, life: 0, seq: 0, heardMs: never, sentMs: never, version: '', knows: '', told: '' };
      this.#peers.set(node, { nonce: this.#parts.random(), ...unheard, whole: undefined, fetch: undefined });
    }
  }

  /** Other words, or the same to whoever said something that is taken in only now. */
  say(words: string, taken: ReadonlyMap<NodeId, string>): void {
    const [before, same] = [this.#taken, words === this.#text];
    this.#taken = taken;
    if (!same) {
      this.#text = words;
      this.#version = versionOf(words);
      this.#body = deflateRawSync(words);
      this.#saidMs = this.#parts.now();
    }
    for (const [node, peer] of this.#peers) if (!same || before.get(node) !== taken.get(node)) this.#head(node, peer);
  }

  hear(word: Word): void {
    const { now } = this.#parts;
    const peer = this.#peers.get(word.from);
    if (peer === undefined) return;
    if (word.kind === 'part') {
      this.#take(peer, word);
      return;
    }
    if (word.echo !== peer.nonce) {
      // It does not know yet what to echo, or somebody says again what he has recorded: what it asks for counts where nobody else is heard.
      if (now() - peer.heardMs > restMs) peer.echo = word.nonce;
      this.#answer(word.from, peer);
      return;
    }
    const reborn = word.life !== peer.life;
    if (!reborn && word.seq <= peer.seq) return;
    [peer.life, peer.seq, peer.echo, peer.heardMs] = [word.life, word.seq, word.nonce, now()];
    if (reborn) {
      // What an earlier life has said echoes nothing any more.
      peer.nonce = this.#parts.random();
      this.#head(word.from, peer);
    }
    if (word.kind === 'ask') this.#give(word);
    else this.#follow(peer, word);
  }

  /** Says again what may be lost. Answers after how many ms it wants to be called. */
  tick(): number {
    const { now, there } = this.#parts;
    let urgent = false;
    for (const [node, peer] of this.#peers) {
      const present = there(node);
      // What it said before may be old when it is back.
      if (!present) peer.told = '';
      const met = peer.life !== 0;
      const sinceMs = met ? this.#saidMs : this.#bornMs;
      const waits = (!met || (present && this.#waits(peer))) && now() - sinceMs < urgentForMs;
      if (now() - peer.sentMs >= (waits ? urgentMs : restMs) - 1) this.#head(node, peer);
      if (present && peer.fetch !== undefined && now() - peer.fetch.atMs >= askAgainMs)
        this.#ask(node, peer, peer.fetch);
      urgent ||= waits || (present && peer.fetch !== undefined);
    }
    return urgent ? urgentMs / 2 : restMs;
  }

  #waits(peer: Peer): boolean {
    return this.#version !== '' && peer.knows !== this.#version;
  }

  #signed(peer: Peer): Pick<Head, 'from' | 'life' | 'seq' | 'nonce' | 'echo'> {
    this.#seq += 1;
    return { from: this.#parts.node, life: this.#life, seq: this.#seq, nonce: peer.nonce, echo: peer.echo };
  }

  #head(to: NodeId, peer: Peer): void {
    peer.sentMs = this.#parts.now();
    const knows = this.#taken.get(to) ?? '';
    const [version, size] = [this.#version, this.#body.length];
    this.#parts.send(to, { kind: 'head', ...this.#signed(peer), version, size, knows, waits: this.#waits(peer) });
  }

  #answer(to: NodeId, peer: Peer): void {
    if (this.#parts.now() - peer.sentMs >= answerMs) this.#head(to, peer);
  }

  #follow(peer: Peer, head: Head): void {
    const { version, size, knows, waits, from } = head;
    [peer.version, peer.knows] = [version, knows];
    if (version === '') return;
    if (peer.whole?.version === version) {
      this.#tell(from, peer);
      // It has not heard what was said to it.
      if (waits && this.#taken.get(from) === version) this.#answer(from, peer);
      return;
    }
    if (peer.fetch?.version === version || size === 0 || size > mostBytes) return;
    const count = Math.ceil(size / partBytes);
    peer.fetch = { version, parts: Array.from({ length: count }), left: count, due: 0, atMs: never };
    this.#ask(from, peer, peer.fetch);
  }

  #ask(to: NodeId, peer: Peer, fetch: Fetch): void {
    const missing: number[] = [];
    for (const [index, part] of fetch.parts.entries())
      if (part === undefined && missing.length < mostAsked) missing.push(index);
    fetch.due = missing.length;
    fetch.atMs = this.#parts.now();
    this.#parts.send(to, { kind: 'ask', ...this.#signed(peer), version: fetch.version, missing });
  }

  #give({ from, version, missing }: Ask): void {
    if (version !== this.#version) return;
    for (const index of missing) {
      const bytes = this.#body.subarray(index * partBytes, (index + 1) * partBytes);
      if (bytes.length > 0) this.#parts.send(from, { kind: 'part', from: this.#parts.node, version, index, bytes });
    }
  }

  #take(peer: Peer, { from, version, index, bytes }: Part): void {
    const { fetch } = peer;
    if (fetch?.version !== version || index >= fetch.parts.length || fetch.parts[index] !== undefined) return;
    fetch.parts[index] = bytes;
    fetch.left -= 1;
    fetch.due -= 1;
    if (fetch.left > 0) {
      if (fetch.due <= 0) this.#ask(from, peer, fetch);
      return;
    }
    peer.fetch = undefined;
    const words = read(fetch.parts, version);
    if (words === undefined) return;
    peer.whole = { version, words };
    this.#tell(from, peer);
  }

  /** What goes with the newest head alone: which words it knew when it said older ones, nobody asks any more. */
  #tell(node: NodeId, peer: Peer): void {
    const { whole, knows } = peer;
    if (whole === undefined || whole.version !== peer.version) return;
    const told = `${whole.version} ${knows}`;
    if (told === peer.told) return;
    peer.told = told;
    this.#parts.said({ node, ...whole, knows });
    if (this.#parts.mute === true) this.say('-', new Map(this.#taken).set(node, whole.version));
  }
}

/** Undefined: these are not the words that were announced. */
function read(parts: readonly (Uint8Array | undefined)[], version: string): string | undefined {
  try {
    const bytes = Buffer.concat(parts.flatMap((part) => part ?? []));
    const words = inflateRawSync(bytes, { maxOutputLength: mostChars }).toString();
    return versionOf(words) === version ? words : undefined;
  } catch {
    return undefined;
  }
}
