import type { Transaction } from '../../../../providers/l2/protocol/events.ts';
import type { Agenda } from './agenda.ts';
import type { Random } from './random.ts';

interface Table {
  readonly inc: number;
  readonly armed: Map<number, number>;
  owned: readonly string[];
  cur: number;
}

/** Ways in which a kernel may be used wrongly; the protocol must fall with each. */
export interface KernelFaults {
  /** The writer's pipe lets two transactions overtake each other. */
  readonly reorders?: boolean;
  /** A new incarnation leaves the tables of the old one. */
  readonly keepsTables?: boolean;
  /** The timeout is counted from the send and set with the confirmation, relative to the moment it is applied. */
  readonly lateTimeout?: 'remaining' | 'full';
}

/** nft on one machine: transactions of one writer in order, timeouts relative to the moment the kernel applies them, expiry up to 8 ms late. */
export class Kernel {
  stalledUntil = 0;
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #rate: number;
  readonly #faults: KernelFaults;
  readonly #opened: (vip: string) => void;
  #tables: Table[] = [];
  #busyUntil = 0;
  readonly #arms = new Map<number, { readonly at: number; readonly gateMs: number }>();

  constructor(agenda: Agenda, random: Random, rate: number, faults: KernelFaults, opened: (vip: string) => void) {
    this.#agenda = agenda;
    this.#random = random;
    this.#rate = rate;
    this.#faults = faults;
    this.#opened = opened;
  }

  /** Takes a transaction of an incarnation; `done` is called once it is applied or refused. A writer outlives the process that wrote to it. */
  submit(inc: number, transaction: Transaction, done: (ok: boolean) => void): void {
    const random = this.#random;
    const latency = random.chance(0.01) ? random.between(0.1, 5) : random.between(0.05, 0.3);
    const soonest = Math.max(this.#agenda.now + latency, this.stalledUntil);
    const overtaken = this.#faults.reorders && random.chance(0.2) ? random.between(0, 50) : 0;
    const at = this.#faults.reorders ? soonest + overtaken : Math.max(soonest, this.#busyUntil);
    this.#busyUntil = Math.max(at, this.#busyUntil);
    const submitted = this.#agenda.now;
    this.#agenda.at(at, () => done(this.#apply(inc, transaction, submitted)));
  }

  open(vip: string): boolean {
    return this.#tables.some(
      ({ armed, cur, owned }) => (armed.get(cur) ?? 0) > this.#agenda.now && owned.includes(vip),
    );
  }

  /** The machine went down: nothing is left. */
  clear(): void {
    this.#tables = [];
  }

  #apply(inc: number, transaction: Transaction, submitted: number): boolean {
    if (transaction.kind === 'reset') {
      if (this.#tables.some((table) => table.inc >= inc)) return false;
      if (!this.#faults.keepsTables) this.#tables = [];
      this.#tables.push({ inc, armed: new Map(), owned: [], cur: 0 });
      return true;
    }
    const table = this.#tables.find((found) => found.inc === inc);
    if (table === undefined) return false;
    if (transaction.kind === 'arm') {
      this.#arms.set(transaction.token, { at: submitted, gateMs: transaction.gateMs });
      this.#live(table, transaction.token, transaction.gateMs);
      return true;
    }
    if (transaction.kind === 'confirm') {
      table.cur = transaction.token;
      this.#retime(table, transaction.token, submitted);
    }
    table.owned = transaction.owned;
    for (const vip of table.owned) if (this.open(vip)) this.#opened(vip);
    return true;
  }

  #live(table: Table, token: number, gateMs: number): void {
    for (const [old, until] of table.armed) if (until <= this.#agenda.now) table.armed.delete(old);
    if (table.armed.has(token)) return;
    table.armed.set(token, this.#agenda.now + gateMs * this.#rate + this.#random.between(0, 8));
  }

  #retime(table: Table, token: number, submitted: number): void {
    const arm = this.#arms.get(token);
    if (this.#faults.lateTimeout === undefined || arm === undefined) return;
    const left = this.#faults.lateTimeout === 'full' ? arm.gateMs : arm.gateMs - (submitted - arm.at);
    if (left <= 0) return;
    table.armed.delete(token);
    this.#live(table, token, left);
  }
}
