import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { encodeChange, type GateChange } from './gate-batch.ts';
import type { Answer } from './nft-session.ts';

/** What became of a change, and how many transactions of all there had been after it. */
export type Written = Answer & { readonly generation: number | undefined };

export interface GateWriterOptions {
  /** A change that takes so long is told as a fault, ms; it is not taken back, and those behind it wait. */
  readonly hungMs: number;
  readonly fault: (error: string) => void;
}

/** Changes the gates through a thread that speaks netlink: one transaction at a time, in the order of the calls, each answered when the kernel has applied it. */
export class GateWriter {
  readonly #options: GateWriterOptions;
  readonly #worker: Worker;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (written: Written) => void; readonly timer: NodeJS.Timeout }
  >();
  #count = 0;
  #closed = false;

  constructor(options: GateWriterOptions) {
    this.#options = options;
    this.#worker = new Worker(new URL(`./nft-thread${extname(import.meta.url)}`, import.meta.url));
    this.#worker.on('message', ({ id, ...written }: Written & { readonly id: number }) => this.#answer(id, written));
    this.#worker.on('error', (error) => {
      if (!this.#closed) throw error;
    });
  }

  /** Changes and forgets: a transaction that changes nothing is as good as done. */
  write(change: GateChange): Promise<Written> {
    const batch = encodeChange(change);
    if (batch === undefined) return Promise.resolve({ ok: true, generation: undefined });
    if (this.#closed)
      return Promise.resolve({
        ok: false,
        known: true,
        missing: false,
        error: 'the writer is closed',
        generation: undefined,
      });
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve) => {
      const { hungMs, fault } = this.#options;
      const timer = setTimeout(
        () => fault(`the kernel has not answered for ${hungMs} ms: somebody holds its tables`),
        hungMs,
      );
      this.#waiting.set(id, { resolve, timer });
      this.#worker.postMessage([id, batch]);
    });
  }

  /** Ends the thread; what waits is never answered. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    await this.#worker.terminate();
  }

  #answer(id: number, written: Written): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    waiting?.resolve(written);
  }
}
