import type { Claim } from './kernel/gate-text.ts';
import type { KernelGate } from './kernel/kernel-gate.ts';
import type { Gates } from './kernel/open-gates.ts';
import type { UngatedGate } from './ungated-gate.ts';

/** What the gates of this machine have seen; without them nothing is known. */
export class GateFacts {
  readonly #gate: KernelGate | UngatedGate;
  readonly #gates: Gates | undefined;

  constructor(gate: KernelGate | UngatedGate, gates: Gates | undefined) {
    this.#gate = gate;
    this.#gates = gates;
  }

  /** Who else says that one of the addresses is his. */
  claims(): readonly Claim[] {
    const gate = this.#gate;
    if (!('inc' in gate) || gate.inc === undefined) return [];
    return this.#gates?.reader.claims(gate.inc, gate.families) ?? [];
  }

  /** Questions that were answered, by address. */
  answered(): ReadonlyMap<string, number> {
    const gate = this.#gate;
    if (!('inc' in gate) || gate.inc === undefined) return new Map();
    return this.#gates?.reader.answered(gate.inc, gate.families) ?? new Map();
  }
}
