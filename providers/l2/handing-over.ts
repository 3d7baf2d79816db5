import type { Ranks } from './protocol/events.ts';
import type { NodeId, Vip } from './protocol/messages.ts';

export interface HandingOverParts {
  readonly node: NodeId;
  /** Monotonic ms. */
  readonly now: () => number;
  /** What this node has. */
  readonly claimed: ReadonlySet<Vip>;
  /** Who should have each address; `known`: without this node where it cannot take it. */
  readonly ranks: () => Ranks;
  readonly known: () => Ranks;
  /** Whether a node is there and may take addresses. */
  readonly fit: (node: NodeId) => boolean;
  readonly hand: (heirs: ReadonlyMap<Vip, NodeId>) => void;
  /** Nobody takes them. */
  readonly letGo: (vips: ReadonlySet<Vip>) => void;
}

/** So long others are given the time to take what this node is to lose. */
export const drainMs = 1000;
/** A node that may keep nothing tries again to give it away, until somebody is there who takes it. */
const giveAwayMs = 500;
/** A hand-over takes a few ms, mostly. */
const handedMs = 50;

/** How a node gives away what it has: single addresses that it may or can have no more, or everything while it may take nothing. */
export class HandingOver {
  readonly #parts: HandingOverParts;
  #giving: NodeJS.Timeout | undefined;

  constructor(parts: HandingOverParts) {
    this.#parts = parts;
  }

  /**
   * Addresses that this node may or can have no more: to one that may, and let go where nobody takes them. They are accepted until then.
   * False: something newer counts.
   */
  async misplaced(counts: () => boolean): Promise<boolean> {
    const { now, hand, letGo } = this.#parts;
    for (const until = now() + drainMs; now() < until; ) {
      const heirs = this.#heirs(this.#misplaced(), this.#parts.known());
      if (heirs.size === 0) break;
      hand(heirs);
      await new Promise((resolve) => setTimeout(resolve, handedMs));
      if (!counts()) return false;
    }
    const left = new Set(this.#misplaced());
    if (left.size > 0) letGo(left);
    return counts();
  }

  /** Whether this node takes addresses. While it does not, all that it has goes to those who are there and take more; what nobody would take stays. */
  eligible(eligible: boolean): void {
    clearInterval(this.#giving);
    if (eligible) return;
    this.#giving = setInterval(() => this.#all(), giveAwayMs);
    this.#all();
  }

  close(): void {
    clearInterval(this.#giving);
  }

  #all(): void {
    const heirs = this.#heirs(this.#parts.claimed, this.#parts.ranks());
    if (heirs.size > 0) this.#parts.hand(heirs);
  }

  #misplaced(): readonly Vip[] {
    const { claimed, known, node } = this.#parts;
    return [...claimed].filter((vip) => known().get(vip)?.includes(node) === false);
  }

  /** The first other one each that takes it. */
  #heirs(vips: Iterable<Vip>, ranks: Ranks): ReadonlyMap<Vip, NodeId> {
    const { node, fit } = this.#parts;
    const heirs = new Map<Vip, NodeId>();
    for (const vip of vips) {
      const heir = ranks.get(vip)?.find((one) => one !== node && fit(one));
      if (heir !== undefined) heirs.set(vip, heir);
    }
    return heirs;
  }
}
