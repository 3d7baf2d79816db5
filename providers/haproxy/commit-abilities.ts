/** What the running HAProxy can do beyond the oldest version that we drive: asked of itself, once a worker, never told by its number. */
import { WeirError } from '../../src/model/index.ts';
import type { RuntimeSocket } from './socket.ts';

const forBackends = ['add backend', 'publish backend', 'unpublish backend', 'del backend'];

export class Abilities {
  readonly #runtime: RuntimeSocket;
  readonly #worker: () => number | undefined;
  #asked: number | undefined;
  readonly #answers = new Map<string, string>();

  /** `worker` tells the process that answers: another one may know more, or less. */
  constructor(runtime: RuntimeSocket, worker: () => number | undefined) {
    this.#runtime = runtime;
    this.#worker = worker;
  }

  /** Backends can be made and deleted (3.4). */
  async makesBackends(): Promise<boolean> {
    const known = await this.#commands();
    return forBackends.every((command) => known.has(command));
  }

  /** It tells when a server has lost its last connection (3.0). */
  async waits(): Promise<boolean> {
    return (await this.#commands()).has('wait');
  }

  /** A server that is added can be given its cookie (3.0, told since 3.2). */
  async takesCookies(): Promise<boolean> {
    return /(?:^|\s)cookie(?:\s|$)/.test(await this.#ask('add server help'));
  }

  /** The words before the first argument of every command that may be used. */
  async #commands(): Promise<ReadonlySet<string>> {
    const lines = (await this.#ask('help')).split('\n').filter((line) => line.startsWith('  '));
    return new Set(lines.map((line) => /^ +([a-z-]+(?: [a-z-]+)*)/.exec(line)?.[1] ?? ''));
  }

  async #ask(line: string): Promise<string> {
    const worker = this.#worker();
    if (worker === undefined) return '';
    if (this.#asked !== worker) this.#answers.clear();
    this.#asked = worker;
    const known = this.#answers.get(line);
    if (known !== undefined) return known;
    try {
      const answer = await this.#runtime.ask(line);
      this.#answers.set(line, answer);
      return answer;
    } catch (error) {
      // Nothing is known of one that does not answer: what follows meets the same, and says so.
      if (error instanceof WeirError) return '';
      throw error;
    }
  }
}
