import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

/** What became of a transaction. */
export type Answer =
  | { readonly ok: true }
  /** The kernel refused it: nothing of it is done. `missing`: something that it names is not there. */
  | { readonly ok: false; readonly known: true; readonly missing: boolean; readonly error: string }
  /** The writer died or hung: it is done or not, nobody knows; but it will not be done later. */
  | { readonly ok: false; readonly known: false; readonly error: string };

export interface SessionOptions {
  /** How long a transaction may take before the writer counts as hung and is replaced, ms. */
  readonly hungMs: number;
  /** Words that start it, e.g. in another network namespace. */
  readonly command?: readonly string[];
  /** After so many lines the writer is replaced: its command line remembers every one. */
  readonly mostLines?: number;
}

interface Job {
  readonly line: string;
  readonly resolve: (answer: Answer) => void;
}

/**
 * The one writer to nft: a long-lived `nft -i`, one transaction at a time, in order, each answered when the kernel has applied it.
 * There is never a second one: a writer that hangs is killed, and its successor starts after it has ended, so that nothing is applied late.
 *
 * Interactive nft prints nothing on success. Each line is followed by a word that it cannot know; its complaint about that word is the end
 * of the answer, and what it says before is the error of the transaction. All of this comes on stderr, unbuffered and in order.
 */
export class NftSession {
  readonly #options: SessionOptions;
  readonly #queue: Job[] = [];
  #child: ChildProcessWithoutNullStreams | undefined;
  #current: (Job & { readonly mark: string; readonly timer: NodeJS.Timeout }) | undefined;
  #said: string[] = [];
  #rest = '';
  #lines = 0;
  #count = 0;
  #closed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#start();
  }

  /** Process of the writer, for tests. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Applies one line of nft commands as one transaction. */
  run(line: string): Promise<Answer> {
    if (line.includes('\n')) throw new RangeError('a transaction is one line');
    if (this.#closed) return Promise.resolve({ ok: false, known: false, error: 'the writer is closed' });
    return new Promise((resolve) => {
      this.#queue.push({ line, resolve });
      this.#next();
    });
  }

  /** Ends the writer; what waits is not done. */
  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    const ended = new Promise<void>((resolve) =>
      child === undefined ? resolve() : child.once('close', () => resolve()),
    );
    child?.kill('SIGKILL');
    for (const job of this.#queue.splice(0)) job.resolve({ ok: false, known: false, error: 'the writer is closed' });
    await ended;
  }

  #start(): void {
    const [program = 'nft', ...args] = this.#options.command ?? ['nft', '-i'];
    // It would leave a history of its lines in the home directory.
    const child = spawn(program, args, {
      stdio: 'pipe',
      env: { PATH: process.env.PATH, HOME: '/nonexistent', LC_ALL: 'C' },
    });
    this.#child = child;
    this.#lines = 0;
    this.#rest = '';
    let failure = '';
    child.on('error', (error) => {
      failure = error.message;
    });
    child.stdin.on('error', () => {}); // `close` follows.
    child.stdout.resume();
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    child.on('close', () => {
      this.#child = undefined;
      const said = [...this.#said, this.#rest].join('\n').trim();
      this.#answer({ ok: false, known: false, error: `nft ended: ${failure || said || 'without a word'}` });
      if (this.#closed) return;
      setTimeout(() => !this.#closed && this.#start(), failure === '' ? 0 : 1000);
    });
    child.on('spawn', () => this.#next());
  }

  #next(): void {
    const child = this.#child;
    if (this.#current !== undefined || this.#queue.length === 0 || child?.pid === undefined || child.killed) return;
    if (this.#lines >= (this.#options.mostLines ?? 20_000)) {
      child.kill('SIGKILL');
      return;
    }
    const job = this.#queue.shift();
    if (job === undefined) return;
    this.#count += 1;
    this.#lines += 1;
    const mark = `weir_${this.#count}`;
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#options.hungMs);
    this.#current = { ...job, mark, timer };
    this.#said = [];
    child.stdin.write(`${job.line}\n${mark}\n`);
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== this.#current?.mark) {
        this.#said.push(line);
        continue;
      }
      this.#said.pop(); // The complaint about the mark.
      this.#answer(readAnswer(this.#said));
    }
  }

  #answer(answer: Answer): void {
    const current = this.#current;
    if (current === undefined) return;
    clearTimeout(current.timer);
    this.#current = undefined;
    this.#said = [];
    current.resolve(answer);
    this.#next();
  }
}

function readAnswer(said: readonly string[]): Answer {
  const errors = said.filter((line) => /\bError:/.test(line));
  if (errors.length === 0) return { ok: true };
  const error = errors.map((line) => line.replace(/^.*?\bError: */, '')).join('; ');
  return { ok: false, known: true, missing: error.includes('No such file or directory'), error };
}
