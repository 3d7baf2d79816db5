/** Servers that left the layout and wait for the end of their last connection before HAProxy lets them be deleted. */
import type { Context } from '../../src/model/index.ts';
import { WeirError } from '../../src/model/index.ts';
import type { Abilities } from './commit-abilities.ts';
import { isDeleted } from './commit-runtime.ts';
import type { ServerLine } from './layout.ts';
import { RuntimeSocket } from './socket.ts';

const firstMs = 50;
const longestMs = 2_000;
/** Commands in one batch: a burst of removals must not hold up the commands of the next change. */
const batch = 500;

export interface RetireParts {
  readonly runtime: RuntimeSocket;
  readonly sleep: Context['clock']['sleep'];
  readonly signal: AbortSignal;
  readonly abilities: Pick<Abilities, 'waits'>;
  /** What a server still has is ended after so long, as that of an old worker is. */
  readonly mostMs: () => number;
}

export class RetiringServers {
  readonly #servers = new Map<string, ServerLine>();
  /** Since when each retires. */
  readonly #sinceMs = new Map<string, number>();
  readonly #parts: RetireParts;
  /** Its own: who waits there holds up nobody. */
  readonly #waiting: RuntimeSocket;
  #running = false;
  #deleting: Promise<unknown> = Promise.resolve();
  /** HAProxy said of this one last that it can be deleted. */
  #told: string | undefined;

  constructor(parts: RetireParts) {
    this.#parts = parts;
    this.#waiting = new RuntimeSocket(parts.runtime.path);
    parts.signal.addEventListener('abort', () => this.#waiting.close(), { once: true });
  }

  /** It is to serve again: answers it when it is still there, and does not delete it any more. */
  async recall(backend: string, name: string): Promise<ServerLine | undefined> {
    // What was sent may have deleted it.
    await this.#deleting;
    const key = `${backend}/${name}`;
    const server = this.#servers.get(key);
    this.#drop(key);
    return server;
  }

  /** All of them by `backend/server`. */
  get servers(): ReadonlyMap<string, ServerLine> {
    return this.#servers;
  }

  /** `backend/server` of all of them. */
  names(): ReadonlySet<string> {
    return new Set(this.#servers.keys());
  }

  /** Backends that have any. */
  backends(): ReadonlySet<string> {
    return new Set([...this.#servers.keys()].map((name) => name.slice(0, name.indexOf('/'))));
  }

  get size(): number {
    return this.#servers.size;
  }

  /** Takes servers that were put into maintenance. */
  add(backend: string, server: ServerLine): void {
    const key = `${backend}/${server.name}`;
    this.#servers.set(key, server);
    if (!this.#sinceMs.has(key)) this.#sinceMs.set(key, performance.now());
    if (!this.#running) void this.#work();
  }

  /** A new worker knows none of them. */
  clear(): void {
    this.#servers.clear();
    this.#sinceMs.clear();
  }

  #drop(key: string): void {
    this.#servers.delete(key);
    this.#sinceMs.delete(key);
  }

  async #work(): Promise<void> {
    this.#running = true;
    for (
      let waitMs = firstMs;
      this.#servers.size > 0 && !this.#parts.signal.aborted;
      waitMs = Math.min(waitMs * 2, longestMs)
    ) {
      try {
        await this.#wait(waitMs);
        await this.#deleteIdle();
      } catch (error) {
        // Aborted, or the socket does not answer: who writes next finds out and says so.
        if (!(error instanceof WeirError) && !this.#parts.signal.aborted) throw error;
      }
    }
    this.#running = false;
  }

  /** Until one may have lost its last connection: HAProxy says when, where it can. */
  async #wait(waitMs: number): Promise<void> {
    const { sleep, signal, abilities } = this.#parts;
    const startMs = performance.now();
    const [name] = this.#servers.keys();
    if (name !== undefined && (await abilities.waits())) {
      const [answer] = await this.#waiting.run([{ line: `wait ${waitMs}ms srv-removable ${name}` }]).catch(() => []);
      // Said once and not deleted: whatever is in the way, asking at once again would not end.
      const again = this.#told === name;
      this.#told = answer === 'Done.' ? name : undefined;
      if (answer === 'Done.' && !again) return;
    }
    const leftMs = waitMs - (performance.now() - startMs);
    if (leftMs > 0) await sleep(leftMs, signal);
  }

  async #deleteIdle(): Promise<void> {
    const names = [...this.#servers.keys()];
    for (let at = 0; at < names.length; at += batch) {
      // One that came back meanwhile is not in maintenance, so HAProxy refuses to delete it.
      const some = names.slice(at, at + batch).filter((name) => this.#servers.has(name));
      const deleted = this.#delete(some);
      this.#deleting = deleted.catch(() => undefined);
      await deleted;
    }
  }

  async #delete(names: readonly string[]): Promise<void> {
    const { runtime, mostMs } = this.#parts;
    const before = performance.now() - mostMs();
    const overdue = names.filter((name) => (this.#sinceMs.get(name) ?? before) < before);
    await runtime.run(overdue.map((name) => ({ line: `shutdown sessions server ${name}` })));
    const answers = await runtime.run(names.map((name) => ({ line: `del server ${name}` })));
    for (const [i, name] of names.entries()) if (isDeleted(answers[i] ?? '')) this.#drop(name);
  }
}
