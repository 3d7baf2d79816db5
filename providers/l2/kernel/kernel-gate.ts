import type { Family } from '../../../src/net/index.ts';
import type { Transaction } from '../protocol/events.ts';
import type { GateChange } from './gate-batch.ts';
import type { GateReader } from './gate-reader.ts';
import { type GateTable, listTables, removeTables } from './gate-tables.ts';
import { createText, deleteText, familiesOf, type GateShape, shapeText, tableInc, tableName } from './gate-text.ts';
import type { GateWriter, Written } from './gate-writer.ts';
import { movedName, movedText } from './moved-text.ts';
import type { Answer, NftSession } from './nft-session.ts';
import type { Outcome } from './run-program.ts';

export interface GateOptions {
  /** Makes and changes tables, which is seldom. */
  readonly session: Pick<NftSession, 'run'>;
  /** Opens and closes, with every beat. */
  readonly writer: Pick<GateWriter, 'write'>;
  readonly reader: Pick<GateReader, 'generation' | 'table'>;
  /** Runs `nft` with these words, for what is looked at and not written. */
  readonly look: (args: readonly string[]) => Promise<Outcome>;
  readonly shape: GateShape;
  /** Something that an operator should know. */
  readonly tell: (news: GateNews) => void;
}

export type GateNews =
  /** Somebody took a table or a part of it away: made again, closed until the next token. */
  | { readonly kind: 'mended' }
  /** A newer weir runs on this machine: this one writes nothing any more. */
  | { readonly kind: 'superseded'; readonly table: string }
  | { readonly kind: 'failed'; readonly what: string; readonly error: string };

type Own = Extract<Transaction, { readonly kind: 'own' }>;

const againMs = 1000;
/** So often, which is within a beat, it is looked at the latest whether anybody has changed any table. */
const watchMs = 60;

/**
 * The gates of this machine as the protocol's transactions want them: what is told is written in order, and answered when it is applied.
 * A table that somebody else took away leaves its addresses open, so it is made again at once, closed. The kernel counts all transactions:
 * as long as there were only our own, nobody can have taken anything.
 */
