import type { CertRef, Log, Problem, Snapshot, Source } from '../model/index.ts';
import { backoffMs, retryBackoff } from './backoff.ts';
import { Bell } from './bell.ts';
import type { Clock } from './clock.ts';
import { failureOf } from './failure.ts';

export interface FeedOptions {
  readonly source: Source;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** A new snapshot is there. */
  readonly changed: () => void;
}

const nothing: Snapshot = { services: [], nodes: [], problems: [], incomplete: [] };

/** One source at run time: read when it says that it changed, one reading at a time, the last good snapshot kept while it fails. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #bell: Bell;
  #snapshot: Snapshot | undefined;
  #problem: Problem | undefined;
  #lastReadMs = 0;
  #cause = 'first reading';
  #changedAtMs: number | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#bell = new Bell(options.clock);
  }

  get name(): string {
    return this.#options.source.name;
  }

  /** The first complete listing was read, or what was last known of it is. */
  get synced(): boolean {
    return this.#snapshot !== undefined && this.#snapshot.blank !== true;
  }

  /** Wall-clock milliseconds; 0 before the first reading. */
  get lastReadMs(): number {
    return this.#lastReadMs;
  }

  /** What the last reading was made for. */
  get cause(): string {
    return `${this.name}: ${this.#cause}`;
  }

  /** Monotonic milliseconds at which that was first seen. */
  get changedAtMs(): number | undefined {
    return this.#changedAtMs;
  }

  /** As read last. Before the first reading, and while nothing good was ever read, the whole source is incomplete. */
  get snapshot(): Snapshot {
    if (this.#snapshot !== undefined) return this.#snapshot;
    const reason = this.#problem?.message ?? 'not read yet';
    return { ...nothing, incomplete: [{ source: this.name, part: 'everything', reason }] };
  }

  get problems(): readonly Problem[] {
    return this.#problem === undefined ? this.snapshot.problems : [this.#problem, ...this.snapshot.problems];
  }

  secret(ref: CertRef): Promise<string | undefined> {
    return this.#options.source.secret(ref);
  }

  /** One reading. What a source throws becomes its problem. */
  async read(signal: AbortSignal): Promise<boolean> {
    const { clock, source } = this.#options;
    try {
      this.#snapshot = await source.read(signal);
      this.#problem = undefined;
      this.#lastReadMs = clock.wall();
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      const { code, message } = failureOf(error);
      this.#problem = { code, severity: 'error', source: `source/${this.name}`, message };
      this.#options.log.warn({ source: this.name, code }, message);
      return false;
    }
  }

  /** Reads and follows the source until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#bell.ring();
    await Promise.all([this.#watch(signal), this.#readOnBell(signal)]);
  }

  async #readOnBell(signal: AbortSignal): Promise<void> {
    const { clock, random, changed } = this.#options;
    for (let failures = 0; ; ) {
      await this.#bell.next(signal);
      if (signal.aborted) return;
      const before = this.#snapshot;
      const read = await this.read(signal);
      failures = read ? 0 : failures + 1;
      if (!read) this.#bell.ringAt(clock.now() + backoffMs(failures, { ...retryBackoff, maxMs: 30_000 }, random));
      if (!signal.aborted && (before !== this.#snapshot || !read)) changed();
    }
  }

  /** A watch that ends or throws is begun again, with a reading, since what happened in between was not seen. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { clock, random, log, source } = this.#options;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        await source.watch((cause) => {
          failures = 1;
          this.#cause = cause;
          this.#changedAtMs = clock.now();
          this.#bell.ring();
        }, signal);
      } catch (error) {
        if (!signal.aborted) log.warn({ source: this.name }, `watch ended: ${failureOf(error).message}`);
      }
      if (signal.aborted) return;
      await clock.sleep(backoffMs(failures, { ...retryBackoff, maxMs: 30_000 }, random), signal);
      this.#bell.ring();
    }
  }
}
