/** One target in use: its weight, what runs over it, its health and its idle connections. */
import { Agent } from 'node:http';
import { Agent as TlsAgent, type AgentOptions as TlsOptions } from 'node:https';
import type { Context, Health } from '../../src/model/index.ts';
import { runCheck } from './check.ts';
import type { Check } from './kinds.ts';
import { parseTargetKey } from './names.ts';

/** A target that just refused a connection is asked last for this long. */
const coolMs = 1000;

export class LiveTarget {
  readonly key: string;
  readonly address: string;
  readonly port: number;
  weight: number;
  health: Health = 'ready';
  reason = '';
  #agent: Agent | TlsAgent;
  #coldUntilMs = 0;
  readonly #ctx: Context;
  readonly #uses = new Set<() => void>();
  readonly #stopped = new AbortController();
  readonly #ended = new AbortController();
  /** Of former TLS settings: they hold the connections of requests that were under way. */
  readonly #retired: Agent[] = [];
  #checking = new AbortController();
  #leaving = false;

  constructor(key: string, weight: number, tls: TlsOptions | undefined, ctx: Context) {
    this.key = key;
    this.weight = weight;
    this.#ctx = ctx;
    ({ address: this.address, port: this.port } = parseTargetKey(key));
    this.#agent = makeAgent(tls);
  }

  get active(): number {
    return this.#uses.size;
  }

  /** Idle connections to the target; only for requests that may be sent again when one turns out dead. */
  get agent(): Agent {
    return this.#agent;
  }

  /** Connects refused a moment ago. */
  get cold(): boolean {
    return this.#ctx.clock.now() < this.#coldUntilMs;
  }

  refused(): void {
    this.#coldUntilMs = this.#ctx.clock.now() + coolMs;
  }

  /** Marks a use; `end` ends it by force. Answers what to call when it is over. */
  use(end: () => void): () => void {
    const entry = () => end();
    this.#uses.add(entry);
    return () => {
      this.#uses.delete(entry);
      if (this.#leaving && this.#uses.size === 0) this.#hangUp();
    };
  }

  /** Other TLS settings hold for new connections. */
  setTls(tls: TlsOptions | undefined): void {
    this.#retired.push(this.#agent);
    this.#agent = makeAgent(tls);
  }

  /** Starts, changes or ends the active check. `changed` is called when health changes. */
  watch(check: Check | undefined, tls: boolean, changed: () => void): void {
    this.#checking.abort();
    this.#checking = new AbortController();
    if (check === undefined) {
      this.health = 'ready';
      return;
    }
    if (this.health === 'ready') this.health = 'initial';
    const signal = AbortSignal.any([this.#checking.signal, this.#stopped.signal]);
    void this.#check(check, tls, changed, signal);
  }

  async #check(check: Check, tls: boolean, changed: () => void, signal: AbortSignal): Promise<void> {
    let streak = 0;
    while (!signal.aborted) {
      const reason = await runCheck({ address: this.address, port: this.port, tls }, check, signal);
      if (signal.aborted) return;
      const well = reason === undefined;
      streak = well === (this.health !== 'unhealthy') ? 0 : streak + 1;
      const due = this.health === 'initial' || streak >= (well ? check.rise : check.fall);
      const next = well ? 'ready' : 'unhealthy';
      this.reason = reason ?? '';
      if (due && this.health !== next) {
        this.health = next;
        streak = 0;
        changed();
      }
      await this.#ctx.clock.sleep(check.intervalMs, signal).catch(() => undefined);
    }
  }

  /** No longer among the targets: what runs may finish, within `drainMs` when given. */
  async leave(drainMs: number | undefined): Promise<void> {
    this.#leaving = true;
    this.#stopped.abort();
    if (this.#uses.size === 0) this.#hangUp();
    if (drainMs === undefined) return;
    await this.#ctx.clock.sleep(drainMs, this.#ended.signal).catch(() => undefined);
    this.end();
  }

  /** Ends everything that runs. */
  end(): void {
    this.#stopped.abort();
    this.#ended.abort();
    for (const end of [...this.#uses]) end();
    this.#hangUp();
  }

  #hangUp(): void {
    for (const agent of [this.#agent, ...this.#retired]) agent.destroy();
  }
}

function makeAgent(tls: TlsOptions | undefined): Agent | TlsAgent {
  const keep = { keepAlive: true, maxFreeSockets: 64 };
  return tls === undefined ? new Agent(keep) : new TlsAgent({ ...keep, ...tls });
}
