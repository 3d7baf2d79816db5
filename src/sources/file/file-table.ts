import { createHash } from 'node:crypto';
import { dirname, sep } from 'node:path';
import type { Problem } from '../../model/problem.ts';
import type { Incomplete } from '../../model/source.ts';
import type { ListedFile, Listing } from './list-paths.ts';
import { type ParsedText, parseText } from './parse-text.ts';
import { type Glimpse, neededQuietMs, quietMs, stillToWait } from './patience.ts';
import { type FileRead, readText, type Signature } from './read-file.ts';
import { type Survey, survey } from './survey.ts';

/** One file: what is in force of it, and what is wrong with it now. */
export interface FileState {
  readonly path: string;
  /** Its last good content; undefined: never seen good. */
  readonly parsed?: ParsedText;
  readonly text?: string;
  /** Of the last reading, good or not. */
  readonly signature: Signature;
  /** Why its present content is not used. */
  readonly problem?: Problem;
}

/** When writers were last heard of; without it (one reading, nothing watched) every state of a file is believed at once. */
export interface Writers {
  /** Milliseconds from the last event for a file until `nowMs` (monotonic). */
  quietForMs(path: string, nowMs: number): number;
}

/** What an earlier run knew. */
export interface Memory {
  /** Last good text of a file. */
  text(path: string): string | undefined;
  /** The file was deleted: what was known of it must not come back. */
  forget(path: string): void;
  /** Of weir itself: its files are nobody's services. */
  readonly stateDir: string | undefined;
}

export interface Refreshed {
  readonly changed: boolean;
  /** A change is held back until its writer is done: refresh again after this time. */
  readonly againInMs?: number;
  /** A file is not where it was: only a look at everything tells whether it was deleted. */
  readonly vanished?: boolean;
}

interface Change {
  readonly signature: string;
  readonly sinceMs: number;
  readonly firstMs: number;
}

/** A full disk and a writer that died leave a file like this; whoever means it can say so. */
const emptied =
  'it is empty, and was not before (remove it, or write a comment into it, if nothing of it shall be served)';

const none: Survey['signatures'] = new Map();

/** The files of a source as they are in force: read again when they change, never replaced by something that cannot be used. */
export class FileTable {
  private readonly states = new Map<string, FileState>();
  private readonly waiting = new Map<string, Change>();
  private listing: Listing = { files: [], failed: [], directories: new Set(), parents: new Set() };
  private readonly paths: readonly string[];
  private readonly maxBytes: number;
  private readonly now: () => number;
  private readonly memory: Memory;
  private passMs = 0;

  constructor(paths: readonly string[], maxBytes: number, now: () => number, memory: Memory) {
    this.paths = paths;
    this.maxBytes = maxBytes;
    this.now = now;
    this.memory = memory;
  }

  /** In reading order, with files that cannot be reached now but may exist. */
  files(): readonly FileState[] {
    return [...this.states.values()];
  }

  directories(): ReadonlySet<string> {
    return this.listing.directories;
  }

  has(path: string): boolean {
    return this.states.has(path);
  }

  /** Whether an event at a path may be about our files. */
  concerns(path: string): boolean {
    return !this.listing.parents.has(dirname(path)) || this.paths.includes(path);
  }

  problems(): readonly Problem[] {
    const unread = this.listing.failed.map(({ path, reason }) =>
      fileProblem(path, 'E_FILE_READ', reason, this.below(path)),
    );
    const notices = this.files().flatMap(({ path, parsed }) =>
      [...(parsed?.documents.values() ?? [])].flatMap(({ notices = [] }) =>
        notices.map(({ reason, line, column }): Problem => {
          const message = `${path}: ${reason}`;
          return { code: 'W_YAML', severity: 'warning', source: path, message, file: path, line, column };
        }),
      ),
    );
    return [...unread, ...this.files().flatMap((state) => state.problem ?? []), ...notices];
  }

  /** Parts of which nothing good is known. */
  incomplete(source: string): readonly Incomplete[] {
    const parts = this.listing.failed
      .filter(({ path }) => !this.below(path))
      .map(({ path, reason }) => ({ source, part: path, reason }));
    const files = this.files().filter((state) => state.problem !== undefined && state.parsed === undefined);
    return [...parts, ...files.map((state) => ({ source, part: state.path, reason: state.problem?.message ?? '' }))];
  }

