import type { NodeId } from './protocol/messages.ts';

/** So long after its last word the place of a machine is free: a machine that rests speaks once a second. */
const goneMs = 3000;

export interface VoicesParts {
  readonly now: () => number;
  /** Where a peer is, by the configuration. */
  readonly addressOf: (node: NodeId) => string | undefined;
}

/** From where each machine speaks. A second one under the same name is not listened to as long as the first goes on: two that take turns would outbid each other. */
export class Voices {
  readonly #parts: VoicesParts;
  readonly #heard = new Map<NodeId, { address: string; atMs: number }>();

  constructor(parts: VoicesParts) {
    this.#parts = parts;
  }

  /** Whether what comes from this address under this name, which is authentic, is of the machine that has the name. */
  admits(node: NodeId, address: string): boolean {
    const { now, addressOf } = this.#parts;
    const atMs = now();
    const last = this.#heard.get(node);
    if (last === undefined) this.#heard.set(node, { address, atMs });
    else if (last.address === address) last.atMs = atMs;
    else if (atMs - last.atMs >= goneMs || addressOf(node) === address) [last.address, last.atMs] = [address, atMs];
    else return false;
    return true;
  }
}
