import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ErrorCode, WeirError } from '../model/index.ts';

export interface LineFileOptions {
  /** Lines and bytes that are kept when the file is written anew. It is when it has twice as many. */
  readonly maxLines: number;
  readonly maxBytes: number;
  readonly code: ErrorCode;
}

/** A file of JSON lines: appended and synced to disk one by one, written anew atomically when it has grown. Mode 0600. */
export class LineFile {
  readonly #path: string;
  readonly #options: LineFileOptions;
  #file: FileHandle | undefined;
  #lines: string[];
  #bytes: number;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(path: string, options: LineFileOptions, lines: string[]) {
    this.#path = path;
    this.#options = options;
    this.#lines = lines;
    this.#bytes = bytesOf(lines);
  }

  /**
   * Opens or creates. Lines that are not JSON (a torn tail, a damaged block) are left out; with `repair` they are gone at once.
   * Without it nothing is written: somebody else may be in the middle of a line.
   */
  static async open(path: string, options: LineFileOptions, repair: boolean): Promise<LineFile> {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (isMissing(error)) return '';
      throw unusable(options.code, path, error);
    });
    const all = text.split('\n');
    const lines = all.filter((line) => line !== '' && isJson(line));
    const file = new LineFile(path, options, lines);
    const whole = text === '' || text.endsWith('\n');
    if (repair && (!whole || lines.length !== all.length - 1))
      await file.replace(lines.map((line) => JSON.parse(line)));
    return file;
  }

  /** Oldest first; parsed by whoever knows their shape. */
  lines(): readonly string[] {
    return this.#lines;
  }

  /** Resolves when the line is on disk. */
  append(value: unknown): Promise<void> {
    return this.#inTurn(async () => {
      const line = JSON.stringify(value);
      this.#lines.push(line);
      this.#bytes += Buffer.byteLength(line) + 1;
      const { maxLines, maxBytes } = this.#options;
      if (this.#lines.length > 2 * maxLines || this.#bytes > 2 * maxBytes) {
        await this.#rewrite(newest(this.#lines, maxLines, maxBytes));
        return;
      }
      this.#file ??= await open(this.#path, 'a', 0o600);
      await this.#file.appendFile(`${line}\n`);
      await this.#file.datasync();
    });
  }

  /** Puts other lines in place of all. */
  replace(values: readonly unknown[]): Promise<void> {
    return this.#inTurn(() => this.#rewrite(values.map((value) => JSON.stringify(value))));
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#file?.close();
      this.#file = undefined;
    });
  }

  async #rewrite(lines: readonly string[]): Promise<void> {
    const fresh = `${this.#path}.new`;
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(lines.map((line) => `${line}\n`).join(''));
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#file?.close();
    this.#file = undefined;
    await rename(fresh, this.#path);
    const folder = await open(dirname(this.#path), 'r');
    await folder.sync().finally(() => folder.close());
    this.#lines = [...lines];
    this.#bytes = bytesOf(lines);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#tail.then(work).catch((error: unknown) => {
      throw unusable(this.#options.code, this.#path, error);
    });
    this.#tail = turn.catch(() => {});
    return turn;
  }
}

function newest(lines: readonly string[], maxLines: number, maxBytes: number): readonly string[] {
  let from = Math.max(0, lines.length - maxLines);
  let bytes = bytesOf(lines.slice(from));
  while (from < lines.length && bytes > maxBytes) bytes -= Buffer.byteLength(lines[from++] ?? '') + 1;
  return lines.slice(from);
}

function bytesOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function unusable(code: ErrorCode, path: string, cause: unknown): WeirError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new WeirError(code, `${path}: ${reason}`, { cause });
}