export class KernelGate {
  readonly #options: GateOptions;
  #shape: GateShape;
  #inc: number | undefined;
  #token: number | undefined;
  /** What the kernel has; after a writer's death unknown. */
  #owned: ReadonlySet<string> | undefined = new Set();
  /** What it had for certain last. */
  #wanted: ReadonlySet<string> = new Set();
  /** What the tables said when they were made, and the number of transactions up to which they say it still. */
  #pristine: readonly (string | undefined)[] = [];
  #generation: number | undefined;
  #watch: NodeJS.Timeout | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #working = 0;
  #passes = false;
  #mending: Promise<void> | undefined;
  /** The last transaction given, if it is a release that has not begun. */
  #waiting: { readonly inc: number; transaction: Own; done: Promise<boolean> } | undefined;
  #closed = false;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#shape = options.shape;
  }

  /** The tables that are there. */
  get inc(): number | undefined {
    return this.#inc;
  }

  /** Of the addresses that are guarded. */
  get families(): readonly Family[] {
    return familiesOf(this.#shape.pools);
  }

  /** Applies a transaction of an incarnation behind all that were given before; false: nothing of it counts. */
  apply(inc: number, transaction: Transaction): Promise<boolean> {
    if (transaction.kind === 'own') return this.#own(inc, transaction);
    this.#waiting = undefined;
    return this.#inTurn(() => (transaction.kind === 'reset' ? this.#reset(inc) : this.#write(inc, transaction)));
  }

  /** Guards other ranges or interfaces; what leaves a pool is no longer guarded, so stop accepting it first. */
  reshape(shape: GateShape): Promise<boolean> {
    this.#shape = shape;
    return this.#inTurn(async () => {
      if (this.#inc === undefined) return true;
      if (!this.#intact()) return this.#remake();
      const answer = await this.#options.session.run(shapeText(this.#inc, this.#shape));
      if (answer.ok) this.#learn();
      return this.#settled('the guarded addresses', answer);
    });
  }

  /** Passes on what belongs to connections that began at who had these addresses before; to nobody else any more. Before all that is given after it. */
  pass(passing: NonNullable<GateChange['moved']>): void {
    void this.#inTurn(async () => {
      const inc = this.#inc;
      if (inc === undefined || this.#closed || !this.#passes) return;
      this.#settled('passing on', this.#count(await this.#options.writer.write({ inc, families: [], moved: passing })));
    });
  }

  /** Notices from now on when somebody else changes any table, and mends. */
  watch(): void {
    this.#watch ??= setTimeout(() => this.glance(), watchMs);
  }

  /** Looks at once; who is awake anyway may call it, and saves the kernel a timer. */
  glance(): void {
    this.#watch?.refresh();
    if (this.#watch === undefined || this.#working > 0 || this.#inc === undefined) return;
    if (this.#options.reader.generation() !== this.#generation) void this.mend();
  }

  /** Looks whether the tables are as they were made, and makes them again if not. Cheap to call often: one look at a time. */
  mend(): Promise<void> {
    this.#mending ??= this.#inTurn(async () => {
      this.#mending = undefined;
      if (this.#inc === undefined || this.#intact()) return;
      await this.#remake();
    });
    return this.#mending;
  }

  /** Takes away every table of ours; the addresses must no longer be accepted then. */
  async destroy(): Promise<void> {
    await this.#inTurn(async () => {
      this.close();
      this.#inc = undefined;
      const { session, look, tell } = this.#options;
      const error = await removeTables(session, look);
      if (error !== undefined) tell({ kind: 'failed', what: 'the tables', error });
    });
  }

  /** Leaves the closed tables and writes nothing any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#watch);
    this.#watch = undefined;
  }

  /** Releases that wait one behind the other become one: each says all that stays owned, so the last one says it all. */
  #own(inc: number, transaction: Own): Promise<boolean> {
    if (this.#waiting?.inc === inc) {
      this.#waiting.transaction = transaction;
      return this.#waiting.done;
    }
    const waiting = { inc, transaction, done: Promise.resolve(false) };
    waiting.done = this.#inTurn(() => {
      if (this.#waiting === waiting) this.#waiting = undefined;
      return this.#write(inc, waiting.transaction);
    });
    this.#waiting = waiting;
    return waiting.done;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#working += 1;
    const done = this.#turn.then(work).finally(() => {
      this.#working -= 1;
    });
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Tries until it is done: without its own closed tables a node must not say a word. */
  async #reset(inc: number): Promise<boolean> {
    [this.#inc, this.#token, this.#owned, this.#wanted] = [undefined, undefined, new Set(), new Set()];
    for (;;) {
      if (this.#closed) return false;
      const old = (await this.#tables()).filter(({ name }) => ![tableName(inc), movedName(inc)].includes(name));
      const text = [
        createText({ inc, ...this.#shape, token: undefined, owned: [] }),
        ...(old.length > 0 ? [deleteText(old)] : []),
      ];
      const answer = await this.#options.session.run(text.join('; '));
      if (answer.ok) break;
      this.#settled('the gates of a new incarnation', answer);
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
    await this.#makeMoved(inc);
    this.#inc = inc;
    this.#learn();
    return true;
  }

  async #write(inc: number, transaction: Exclude<Transaction, { readonly kind: 'reset' }>): Promise<boolean> {
    if (this.#closed || inc !== this.#inc) return false;
    const first = await this.#send(inc, transaction);
    if (first.ok) return true;
    if (!first.known || !first.missing) return this.#settled(transaction.kind, first);
    // A table is gone: once it is there again the same transaction is as good as before; a token still dies in time.
    if (!(await this.#remake())) return false;
    return this.#settled(transaction.kind, await this.#send(inc, transaction));
  }

  async #send(inc: number, transaction: Exclude<Transaction, { readonly kind: 'reset' }>): Promise<Answer> {
    const { writer } = this.#options;
    const { families } = this;
    if (transaction.kind === 'arm') {
      const { token, gateMs } = transaction;
      return this.#count(await writer.write({ inc, families, arm: { token, gateMs } }));
    }
    const owned = new Set(transaction.owned);
    const token = transaction.kind === 'confirm' ? transaction.token : undefined;
    const answer = this.#count(await writer.write({ inc, families, token, owned: change(this.#owned, owned) }));
    if (answer.ok) {
      this.#owned = owned;
      this.#wanted = owned;
      this.#token = token ?? this.#token;
    } else if (!answer.known) this.#owned = undefined;
    return answer;
  }

  /** Where there was another transaction beside the own one, it is looked what it did. */
  #count(written: Written): Answer {
    this.#watch?.refresh();
    const generation = this.#options.reader.generation();
    if (generation === undefined) return written;
    const ours = written.ok && written.changed ? 1 : 0;
    if (this.#generation !== undefined && generation === (this.#generation + ours) >>> 0) this.#generation = generation;
    else void this.mend();
    return written;
  }

  async #remake(): Promise<boolean> {
    const inc = this.#inc;
    if (inc === undefined || this.#closed) return false;
    const newer = (await this.#tables()).find(({ name }) => (tableInc(name) ?? 0) > inc);
    if (newer !== undefined) {
      this.#closed = true;
      this.#options.tell({ kind: 'superseded', table: newer.name });
      return false;
    }
    const state = { inc, ...this.#shape, token: this.#token, owned: this.#wanted };
    const made = this.#settled('the gates that somebody took away', await this.#options.session.run(createText(state)));
    if (!made) return false;
    this.#owned = this.#wanted;
    await this.#makeMoved(inc);
    this.#learn();
    this.#options.tell({ kind: 'mended' });
    return true;
  }

  /** Without it announcing goes on all the same: connections end when their address moves. */
  async #makeMoved(inc: number): Promise<void> {
    const answer = await this.#options.session.run(movedText(inc));
    this.#passes = this.#settled('connections that go on while their address moves', answer);
  }

  /** The number is read first: what changes meanwhile is looked at once more. */
  #intact(): boolean {
    const generation = this.#options.reader.generation();
    const intact = this.#listed().every((table, at) => table !== undefined && table === this.#pristine[at]);
    if (intact) this.#generation = generation;
    return intact;
  }

  #learn(): void {
    this.#generation = this.#options.reader.generation();
    this.#pristine = this.#listed();
  }

  #listed(): readonly (string | undefined)[] {
    const inc = this.#inc;
    if (inc === undefined) return [];
    return [this.#options.reader.table(inc, 'ipv4'), this.#options.reader.table(inc, 'ipv6')];
  }

  async #tables(): Promise<readonly GateTable[]> {
    const found = await listTables(this.#options.look);
    if (typeof found !== 'string') return found;
    this.#options.tell({ kind: 'failed', what: 'listing the tables of nft', error: found });
    return [];
  }

  #settled(what: string, answer: Answer): boolean {
    if (!answer.ok && !this.#closed) this.#options.tell({ kind: 'failed', what, error: answer.error });
    return answer.ok;
  }
}

/** What is new and what is gone; everything where it is unknown what there was. */
function change(before: ReadonlySet<string> | undefined, owned: ReadonlySet<string>): GateChange['owned'] {
  if (before === undefined) return { add: [...owned], remove: [], all: true };
  const add = [...owned].filter((vip) => !before.has(vip));
  const remove = [...before].filter((vip) => !owned.has(vip));
  return add.length + remove.length === 0 ? undefined : { add, remove };
}
