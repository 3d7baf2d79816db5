/** The load client, seen from the benchmark: starts test/bench/client/load.ts as a process of its own and tells what it saw. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';

export { monotonicMs } from './client/monotonic.ts';

export interface LoadOptions {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default `/`. */
  readonly path?: string;
  readonly method?: string;
  /** Host header; default host:port. */
  readonly authority?: string;
  /** new: a connection a request. keepalive: one a worker, opened again only when the server closes it. */
  readonly mode: 'new' | 'keepalive';
  /** Requests under way at once; default 8. */
  readonly workers?: number;
  /** Paces all workers together; absent: as fast as they can. */
  readonly perSecond?: number;
  /** A request that takes longer has failed; default 2,000. */
  readonly timeoutMs?: number;
  readonly body?: string;
  readonly tls?: { readonly serverName: string; readonly ca?: string };
  /** File for the raw events, one JSON object a line; appended to. */
  readonly raw?: string;
  readonly onAnswer?: (answer: Answer) => void;
}

/** One request. Times are milliseconds on the system's monotonic clock (`monotonicMs`), comparable between processes of one machine. */
export interface Answer {
  readonly startMs: number;
  readonly endMs: number;
  /** Complete answer with status 200-399. */
  readonly ok: boolean;
  readonly status?: number;
  /** Who answered: header `x-target`, else the body, at most 100 characters. */
  readonly target?: string;
  readonly error?: string;
}

export interface Counts {
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  /** Target → answers. */
  readonly targets: Readonly<Record<string, number>>;
  /** Error or status → how often. */
  readonly errors: Readonly<Record<string, number>>;
}

export interface Load {
  counts(): Counts;
  /** The first answer by this target that was asked for at or after `sinceMs`. Rejects after `timeoutMs` (default 10,000) or when the load ends. */
  seen(target: string, sinceMs: number, timeoutMs?: number): Promise<Answer>;
  /** Ends the load after the requests under way; answers the final counts. */
  stop(): Promise<Counts>;
}

/** Starts the load and resolves once the client has sent its first request. No request is ever tried twice. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const { onAnswer, raw, ...rest } = options;
  const child = fork(`${import.meta.dirname}/client/load.ts`, [JSON.stringify(rest)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const load = new ChildLoad(child, onAnswer, raw);
  await load.started;
  return load;
}

class ChildLoad implements Load {
  readonly started: Promise<void>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #raw: WriteStream | undefined;
  readonly #watchers = new Set<(answer: Answer) => void>();
  readonly #targets: Record<string, number> = {};
  readonly #errors: Record<string, number> = {};
  #ok = 0;
  #failed = 0;

  constructor(child: ChildProcess, onAnswer: ((answer: Answer) => void) | undefined, raw: string | undefined) {
    this.#child = child;
    this.#raw = raw === undefined ? undefined : createWriteStream(raw, { flags: 'a' });
    if (onAnswer !== undefined) this.#watchers.add(onAnswer);
    this.#ended = once(child, 'close');
    this.started = new Promise((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`the load client ended with ${code} before its first request`)));
    });
    child.on('message', (message: Answer[] | 'started') => {
      if (message !== 'started') for (const answer of message) this.#take(answer);
    });
  }

  #take(answer: Answer): void {
    if (answer.ok) this.#ok++;
    else this.#failed++;
    if (answer.target !== undefined) this.#targets[answer.target] = (this.#targets[answer.target] ?? 0) + 1;
    if (!answer.ok) {
      const reason = answer.error ?? `status ${answer.status}`;
      this.#errors[reason] = (this.#errors[reason] ?? 0) + 1;
    }
    this.#raw?.write(`${JSON.stringify(answer)}\n`);
    for (const watcher of this.#watchers) watcher(answer);
  }

  counts(): Counts {
    const sent = this.#ok + this.#failed;
    return { sent, ok: this.#ok, failed: this.#failed, targets: { ...this.#targets }, errors: { ...this.#errors } };
  }

  seen(target: string, sinceMs: number, timeoutMs = 10_000): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        settle();
      };
      const watcher = (answer: Answer) => {
        if (answer.ok && answer.target === target && answer.startMs >= sinceMs) finish(() => resolve(answer));
      };
      const timer = setTimeout(
        () =>
          finish(() =>
            reject(new Error(`no answer by ${target} within ${timeoutMs} ms; ${JSON.stringify(this.counts())}`)),
          ),
        timeoutMs,
      );
      this.#watchers.add(watcher);
    });
  }

  async stop(): Promise<Counts> {
    if (this.#child.connected) this.#child.send('stop');
    await this.#ended;
    if (this.#raw !== undefined) {
      this.#raw.end();
      await once(this.#raw, 'close');
    }
    return this.counts();
  }
}
