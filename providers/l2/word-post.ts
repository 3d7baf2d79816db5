import { randomBytes } from 'node:crypto';
import type { NodeId } from './protocol/messages.ts';
import type { SpeakerOptions, Words } from './speaker-words.ts';
import type { Word } from './word-codec.ts';
import { WordExchange, type WordExchangeParts } from './word-exchange.ts';

export type WordPostParts = Pick<WordExchangeParts, 'send' | 'said' | 'there'>;

/** Keeps the words of this machine and of the others going, at the times that they need. */
export class WordPost {
  readonly #exchange: WordExchange;
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  constructor({ node, peers, words, witness }: SpeakerOptions, parts: WordPostParts) {
    this.#exchange = new WordExchange({
      ...parts,
      node,
      now: () => performance.now(),
      random: () => randomBytes(6).readUIntBE(0, 6) || 1,
      mute: witness === true,
    });
    this.#exchange.know(peers.map(({ name }) => name));
    if (words !== undefined) this.say(words);
  }

  start(): void {
    this.#running = true;
    this.#tick();
  }

  know(peers: readonly NodeId[]): void {
    this.#exchange.know(peers);
    this.#tick();
  }

  say({ words, taken }: Words): void {
    this.#exchange.say(words, new Map(taken));
    this.#tick();
  }

  hear(word: Word): void {
    this.#exchange.hear(word);
    // What is fetched wants to be asked for again before the next second.
    if (word.kind !== 'part') this.#tick();
  }

  close(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  #tick(): void {
    if (!this.#running) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tick(), this.#exchange.tick());
  }
}
