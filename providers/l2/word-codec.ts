/** What the machines say beside their beats: words about addresses, in datagrams of their own. */
import type { NodeId } from './protocol/messages.ts';
import type { SealFormat } from './protocol/seal.ts';
import { Malformed, Reader, Writer } from './protocol/wire.ts';

interface Signed {
  readonly from: NodeId;
  /** Of the sender's present life; random. */
  readonly life: number;
  /** Grows with what a life sends. */
  readonly seq: number;
  /** What the recipient is to echo, and what it asked for: who echoes it has not recorded what he says. */
  readonly nonce: number;
  readonly echo: number;
}

/** Which words a machine says now. */
export interface Head extends Signed {
  readonly kind: 'head';
  /** Hexadecimal; empty: it says nothing yet. */
  readonly version: string;
  /** Bytes of them, as they are sent. */
  readonly size: number;
  /** The words of the recipient that it had taken in when it said this. */
  readonly knows: string;
  /** It wants to hear that its words were taken in. */
  readonly waits: boolean;
}

/** Parts of its words that a recipient misses. */
export interface Ask extends Signed {
  readonly kind: 'ask';
  readonly version: string;
  readonly missing: readonly number[];
}

/** Proved by the version, which is a hash over all parts. */
export interface Part {
  readonly kind: 'part';
  readonly from: NodeId;
  readonly version: string;
  readonly index: number;
  readonly bytes: Uint8Array;
}

export type Word = Head | Ask | Part;

/** A part fits a datagram on any network, with its seal. */
export const partBytes = 1100;
export const mostAsked = 64;
const kinds: readonly Word['kind'][] = ['head', 'ask', 'part'];
const versionBytes = 8;
const none = '0'.repeat(2 * versionBytes);

export const words: SealFormat<Word> = { magic: 0x7761, encode: encodeWord, decode: decodeWord };

export function encodeWord(word: Word): Uint8Array {
  const writer = new Writer().number(kinds.indexOf(word.kind), 1).text(word.from);
  putVersion(writer, word.version);
  if (word.kind === 'part') return writer.number(word.index, 2).bytes(word.bytes).done();
  for (const number of [word.life, word.seq, word.nonce, word.echo]) writer.number(number, 6);
  if (word.kind === 'ask') {
    for (const index of word.missing) writer.number(index, 2);
    return writer.done();
  }
  putVersion(writer, word.knows);
  return writer
    .number(word.size, 4)
    .number(word.waits ? 1 : 0, 1)
    .done();
}

/** Throws `Malformed`. */
export function decodeWord(bytes: Uint8Array): Word {
  const reader = new Reader(bytes);
  const kind = kinds[reader.number(1)];
  if (kind === undefined) throw new Malformed('there are no words of that kind');
  const from = reader.text();
  const version = takeVersion(reader);
  if (kind === 'part') return { kind, from, version, index: reader.number(2), bytes: reader.rest().slice() };
  const [life, seq, nonce, echo] = [reader.number(6), reader.number(6), reader.number(6), reader.number(6)];
  const signed = { from, version, life, seq, nonce, echo };
  if (kind === 'ask') {
    const rest = reader.rest();
    if (rest.length % 2 !== 0 || rest.length > 2 * mostAsked) throw new Malformed('what is missing has no such size');
    const parts = new Reader(rest);
    return { kind, ...signed, missing: Array.from({ length: rest.length / 2 }, () => parts.number(2)) };
  }
  const [knows, size, waits] = [takeVersion(reader), reader.number(4), reader.flag()];
  reader.end();
  return { kind, ...signed, knows, size, waits };
}

function putVersion(writer: Writer, version: string): void {
  writer.bytes(Buffer.from(version === '' ? none : version, 'hex'));
}

function takeVersion(reader: Reader): string {
  const version = Buffer.from(reader.bytes(versionBytes)).toString('hex');
  return version === none ? '' : version;
}
