import { electorateOf, type Group, type NodeId } from './messages.ts';
import type { Timing } from './timing.ts';

/** What a node knows of the others beyond their votes: their incarnations, when they last acknowledged something, who is to hear a beat. */
export class Peers {
  readonly #timing: Timing;
  readonly #incs = new Map<NodeId, number>();
  readonly #ackedAt = new Map<NodeId, number>();
  readonly #answeredAt = new Map<string, number>();
  #startedAt = 0;
  #all: ReadonlySet<NodeId> = new Set();
  #news = '';
  #claims: unknown;
  #toldAllAt = Number.NEGATIVE_INFINITY;
  #known: { readonly group: Group; readonly inc: number; readonly list: readonly number[] } | undefined;

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  /** All that may own an address. */
  know(nodes: Iterable<NodeId>): void {
    this.#all = new Set(nodes);
  }

  started(now: number): void {
    this.#startedAt = now;
  }

  /** True: a newer incarnation than was known. */
  hello(node: NodeId, inc: number): boolean {
    if (inc <= (this.#incs.get(node) ?? 0)) return false;
    this.#incs.set(node, inc);
    this.#known = undefined;
    return true;
  }

  /** Incarnations of these voters, for a beat. */
  incs(group: Group, self: NodeId, inc: number): readonly number[] {
    if (this.#known?.group !== group || this.#known.inc !== inc) {
      const list = electorateOf(group).map((voter) => (voter === self ? inc : (this.#incs.get(voter) ?? 0)));
      this.#known = { group, inc, list };
    }
    return this.#known.list;
  }

  acked(node: NodeId, now: number): void {
    this.#ackedAt.set(node, now);
  }

  /** How long a voter has acknowledged nothing. */
  silentMs(node: NodeId, now: number): number {
    return now - (this.#ackedAt.get(node) ?? this.#startedAt);
  }

  /** Whether a node may be answered in this way now: once in a while each, however many datagrams of it arrive. */
  mayAnswer(what: 'hello' | 'stale' | 'regroup' | 'contest', node: NodeId, now: number): boolean {
    const key = `${what} ${node}`;
    if (now - (this.#answeredAt.get(key) ?? Number.NEGATIVE_INFINITY) < this.#timing.retryMs) return false;
    this.#answeredAt.set(key, now);
    return true;
  }

  /** Those who hear a beat beside the voters: everybody when something has changed, and once in a while. `claims`: the same array stands for the same claims. */
  audience(claims: unknown, news: string, now: number): Iterable<NodeId> {
    const due = now - this.#toldAllAt >= this.#timing.restMs - this.#timing.beatMs;
    if (!due && claims === this.#claims && news === this.#news) return [];
    [this.#claims, this.#news, this.#toldAllAt] = [claims, news, now];
    return this.#all;
  }
}
