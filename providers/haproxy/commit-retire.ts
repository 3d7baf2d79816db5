/** Servers that left the layout and wait for the end of their last connection before HAProxy lets them be deleted. */
import type { Context } from '../../src/model/index.ts';
import { WeirError } from '../../src/model/index.ts';
import type { ServerLine } from './layout.ts';
import type { RuntimeSocket } from './socket.ts';

const firstMs = 50;
const longestMs = 2_000;
/** Commands in one batch: a burst of removals must not hold up the commands of the next change. */
const batch = 500;

export class RetiringServers {
  readonly #servers = new Map<string, ServerLine>();
  readonly #runtime: RuntimeSocket;
  readonly #sleep: Context['clock']['sleep'];
  readonly #signal: AbortSignal;
  #running = false;

  constructor(runtime: RuntimeSocket, sleep: Context['clock']['sleep'], signal: AbortSignal) {
    this.#runtime = runtime;
    this.#sleep = sleep;
    this.#signal = signal;
  }

  get(backend: string, name: string): ServerLine | undefined {
    return this.#servers.get(`${backend}/${name}`);
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
    this.#servers.set(`${backend}/${server.name}`, server);
    if (!this.#running) void this.#work();
  }

  /** It serves again. */
  delete(backend: string, name: string): void {
    this.#servers.delete(`${backend}/${name}`);
  }

  /** A new worker knows none of them. */
  clear(): void {
    this.#servers.clear();
  }

  async #work(): Promise<void> {
    this.#running = true;
    for (
      let waitMs = firstMs;
      this.#servers.size > 0 && !this.#signal.aborted;
      waitMs = Math.min(waitMs * 2, longestMs)
    ) {
      try {
        await this.#sleep(waitMs, this.#signal);
        await this.#deleteIdle();
      } catch (error) {
        // Aborted, or the socket does not answer: who writes next finds out and says so.
        if (!(error instanceof WeirError) && !this.#signal.aborted) throw error;
      }
    }
    this.#running = false;
  }

  async #deleteIdle(): Promise<void> {
    const names = [...this.#servers.keys()];
    for (let at = 0; at < names.length; at += batch) {
      // One that came back meanwhile is not in maintenance, so HAProxy refuses to delete it.
      const some = names.slice(at, at + batch).filter((name) => this.#servers.has(name));
      const answers = await this.#runtime.run(some.map((name) => ({ line: `del server ${name}` })));
      for (const [i, name] of some.entries())
        if (/^(?:Server deleted\.|No such (?:server|backend)\.)$/.test(answers[i] ?? '')) this.#servers.delete(name);
    }
  }
}
