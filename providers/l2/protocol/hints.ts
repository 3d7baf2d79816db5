import type { Hint, NodeId, Vip } from './messages.ts';

/** Who is to follow for addresses that were handed over; told in every beat for a time, so that the loss of one costs a moment only. */
export class Hints {
  readonly #hints = new Map<Vip, { readonly to: NodeId; readonly until: number }>();

  add(vip: Vip, to: NodeId, until: number): void {
    this.#hints.set(vip, { to, until });
  }

  drop(vip: Vip): void {
    this.#hints.delete(vip);
  }

  get none(): boolean {
    return this.#hints.size === 0;
  }

  at(now: number): readonly Hint[] {
    if (this.#hints.size === 0) return [];
    for (const [vip, { until }] of this.#hints) if (now >= until) this.#hints.delete(vip);
    const alike = new Map<string, { readonly vips: Vip[]; readonly to: NodeId; readonly leftMs: number }>();
    for (const [vip, { to, until }] of this.#hints) {
      const key = `${until} ${to}`;
      const hint = alike.get(key) ?? { vips: [], to, leftMs: until - now };
      hint.vips.push(vip);
      alike.set(key, hint);
    }
    return [...alike.values()];
  }
}
