import type { Ranks } from './events.ts';
import type { NodeId, Vip } from './messages.ts';
import type { Owner } from './owner.ts';
import type { Timing } from './timing.ts';
import type { Voter } from './voter.ts';

export interface Due {
  readonly claims: readonly Vip[];
  readonly nudges: readonly { readonly to: NodeId; readonly vip: Vip }[];
}

/** The watch of a voter over addresses that nobody holds: whose turn it is, one slot of time for each candidate in the order of the plan. */
export class Standby {
  readonly #self: NodeId;
  readonly #timing: Timing;
  readonly #nudgedAt = new Map<string, number>();
  #ranks: Ranks | undefined;
  /** Since when each address is planned. */
  #since: ReadonlyMap<Vip, number> = new Map();
  /** Since when this node may have it. */
  #ableSince: ReadonlyMap<Vip, number> = new Map();
  #lookAt = 0;
  #changes = 0;

  constructor(self: NodeId, timing: Timing) {
    this.#self = self;
    this.#timing = timing;
  }

  /** When `due` may have something new to say, if no message comes before. */
  get lookAt(): number {
    return this.#lookAt;
  }

  /** Something was freed, heard or planned. */
  look(): void {
    this.#lookAt = 0;
  }

  /** The voter has counted changes. */
  lookAfter(changes: number): void {
    if (changes !== this.#changes) this.#lookAt = 0;
    this.#changes = changes;
  }

  /** Own claims to make now, and standbys without a vote that are to be told. */
  due(ranks: Ranks, owner: Owner, voter: Voter, eligible: boolean, voters: readonly NodeId[], now: number): Due {
    const claims: Vip[] = [];
    const nudges: { readonly to: NodeId; readonly vip: Vip }[] = [];
    if (now < this.#lookAt) return { claims, nudges };
    this.#lookAt = Number.POSITIVE_INFINITY;
    this.#date(ranks, now);
    for (const [vip, order] of ranks) {
      if (owner.claims.has(vip)) continue;
      const free = Math.max(voter.availableAt(vip), voter.mutedUntil);
      // Who will be silent by then is passed over: the holder's promise ends when it has been silent for as long.
      const then = Math.max(free, now);
      const candidates = order.filter((node) => (node === this.#self ? eligible : voter.candidate(node, then)));
      for (const [slot, node] of candidates.entries()) {
        const patientUntil =
          node === order[0] || voter.knows(vip) ? 0 : this.#coldUntil(vip, candidates[0] === order[0]);
        const turn = Math.max(free + slot * this.#timing.beatMs, owner.notBefore(vip), patientUntil);
        if (node !== this.#self && voters.includes(node)) continue;
        const at = node === this.#self ? turn : Math.max(turn, this.#nudgedAgainAt(node, vip));
        if (now < at) {
          this.#lookAt = Math.min(this.#lookAt, at);
        } else if (node === this.#self) {
          claims.push(vip);
        } else {
          nudges.push({ to: node, vip });
          this.#nudgedAt.set(`${vip} ${node}`, now);
          this.#lookAt = Math.min(this.#lookAt, now + this.#timing.retryMs);
        }
      }
    }
    return { claims, nudges };
  }

  /** What nobody ever had is left to whoever comes first for it. Is he there, he may need as long to become able as this node did. */
  #coldUntil(vip: Vip, firstIsThere: boolean): number {
    const since = (firstIsThere ? this.#ableSince.get(vip) : undefined) ?? this.#since.get(vip) ?? 0;
    return since + this.#timing.coldMs;
  }

  #date(ranks: Ranks, now: number): void {
    if (ranks === this.#ranks) return;
    this.#ranks = ranks;
    const able = [...ranks].flatMap(([vip, order]) => (order.includes(this.#self) ? [vip] : []));
    this.#since = new Map([...ranks.keys()].map((vip) => [vip, this.#since.get(vip) ?? now]));
    this.#ableSince = new Map(able.map((vip) => [vip, this.#ableSince.get(vip) ?? now]));
  }

  #nudgedAgainAt(node: NodeId, vip: Vip): number {
    return (this.#nudgedAt.get(`${vip} ${node}`) ?? Number.NEGATIVE_INFINITY) + this.#timing.retryMs;
  }
}
