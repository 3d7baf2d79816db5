import type { Refreshed, Writers } from './file-table.ts';
import { longestMs, quietMs } from './patience.ts';
import type { Survey } from './survey.ts';
import { DirectoryWatch } from './watch-directories.ts';

/** What is followed. */
export interface Followed {
  survey(): Promise<Survey>;
  refresh(writers?: Writers, only?: ReadonlySet<string>, seen?: Survey): Promise<Refreshed>;
  save(): Promise<void>;
  has(path: string): boolean;
  /** False: an event at this path is about something else. */
  concerns(path: string): boolean;
  directories(): ReadonlySet<string>;
}

export interface FollowOptions {
  readonly pollMs: number;
  readonly changed: (cause: string) => void;
}

/** Last good state is not written on the way of a change, but when nothing has changed for this long. */
const saveAfterMs = 200;
/** Looking at many files costs time: it rests this many times as long as it took. */
const restShare = 2;
const anyFile = '*';

/**
 * Refreshes after events of the file system, coalesced over the two milliseconds that tell a finished writer, and at every poll.
 * Returns when the signal aborts, with everything kept.
 */
export async function followChanges(
  state: Followed,
  { pollMs, changed }: FollowOptions,
  signal: AbortSignal,
): Promise<void> {
  const heard = new Map<string, number>();
  const dirty = new Set<string>();
  /** Files that led to the next call of `changed`, over the passes that held them back. */
  const causes = new Set<string>();
  let everything = true;
  let looking = false;
  let rested = Number.NEGATIVE_INFINITY;
  let timer: { readonly timeout: NodeJS.Timeout; readonly dueMs: number } | undefined;
  let saving: NodeJS.Timeout | undefined;
  const ended = Promise.withResolvers<void>();
  let stopped = false;
  let running = Promise.resolve();
  /** Beside the passes: a slow disk holds up no change. */
  let saved = Promise.resolve();
  /** One after the other; what fails unexpectedly ends the following and is thrown to the caller. */
  const enqueue = (work: () => Promise<void>): void => {
    running = running.then(work).catch(ended.reject);
  };

  // Events that name no file of ours may concern any of them: a linked file is written in another directory.
  const writers: Writers = {
    quietForMs: (path, nowMs) => nowMs - Math.max(heard.get(path) ?? 0, heard.get(anyFile) ?? 0),
  };
  const later = (delayMs: number): void => {
    if (stopped) return;
    const dueMs = performance.now() + delayMs;
    if (timer !== undefined && timer.dueMs <= dueMs) return;
    clearTimeout(timer?.timeout);
    const timeout = setTimeout(() => {
      timer = undefined;
      if (everything) look();
      if (dirty.size > 0) enqueue(pass);
    }, delayMs);
    timer = { timeout, dueMs };
  };
  /** All files are looked at beside the passes for known changes: with thousands of them that takes its time. */
  const look = (): void => {
    if (looking) return;
    const startMs = performance.now();
    if (startMs < rested) {
      later(rested - startMs);
      return;
    }
    looking = true;
    everything = false;
    const seen = state.survey();
    seen
      .then((survey) => {
        enqueue(() => pass(survey));
        enqueue(async () => {
          looking = false;
          const endMs = performance.now();
          rested = endMs + (endMs - startMs) * restShare;
          if (everything) later(0);
        });
      })
      .catch(ended.reject);
  };
  const pass = async (seen?: Survey): Promise<void> => {
    if (stopped) return;
    const only = seen === undefined ? new Set(dirty) : undefined;
    for (const path of dirty) causes.add(path);
    if (only !== undefined) dirty.clear();
    const result = await state.refresh(writers, only, seen);
    // What happened in a directory before it was watched was not heard: list it once more.
    if (only === undefined && watch.set(state.directories())) {
      everything = true;
      later(0);
    }
    forget(heard);
    if (result.changed && !stopped) {
      changed(causes.size === 0 ? 'files changed' : [...causes].slice(0, 3).join(', '));
      clearTimeout(saving);
      saving = setTimeout(() => {
        saved = saved.then(() => state.save());
      }, saveAfterMs);
      saving.unref();
    }
    if (result.againInMs === undefined && result.vanished !== true) causes.clear();
    if (result.vanished === true) {
      everything = true;
      later(quietMs);
    }
    if (result.againInMs !== undefined) {
      // What waits for its writer is looked at again: a known change by itself, a deletion only by listing.
      if (only === undefined) everything = true;
      else for (const path of only) dirty.add(path);
      later(Math.max(1, Math.ceil(result.againInMs)));
    }
  };
  const watch = new DirectoryWatch((path) => {
    if (path !== undefined && !state.concerns(path)) return;
    const known = path !== undefined && state.has(path);
    heard.set(known ? path : anyFile, performance.now());
    if (known) dirty.add(path);
    else everything = true;
    later(quietMs);
  });

  watch.set(state.directories());
  look();
  const poll = setInterval(() => {
    everything = true;
    later(0);
  }, pollMs);
  const stop = (): void => ended.resolve();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    await ended.promise;
  } finally {
    signal.removeEventListener('abort', stop);
    stopped = true;
    clearInterval(poll);
    // A pass that still runs would watch and wait anew: first it, then what it left.
    await running;
    watch.close();
    clearTimeout(timer?.timeout);
    clearTimeout(saving);
    await saved;
    await state.save();
  }
}

/** Events older than any wait no longer matter. */
function forget(heard: Map<string, number>): void {
  const oldest = performance.now() - longestMs;
  for (const [path, at] of heard) if (at < oldest) heard.delete(path);
}
