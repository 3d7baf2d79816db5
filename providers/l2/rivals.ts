import type { Claim } from './kernel/gate-text.ts';

export interface RivalsParts {
  /** Claims of others, of the last ten seconds. */
  readonly claims: () => readonly Claim[];
  readonly open: (vip: string) => boolean;
  readonly announce: (vips: readonly string[]) => void;
  /** Asks our own nodes whether it is one of them: then the higher fence keeps the address. */
  readonly settle: (vip: string) => void;
  readonly tell: (claim: Claim) => void;
  readonly now: () => number;
}

/** RFC 5227 section 2.4: who defends an address does so every ten seconds at most, or two that do it never end. */
const defendMs = 10_000;
const tellMs = 60_000;
const settleMs = 1000;

/** Sees others who announce what is open here: a paused machine that goes on, an address given by hand, a second announcer. */
export class Rivals {
  readonly #parts: RivalsParts;
  readonly #defended = new Map<string, number>();
  readonly #told = new Map<string, number>();
  readonly #settled = new Map<string, number>();

  constructor(parts: RivalsParts) {
    this.#parts = parts;
  }

  /** Looks once, which is to be done with every beat: has the claims of our own nodes settled, tells of each rival once a minute and announces against it. */
  look(): void {
    const { claims, open, announce, settle, tell, now } = this.#parts;
    const present = claims().filter(({ vip }) => open(vip));
    if (present.length === 0) return;
    const at = now();
    const since = (map: Map<string, number>, key: string) => at - (map.get(key) ?? Number.NEGATIVE_INFINITY);
    for (const claim of present) {
      const key = `${claim.vip} ${claim.mac}`;
      if (since(this.#told, key) >= tellMs) {
        this.#told.set(key, at);
        tell(claim);
      }
    }
    for (const { vip } of present) {
      if (since(this.#settled, vip) < settleMs) continue;
      this.#settled.set(vip, at);
      settle(vip);
    }
    const against = [...new Set(present.map(({ vip }) => vip))].filter((vip) => since(this.#defended, vip) >= defendMs);
    for (const vip of against) this.#defended.set(vip, at);
    if (against.length > 0) announce(against);
    for (const map of [this.#defended, this.#told, this.#settled])
      for (const [key, then] of map) if (at - then > tellMs) map.delete(key);
  }
}
