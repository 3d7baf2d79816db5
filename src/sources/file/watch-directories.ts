import { type FSWatcher, statSync, watch } from 'node:fs';
import { join } from 'node:path';

interface Watched {
  readonly watcher: FSWatcher;
  /** Which directory it really is: another may stand at the path later. */
  readonly identity: string;
}

/** Watches directories, not files: a rename over a file, a deletion and a new file are events of the directory. */
export class DirectoryWatch {
  private readonly watched = new Map<string, Watched>();
  private readonly onEvent: (path: string | undefined) => void;

  /** `onEvent` gets the path that changed, or nothing where the system does not say. */
  constructor(onEvent: (path: string | undefined) => void) {
    this.onEvent = onEvent;
  }

  /**
   * Watches exactly these; a path that leads to another directory than before (recreated, link turned) is watched anew. What cannot be
   * watched (absent, too many watches) is left to the poll. Answers whether a watch is new: what happened before it was not heard.
   */
  set(directories: ReadonlySet<string>): boolean {
    for (const [directory, { watcher, identity }] of this.watched) {
      if (directories.has(directory) && identify(directory) === identity) continue;
      watcher.close();
      this.watched.delete(directory);
    }
    let opened = false;
    for (const directory of directories) if (!this.watched.has(directory)) opened = this.open(directory) || opened;
    return opened;
  }

  close(): void {
    this.set(new Set());
  }

  private open(directory: string): boolean {
    const identity = identify(directory);
    if (identity === undefined) return false;
    try {
      const watcher = watch(directory, (_, name) => this.onEvent(name === null ? undefined : join(directory, name)));
      watcher.on('error', () => {
        watcher.close();
        if (this.watched.get(directory)?.watcher === watcher) this.watched.delete(directory);
        this.onEvent(undefined);
      });
      this.watched.set(directory, { watcher, identity });
      return true;
    } catch {
      // Unreadable, or no watches left: the next listing tries again.
      return false;
    }
  }
}

function identify(directory: string): string | undefined {
  try {
    const { dev, ino } = statSync(directory);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
