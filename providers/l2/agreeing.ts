import type { Agreement, Hearing, Voice } from '../../src/model/index.ts';
import type { Announcing } from './announcing.ts';
import type { NodeId } from './protocol/messages.ts';
import type { Mode } from './protocol/modes.ts';
import { forgetMs } from './said-words.ts';
import type { News, Words } from './speaker-words.ts';
import { versionOf } from './word-exchange.ts';

export interface AgreeingParts {
  readonly node: NodeId;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly announcing: () => Pick<Announcing, 'running' | 'said' | 'order'> | undefined;
  /** Names of the others, and what decides while two vote. */
  readonly orders: () => { readonly peers: readonly NodeId[]; readonly mode: Mode | undefined } | undefined;
  readonly voters: () => readonly NodeId[];
  readonly changed: () => void;
}

/** So long others are waited for that may be off. */
const patienceMs = 2000;
/** The thread that hears the others is given up by then. */
const startMs = 16_000;

/** What the machines that announce together say of addresses, and whether those are there that decide: whoever may not announce gives nothing new. */
export class Agreeing implements Agreement {
  readonly #parts: AgreeingParts;
  #openedMs: number;
  #state: Hearing['state'] = 'listening';
  #sinceMs: number | undefined;
  #said: Words | undefined;
  #version = '';
  #telling: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #forgetting: NodeJS.Timeout | undefined;

  constructor(parts: AgreeingParts) {
    this.#parts = parts;
    this.#openedMs = parts.now();
  }

  hear(): Hearing {
    const { announcing, orders } = this.#parts;
    const [said, peers] = [announcing()?.said, orders()?.peers ?? []];
    const voices = new Map<string, Voice>();
    for (const name of peers) {
      const one = said?.of(name);
      if (one === undefined) continue;
      const knows = one.knows === '' ? {} : { knows: one.knows };
      voices.set(name, { words: one.words, present: said?.present(name) === true, ...knows });
    }
    const state = this.#judge();
    return { state, voices, ...(state === 'few' ? { reason: this.#reason() } : {}) };
  }

  /** Enough voters to announce something; of two one can go on alone, where the mode says so. */
  decide(others: ReadonlySet<NodeId>): boolean {
    const { node, voters, orders } = this.#parts;
    const all = voters();
    const mode = orders()?.mode;
    if (all.length === 2 && all.includes(node) && (mode === 'available' || mode === 'api')) return true;
    return 2 * all.filter((voter) => voter === node || others.has(voter)).length > all.length;
  }

  say(words: string, takenIn: Hearing['voices']): string {
    const taken = [...takenIn].map(([node, voice]) => [node, versionOf(voice.words)] as const);
    const version = words === this.#said?.words ? this.#version : versionOf(words);
    const same = version === this.#version && JSON.stringify(taken) === JSON.stringify(this.#said?.taken);
    [this.#said, this.#version] = [{ words, taken }, version];
    if (!same) this.#parts.announcing()?.order({ kind: 'say', words, taken });
    return version;
  }

  /** The thread is there. */
  begin(): void {
    if (this.#said !== undefined) this.#parts.announcing()?.order({ kind: 'say', ...this.#said });
    this.#tell();
  }

  /** There is no thread for now. */
  fail(): void {
    this.#openedMs = Number.NEGATIVE_INFINITY;
    this.#tell();
  }

  follow(news: News): void {
    const votes = news.kind === 'report' && (news.report.kind === 'group' || news.report.kind === 'settled');
    if (votes || news.kind === 'said' || news.kind === 'silent') this.#tell();
    if (news.kind !== 'silent') return;
    clearTimeout(this.#forgetting);
    // What those have said counts no more by then.
    if (news.nodes.length > 0) this.#forgetting = setTimeout(this.#parts.changed, forgetMs + 1).unref();
  }

  close(): void {
    clearImmediate(this.#telling);
    clearTimeout(this.#timer);
    clearTimeout(this.#forgetting);
  }

  #tell(): void {
    // Several machines say something at a time.
    this.#telling ??= setImmediate(() => {
      this.#telling = undefined;
      this.#parts.changed();
    });
  }

  #judge(): Hearing['state'] {
    const { announcing, now, orders } = this.#parts;
    const running = announcing();
    if (running?.running !== true) {
      this.#state = 'listening';
      this.#sinceMs = undefined;
      return this.#wait(this.#openedMs + startMs) ? 'listening' : 'few';
    }
    this.#sinceMs ??= now();
    if (!this.#decides()) {
      if (this.#state !== 'listening' || !this.#wait(this.#sinceMs + patienceMs)) this.#state = 'few';
      return this.#state;
    }
    if (this.#state === 'few') [this.#state, this.#sinceMs] = ['listening', now()];
    if (this.#state === 'enough') return this.#state;
    const all = orders()?.peers.every((name) => running.said.present(name) || running.said.silent.has(name));
    if (all === true || !this.#wait(this.#sinceMs + patienceMs)) this.#state = 'enough';
    return this.#state;
  }

  #decides(): boolean {
    const missing = this.#missing();
    return this.decide(new Set(this.#parts.voters().filter((voter) => !missing.includes(voter))));
  }

  #missing(): readonly NodeId[] {
    const said = this.#parts.announcing()?.said;
    return this.#parts.voters().filter((voter) => voter !== this.#parts.node && said?.present(voter) !== true);
  }

  #reason(): string {
    if (this.#parts.announcing()?.running !== true)
      return 'this machine does not announce, so it cannot agree on addresses with the others';
    return `too few machines are heard to agree on one; missing: ${this.#missing().join(', ')}`;
  }

  /** Whether there is still time; then it is looked at again. */
  #wait(untilMs: number): boolean {
    const leftMs = untilMs - this.#parts.now();
    if (leftMs <= 0) return false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#parts.changed(), leftMs + 1);
    this.#timer.unref();
    return true;
  }
}
