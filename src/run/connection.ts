import {
  type Depth,
  type Environment,
  type ExportedService,
  type Log,
  type Observed,
  type Session,
  sameJson,
  type Unit,
} from '../model/index.ts';
import { backoffMs, retryBackoff } from './backoff.ts';
import type { Claims } from './claims.ts';
import type { Clock } from './clock.ts';
import { type Failure, failureOf } from './failure.ts';
import type { KindTable } from './kind-table.ts';

export interface ConnectionOptions {
  readonly open: () => Promise<Session>;
  readonly kinds: KindTable;
  readonly claims: Claims;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

const none: readonly ExportedService[] = [];

/** The way to one real system: opened when it is first needed, again after a rest when that fails. */
export class Connection {
  readonly #options: ConnectionOptions;
  #session: Session | undefined;
  #environment: Environment | undefined;
  #discoveredFor: readonly ExportedService[] | undefined;
  #discoveredBesides: readonly ExportedService[] = none;
  #failures = 0;
  #failedSinceMs = 0;
  /** Wall-clock milliseconds at which the system answered last; at first, since when it is asked. */
  #answeredMs: number;
  #failure: Failure | undefined;
  #error: unknown;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #draining: boolean | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#answeredMs = options.clock.wall();
  }

  get session(): Session | undefined {
    return this.#session;
  }

  /** Why the system cannot be reached; undefined while it can. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** The same as it was thrown. */
  get error(): unknown {
    return this.#error;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Since when nothing was read while it fails, wall-clock milliseconds: the last good look, or the start. */
  get failedSinceMs(): number {
    return this.#failedSinceMs;
  }

  /** Monotonic milliseconds of the next try. */
  get retryAtMs(): number {
    return this.#retryAtMs;
  }

  /** The session and what discovery yields for these services; undefined while it cannot be had (`failure` says why). */
  async ready(
    services: readonly ExportedService[],
    signal: AbortSignal,
    besides: readonly ExportedService[] = none,
  ): Promise<{ session: Session; environment: Environment } | undefined> {
    const known = this.#session !== undefined && this.#environment !== undefined;
    const same = this.#discoveredFor === services && this.#discoveredBesides === besides;
    if (known && same && this.#failure === undefined) return this.#pair();
    if (this.#options.clock.now() < this.#retryAtMs) return this.#pair();
    try {
      if (this.#session === undefined) {
        this.#session = await this.#options.open();
        await this.#tellDraining();
      }
      const environment = await this.#session.discover(services, signal, besides);
      // The same findings stay the same object: whoever computes from them sees that nothing changed.
      if (!sameJson(this.#environment, environment)) this.#environment = environment;
      this.#discoveredFor = services;
      this.#discoveredBesides = besides;
      this.succeeded();
    } catch (error) {
      if (!signal.aborted) this.failed(error);
    }
    return this.#pair();
  }

  /** What the system holds, with ownership that is written down here put in. Throws what the session throws. */
  async observe(scope: 'all' | readonly Unit[], signal: AbortSignal, depth?: Depth): Promise<readonly Observed[]> {
    if (this.#session === undefined) return [];
    return this.#options.claims.adopt(this.#options.kinds, await this.#session.observe(scope, signal, depth));
  }

  /** Discovery is repeated before the next use: what it found may have changed outside. */
  forget(): void {
    this.#discoveredFor = undefined;
  }

  succeeded(): void {
    this.#answeredMs = this.#options.clock.wall();
    this.#failures = 0;
    this.#failure = undefined;
    this.#retryAtMs = Number.NEGATIVE_INFINITY;
  }

  /** `failures`: in a row, where somebody else counts them. */
  failed(error: unknown, failures = this.#failures + 1): void {
    const { clock, random, log } = this.#options;
    if (this.#failure === undefined) this.#failedSinceMs = this.#answeredMs;
    this.#failures = failures;
    this.#failure = failureOf(error);
    this.#error = error;
    this.#retryAtMs = clock.now() + backoffMs(this.#failures, { ...retryBackoff, maxMs: 60_000 }, random);
    log.warn({ code: this.#failure.code, failures: this.#failures }, this.#failure.message);
  }

  /** Whether clients are to go elsewhere; also told to a session that is opened later. Never throws: it is told and left at that. */
  async drain(draining: boolean): Promise<void> {
    this.#draining = draining;
    await this.#tellDraining();
  }

  async #tellDraining(): Promise<void> {
    if (this.#draining === undefined) return;
    try {
      await this.#session?.drain?.(this.#draining);
    } catch (error) {
      const { code, message } = failureOf(error);
      this.#options.log.warn({ code }, `draining could not be ${this.#draining ? 'begun' : 'ended'}: ${message}`);
    }
  }

  async close(how: 'leave' | 'withdraw', followed = false): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close(how, followed);
  }

  /** With an old environment the system is still driven while discovery fails; without one it cannot be. */
  #pair(): { session: Session; environment: Environment } | undefined {
    if (this.#session === undefined || this.#environment === undefined) return undefined;
    return { session: this.#session, environment: this.#environment };
  }
}