  survey(): Promise<Survey> {
    return survey(this.paths, this.memory.stateDir);
  }

  /** Reads what changed. `only`: files known to have changed, read whatever their signature says; absent: what `seen`, or a look at everything now, tells. */
  async refresh(writers?: Writers, only?: ReadonlySet<string>, seen?: Survey): Promise<Refreshed> {
    const { listing, signatures } =
      only === undefined ? (seen ?? (await this.survey())) : { listing: this.listing, signatures: none };
    // One time for the whole pass: files that changed together (a swap of links) are taken together or wait together.
    this.passMs = this.now();
    let changed = JSON.stringify(this.listing.failed) !== JSON.stringify(listing.failed);
    this.listing = listing;
    let againInMs = Number.POSITIVE_INFINITY;
    let vanished = false;
    const note = (result: Refreshed): void => {
      changed ||= result.changed;
      vanished ||= result.vanished ?? false;
      againInMs = Math.min(againInMs, result.againInMs ?? againInMs);
    };
    for (const file of listing.files) {
      if (only === undefined ? this.asBefore(file, signatures) : !only.has(file.path)) continue;
      note(await this.refreshFile(file, writers, only !== undefined));
    }
    if (only === undefined) {
      for (const state of this.vanished()) note(this.drop(state, writers));
      this.recall();
      this.sort();
    }
    return { changed, vanished, ...(Number.isFinite(againInMs) ? { againInMs } : {}) };
  }

  private asBefore({ path }: ListedFile, signatures: Survey['signatures']): boolean {
    const signature = signatures.get(path);
    const same = signature !== undefined && signature === this.states.get(path)?.signature;
    if (same) this.waiting.delete(path);
    return same;
  }

  /** Puts a state in force that an earlier run left: for files below a directory that cannot be read now. */
  restore(path: string, text: string): void {
    if (this.states.has(path)) return;
    const result = parseText(text, path);
    if (result.ok) this.states.set(path, { path, parsed: result.parsed, text, signature: '' });
  }

  /** Paths that cannot be read at present. */
  unread(): readonly string[] {
    return this.listing.failed.map(({ path }) => path);
  }

  private async refreshFile({ path }: ListedFile, writers: Writers | undefined, force: boolean): Promise<Refreshed> {
    const before = this.states.get(path);
    const read = await readText(path, this.maxBytes, force ? undefined : before?.signature);
    if (read.kind === 'same') {
      this.waiting.delete(path);
      return { changed: false };
    }
    if (read.kind === 'absent' && force) return { changed: false, vanished: true };
    if (read.kind === 'text' && read.text === before?.text && before.problem === undefined) {
      this.waiting.delete(path);
      this.states.set(path, { ...before, signature: read.signature });
      return { changed: false };
    }
    const next = this.judge(path, read, before);
    const againInMs = this.hold(path, before, next, read, writers);
    if (againInMs > 0) return { changed: false, againInMs };
    this.waiting.delete(path);
    this.states.set(path, next);
    return { changed: true };
  }

  private judge(path: string, read: Exclude<FileRead, { kind: 'same' }>, before: FileState | undefined): FileState {
    const kept =
      before?.parsed === undefined
        ? this.lastGood(path)
        : { parsed: before.parsed, ...(before.text === undefined ? {} : { text: before.text }) };
    const known = kept.parsed !== undefined;
    if (read.kind === 'absent')
      return { path, ...kept, signature: 'absent', problem: fileProblem(path, 'E_FILE_READ', read.reason, known) };
    if (read.kind === 'fault')
      return { path, ...kept, signature: read.signature, problem: fileProblem(path, read.code, read.reason, known) };
    const result = parseText(read.text, path, before?.parsed);
    if (result.ok && (kept.parsed?.objects.length ?? 0) > 0 && read.text.trim() === '')
      return { path, ...kept, signature: read.signature, problem: fileProblem(path, 'E_FILE_READ', emptied, known) };
    if (result.ok) return { path, parsed: result.parsed, text: read.text, signature: read.signature };
    return {
      path,
      ...kept,
      signature: read.signature,
      problem: fileProblem(path, result.code, result.reason, known, result.line, result.column),
    };
  }

