/** POSTs over sessions of HTTP/2, on `H2Session`. A session that the server says goodbye to takes no more requests; what was sent on it must be answered. */
import { createSecureContext, type SecureContext } from 'node:tls';
import { H2Session } from './h2-session.ts';
import { monotonicMs } from './monotonic.ts';
import type { Ask, LoadSpec } from './swarm-words.ts';
import type { Tally } from './tally.ts';

const timeoutMs = 5_000;
const perSession = 8;

export class HttpTwo {
  asks: readonly Ask[];
  readonly open = 0;
  readonly #port: number;
  readonly #tally: Tally;
  readonly #context: SecureContext;
  readonly #leaving = new Set<H2Session>();
  readonly #places: (H2Session | undefined)[];
  readonly #asked = new Map<number, { readonly startMs: number; readonly fail: (error: string) => void }>();
  #turn = 0;

  constructor({ port, asks = [], ca, connections }: LoadSpec, tally: Tally) {
    this.#port = port;
    this.#tally = tally;
    this.asks = asks;
    this.#context = createSecureContext(ca === undefined ? {} : { ca });
    this.#places = Array.from({ length: connections }, () => undefined);
  }

  get underWay(): number {
    return this.#asked.size;
  }

  send(): boolean {
    if (this.#asked.size >= this.#places.length * perSession) return false;
    const turn = this.#turn++;
    const ask = this.asks[turn % this.asks.length];
    if (ask === undefined) return false;
    const { authority, path = '/', by } = ask;
    const session = this.#session(turn % this.#places.length, authority);
    const startMs = monotonicMs();
    const fail = session.post(authority, path, (outcome) => {
      if (this.#asked.delete(turn)) this.#tally.take(startMs, outcome, by);
    });
    this.#asked.set(turn, { startMs, fail });
    return true;
  }

  sweep(nowMs: number): void {
    for (const { startMs, fail } of this.#asked.values()) if (nowMs - startMs > timeoutMs) fail('time-out');
    for (const session of this.#leaving)
      if (session.idle) {
        session.close();
        this.#leaving.delete(session);
      }
  }

  close(): void {
    for (const session of [...this.#places, ...this.#leaving]) session?.close();
  }

  #session(place: number, authority: string): H2Session {
    const known = this.#places[place];
    if (known?.usable === true) return known;
    if (known !== undefined) this.#leaving.add(known);
    const session = new H2Session(this.#port, { serverName: authority, context: this.#context });
    this.#places[place] = session;
    return session;
  }
}
