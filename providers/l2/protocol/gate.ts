import type { Emit, Transaction } from './events.ts';
import type { Vip } from './messages.ts';

/** Of all addresses that were confirmed together, so that a beat changes one of these and not one for each. */
interface Opening {
  /** The last transaction that made the addresses owned. */
  id: number;
  /** When the last token they were confirmed with is gone for certain. */
  until: number;
}

/** What is known of the kernel's gates: what was told to it, what of that is done, and so which addresses are surely closed. */
export class Gate {
  readonly #emit: Emit;
  readonly #inc: number;
  readonly #openings = new Map<Vip, Opening>();
  readonly #pending = new Map<number, Transaction>();
  #owned: readonly Vip[] = [];
  #opening: Opening = { id: 0, until: 0 };
  #lastId = 0;
  #completed = 0;

  constructor(inc: number, emit: Emit) {
    this.#inc = inc;
    this.#emit = emit;
  }

  /** What the last transaction given to the kernel makes owned. */
  get owned(): readonly Vip[] {
    return this.#owned;
  }

  reset(): number {
    return this.#submit({ kind: 'reset', inc: this.#inc });
  }

  arm(token: number, gateMs: number): number {
    return this.#submit({ kind: 'arm', token, gateMs });
  }

  /** Lets exactly these be open while the token lives, which is at the longest until the time given. */
  confirm(token: number, owned: readonly Vip[], until: number): number {
    const id = this.#submit({ kind: 'confirm', token, owned });
    if (owned !== this.#owned) {
      const before = owned.map((vip) => this.#openings.get(vip)?.until ?? 0);
      this.#opening = { id, until: before.reduce((latest, found) => Math.max(latest, found), until) };
      for (const vip of owned) this.#openings.set(vip, this.#opening);
      this.#owned = owned;
    }
    this.#opening.id = id;
    this.#opening.until = Math.max(until, this.#opening.until);
    return id;
  }

  /** Takes addresses from the owned ones; the others stay owned by this transaction, too, so it closes none of them. */
  withdraw(vips: ReadonlySet<Vip>): number {
    for (const vip of vips) {
      const before = this.#openings.get(vip);
      if (before !== undefined) this.#openings.set(vip, { ...before });
    }
    this.#owned = this.#owned.filter((owned) => !vips.has(owned));
    const id = this.#submit({ kind: 'own', owned: this.#owned });
    this.#opening = { id, until: this.#opening.until };
    for (const owned of this.#owned) this.#openings.set(owned, this.#opening);
    return id;
  }

  /** Takes the kernel's answer; transactions are answered in order. Undefined for an answer to what was never asked. */
  done(id: number, ok: boolean): Transaction | undefined {
    const transaction = this.#pending.get(id);
    this.#pending.delete(id);
    const sets = transaction?.kind === 'confirm' || transaction?.kind === 'own';
    if (ok && sets) this.#completed = Math.max(this.#completed, id);
    return transaction;
  }

  /** Closed is what a completed transaction closed and no later one may open, or what has no living token: never what was only told. */
  closed(vip: Vip, now: number): boolean {
    const opening = this.#openings.get(vip);
    if (opening === undefined) return true;
    return this.#completed > opening.id || now >= opening.until;
  }

  /** Whether an address answers surely still, by this node's reckoning; `marginMs`: how much sooner a gate closes than it is surely closed. */
  surelyOpen(vip: Vip, now: number, marginMs: number): boolean {
    const opening = this.#openings.get(vip);
    return opening !== undefined && this.#owned.includes(vip) && now < opening.until - marginMs;
  }

  /** When an address is closed even if the kernel answers nothing any more. */
  closedAt(vip: Vip): number {
    return this.#openings.get(vip)?.until ?? 0;
  }

  #submit(transaction: Transaction): number {
    this.#lastId += 1;
    this.#pending.set(this.#lastId, transaction);
    this.#emit({ kind: 'kernel', id: this.#lastId, inc: this.#inc, transaction });
    return this.#lastId;
  }
}
