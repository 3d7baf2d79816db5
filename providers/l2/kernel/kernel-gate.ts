import type { Transaction } from '../protocol/events.ts';
import {
  armText,
  type Claim,
  createText,
  deleteText,
  familiesOf,
  type GateShape,
  gateFamilies,
  ownText,
  readClaims,
  shapeText,
  tableInc,
  tableName,
} from './gate-text.ts';
import type { Answer, NftSession } from './nft-session.ts';
import type { Outcome } from './run-program.ts';

export interface GateOptions {
  readonly session: Pick<NftSession, 'run'>;
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

/**
 * The gates of this machine as the protocol's transactions want them: what is told is written in order, and answered when it is applied.
 * A table that somebody else took away leaves its addresses open, so it is made again at once, closed.
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
  #pristine = new Map<string, string>();
  #turn: Promise<unknown> = Promise.resolve();
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
      return this.#settled('the guarded addresses', await this.#options.session.run(shapeText(this.#inc, this.#shape)));
    });
  }

  /** Looks whether the tables are as they were made, and makes them again if not. Cheap to call often: one look at a time. */
  mend(): Promise<void> {
    this.#mending ??= this.#inTurn(async () => {
      this.#mending = undefined;
      if (this.#inc === undefined || (await this.#intact())) return;
      await this.#remake();
    });
    return this.#mending;
  }

  /** Others who have said in the last seconds that an address is theirs which is owned here. */
  async claims(): Promise<readonly Claim[]> {
    const inc = this.#inc;
    if (inc === undefined) return [];
    const looks = gateFamilies.map((family) => this.#options.look(['list', 'set', family, tableName(inc), 'claims']));
    return (await Promise.all(looks)).flatMap(({ stdout }) => readClaims(stdout));
  }

  /** Takes away every table of ours; the addresses must no longer be accepted then. */
  async destroy(): Promise<void> {
    await this.#inTurn(async () => {
      this.#closed = true;
      this.#inc = undefined;
      const tables = await this.#tables();
      if (tables.length > 0) this.#settled('the tables', await this.#options.session.run(deleteText(tables)));
    });
  }

  /** Leaves the closed tables and writes nothing any more. */
  close(): void {
    this.#closed = true;
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
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Tries until it is done: without its own closed tables a node must not say a word. */
  async #reset(inc: number): Promise<boolean> {
    [this.#inc, this.#token, this.#owned, this.#wanted] = [undefined, undefined, new Set(), new Set()];
    for (;;) {
      if (this.#closed) return false;
      const old = (await this.#tables()).filter(({ name }) => name !== tableName(inc));
      const text = [
        createText({ inc, ...this.#shape, token: undefined, owned: [] }),
        ...(old.length > 0 ? [deleteText(old)] : []),
      ];
      const answer = await this.#options.session.run(text.join('; '));
      if (answer.ok) break;
      this.#settled('the gates of a new incarnation', answer);
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
    this.#inc = inc;
    this.#pristine = await this.#listed();
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
    const { session } = this.#options;
    const used = familiesOf(this.#shape.pools);
    if (transaction.kind === 'arm') return session.run(armText(inc, transaction.token, transaction.gateMs, used));
    const owned = new Set(transaction.owned);
    const token = transaction.kind === 'confirm' ? transaction.token : undefined;
    const text = ownText(inc, token, owned, this.#owned, used);
    const answer: Answer = text === '' ? { ok: true } : await session.run(text);
    if (answer.ok) {
      this.#owned = owned;
      this.#wanted = owned;
      this.#token = token ?? this.#token;
    } else if (!answer.known) this.#owned = undefined;
    return answer;
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
    this.#pristine = await this.#listed();
    this.#options.tell({ kind: 'mended' });
    return true;
  }

  async #intact(): Promise<boolean> {
    const now = await this.#listed();
    return gateFamilies.every((family) => now.get(family) !== '' && now.get(family) === this.#pristine.get(family));
  }

  /** Both tables in nft's own words, less what their sets hold. */
  async #listed(): Promise<Map<string, string>> {
    const list = async (family: string): Promise<readonly [string, string]> => {
      const { ok, stdout } = await this.#options.look(['-s', '-t', 'list', 'table', family, tableName(this.#inc ?? 0)]);
      return [family, ok ? stdout : ''];
    };
    return new Map(await Promise.all(gateFamilies.map(list)));
  }

  async #tables(): Promise<readonly { readonly family: string; readonly name: string }[]> {
    const { ok, stdout, stderr } = await this.#options.look(['list', 'tables']);
    if (!ok) this.#options.tell({ kind: 'failed', what: 'listing the tables of nft', error: stderr });
    return [...stdout.matchAll(/^table (\w+) (\S+)$/gm)]
      .map(([, family = '', name = '']) => ({ family, name }))
      .filter(({ name }) => tableInc(name) !== undefined);
  }

  #settled(what: string, answer: Answer): boolean {
    if (!answer.ok && !this.#closed) this.#options.tell({ kind: 'failed', what, error: answer.error });
    return answer.ok;
  }
}
