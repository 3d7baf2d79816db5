import type { Acceptor } from './kernel/acceptor.ts';
import type { Link } from './kernel/interfaces.ts';
import type { Transaction } from './protocol/events.ts';

/**
 * For kernels without nft's `arp` family, where somebody has asked for it: an address is answered because the machine has it, and is
 * taken and left as a whole. Nothing closes by itself: a node that dies keeps its addresses, and two may answer until it is back.
 */
export class UngatedGate {
  readonly #acceptor: Acceptor;
  readonly #faces: (vip: string) => readonly Link[];
  #owned: readonly string[] = [];

  constructor(acceptor: Acceptor, faces: (vip: string) => readonly Link[]) {
    this.#acceptor = acceptor;
    this.#faces = faces;
  }

  async apply(_inc: number, transaction: Transaction): Promise<boolean> {
    if (transaction.kind === 'arm') return true;
    this.#owned = transaction.kind === 'reset' ? [] : transaction.owned;
    const problems = await this.accept();
    return problems.size === 0;
  }

  /** Looks again at what is accepted, after interfaces have changed. */
  accept(): Promise<ReadonlyMap<string, string>> {
    return this.#acceptor.accept(this.#owned, this.#faces);
  }
}
