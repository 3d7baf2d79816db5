import type { NodeId } from './protocol/messages.ts';
import type { News } from './speaker-words.ts';
import type { Said } from './word-exchange.ts';

/** Of a machine that is gone for so long nothing counts any more. */
export const forgetMs = 60_000;

/** What each other machine said last, and who of them is heard. */
export class SaidWords {
  readonly #now: () => number;
  readonly #said = new Map<NodeId, { readonly said: Said; awayMs: number | undefined }>();
  #silent: ReadonlySet<NodeId> = new Set();

  constructor(now: () => number) {
    this.#now = now;
  }

  get silent(): ReadonlySet<NodeId> {
    return this.#silent;
  }

  /** True: something is different. */
  hear(news: News): boolean {
    if (news.kind === 'said') {
      this.#said.set(news.said.node, { said: news.said, awayMs: undefined });
      return true;
    }
    if (news.kind !== 'silent') return false;
    const silent = new Set(news.nodes.map(([node]) => node));
    // What it says after its return counts, not what it had said before.
    for (const [node, one] of this.#said) if (silent.has(node) && !this.#silent.has(node)) one.awayMs = this.#now();
    this.#silent = silent;
    return true;
  }

  present(node: NodeId): boolean {
    const found = this.#said.get(node);
    return found !== undefined && found.awayMs === undefined && !this.#silent.has(node);
  }

  /** Undefined: it has not said anything, or too long ago. */
  of(node: NodeId): Said | undefined {
    const found = this.#said.get(node);
    return found === undefined || this.#now() - (found.awayMs ?? this.#now()) > forgetMs ? undefined : found.said;
  }
}
