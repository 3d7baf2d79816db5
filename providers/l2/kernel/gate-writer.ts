import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { encodeChange, type GateChange } from './gate-batch.ts';
import { Mailbox } from './mailbox.ts';
import type { Answer } from './nft-session.ts';

/** What became of a change; `changed`: there was something to write. */
export type Written = Answer & { readonly changed: boolean };

export interface GateWriterOptions {
  /** A change that takes so long is told as a fault, ms; it is not taken back, and those behind it wait. */
  readonly hungMs: number;
  readonly fault: (error: string) => void;
}

/** Changes the gates through a thread that speaks netlink: one transaction at a time, in the order of the calls, each answered when the kernel has applied it. */
export class GateWriter {
  readonly #options: GateWriterOptions;
  readonly #mailbox = new Mailbox();
  readonly #worker: Worker;
  #turn: Promise<unknown> = Promise.resolve();
  #late: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: GateWriterOptions) {
    this.#options = options;
    this.#worker = new Worker(new URL(`./nft-thread${extname(import.meta.url)}`, import.meta.url), {
      workerData: this.#mailbox.memory,
    });
    this.#worker.on('error', (error) => {
      if (!this.#closed) throw error;
    });
  }

  /** Changes and forgets: a transaction that changes nothing is as good as done. */
  write(change: GateChange): Promise<Written> {
    const batch = encodeChange(change);
    if (batch === undefined) return Promise.resolve({ ok: true, changed: false });
    const written = this.#turn.then(() => this.#write(batch));
    this.#turn = written.catch(() => {});
    return written;
  }

  /** Ends the thread; what waits is never answered. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#late);
    await this.#worker.terminate();
  }

  async #write(batch: Uint8Array): Promise<Written> {
    if (this.#closed) return { ok: false, known: true, missing: false, error: 'the writer is closed', changed: false };
    const { hungMs, fault } = this.#options;
    this.#late = setTimeout(
      () => fault(`the kernel has not answered for ${hungMs} ms: somebody holds its tables`),
      hungMs,
    );
    const answer = await this.#mailbox.ask(batch);
    clearTimeout(this.#late);
    return { ...answer, changed: true };
  }
}
