import type { Vip } from './protocol/messages.ts';
import type { News } from './speaker-words.ts';

export interface CountingParts {
  /** Questions that the kernel has answered for each address since it is owned here. */
  readonly answered: () => ReadonlyMap<Vip, number>;
  /** Frames that told the network of each, since the last call. */
  readonly announced: () => ReadonlyMap<Vip, number>;
  readonly tell: (news: News) => void;
}

/** More often than anybody reads metrics. */
const everyMs = 5000;

/** Tells now and then how often each address was asked for and announced. The kernel begins anew whenever an address becomes owned. */
export class Counting {
  readonly #parts: CountingParts;
  #before: ReadonlyMap<Vip, number> = new Map();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: CountingParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), everyMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    const { answered, announced, tell } = this.#parts;
    const [before, now] = [this.#before, answered()];
    this.#before = now;
    const more = [...now].flatMap(([vip, count]): (readonly [Vip, number])[] => {
      const known = before.get(vip) ?? 0;
      const since = count < known ? count : count - known;
      return since === 0 ? [] : [[vip, since]];
    });
    const sent = [...announced()];
    if (more.length > 0 || sent.length > 0) tell({ kind: 'counted', answered: more, announced: sent });
  }
}