  private lastGood(path: string): Pick<FileState, 'parsed' | 'text'> {
    const text = this.memory.text(path);
    const result = text === undefined ? undefined : parseText(text, path);
    return text !== undefined && result?.ok === true ? { parsed: result.parsed, text } : {};
  }

  /** How long a change must still wait because its writer may not be done; 0: take it. */
  private hold(
    path: string,
    before: FileState | undefined,
    next: FileState | undefined,
    read: FileRead | undefined,
    writers: Writers | undefined,
  ): number {
    if (writers === undefined || before === undefined) return 0;
    const now = this.passMs;
    const signature =
      read?.kind === 'text' ? createHash('sha256').update(read.text).digest('hex') : (next?.problem?.message ?? 'gone');
    const last = this.waiting.get(path);
    const change: Change =
      last?.signature === signature ? last : { signature, sinceMs: now, firstMs: last?.firstMs ?? now };
    this.waiting.set(path, change);
    const glimpse =
      read?.kind === 'text' ? glimpseOf(next?.problem === undefined ? next : undefined, read.text) : undefined;
    const neededMs = neededQuietMs(glimpseOf(before, before.text ?? ''), glimpse);
    const heard = writers.quietForMs(path, now);
    const quietForMs = neededMs > quietMs ? Math.min(heard, now - change.sinceMs) : heard;
    return stillToWait({ neededMs, quietForMs, changedForMs: now - change.firstMs });
  }

  /** States whose file is not listed, though the directory that it stood in was read: deleted. */
  private vanished(): readonly FileState[] {
    const listed = new Set(this.listing.files.map(({ path }) => path));
    return this.files().filter(
      ({ path }) => !listed.has(path) && !this.listing.failed.some((failed) => covers(failed.path, path)),
    );
  }

  private drop(state: FileState, writers: Writers | undefined): Refreshed {
    // An editor that deletes and writes anew leaves a moment without the file: a deletion waits like every loss.
    const againInMs = this.hold(state.path, state, undefined, undefined, writers);
    if (againInMs > 0) return { changed: false, againInMs };
    this.waiting.delete(state.path);
    this.states.delete(state.path);
    this.memory.forget(state.path);
    return { changed: true };
  }

  /** A named file that cannot be reached has no listing to be judged by: bring its last good content back. */
  private recall(): void {
    for (const { path } of this.listing.failed) {
      const text = this.states.has(path) ? undefined : this.memory.text(path);
      if (text !== undefined) this.restore(path, text);
    }
  }

  private sort(): void {
    const place = new Map(this.listing.files.map(({ path }, i) => [path, i]));
    let last = -1;
    const inOrder = [...this.states.keys()].every((path) => {
      const at = place.get(path) ?? Number.MAX_SAFE_INTEGER;
      const after = at >= last;
      last = at;
      return after;
    });
    if (inOrder) return;
    const states = [...this.states].sort(
      ([a], [b]) => (place.get(a) ?? Number.MAX_SAFE_INTEGER) - (place.get(b) ?? Number.MAX_SAFE_INTEGER),
    );
    this.states.clear();
    for (const [path, state] of states) this.states.set(path, state);
  }

  private below(path: string): boolean {
    return this.files().some((state) => covers(path, state.path) && state.parsed !== undefined);
  }
}

function covers(directory: string, path: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

function glimpseOf(state: FileState | undefined, text: string): Glimpse {
  return { objects: state?.parsed?.objects.length, endsWithNewline: text.endsWith('\n'), empty: text.trim() === '' };
}

function fileProblem(
  path: string,
  code: 'E_FILE_READ' | 'E_FILE_SIZE' | 'E_FILE_SYNTAX' | 'E_FILE_ALIASES',
  reason: string,
  known: boolean,
  line?: number,
  column?: number,
): Problem {
  const after = known
    ? 'its last good content stays in force'
    : 'nothing good is known of it, so nothing that it could own is taken away';
  return {
    code,
    severity: 'error',
    source: path,
    message: `${path}: ${reason}; ${after}`,
    file: path,
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  };
}
