import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';

/** Watches directories, not files: a rename over a file, a deletion and a new file are events of the directory. */
export class DirectoryWatch {
  private readonly watchers = new Map<string, FSWatcher>();
  private readonly onEvent: (path: string | undefined) => void;

  /** `onEvent` gets the path that changed, or nothing where the system does not say. */
  constructor(onEvent: (path: string | undefined) => void) {
    this.onEvent = onEvent;
  }

  /** Watches exactly these. What cannot be watched (absent, too many watches) is left to the poll. */
  set(directories: ReadonlySet<string>): void {
    for (const [directory, watcher] of this.watchers) {
      if (directories.has(directory)) continue;
      watcher.close();
      this.watchers.delete(directory);
    }
    for (const directory of directories) if (!this.watchers.has(directory)) this.open(directory);
  }

  close(): void {
    this.set(new Set());
  }

  private open(directory: string): void {
    try {
      const watcher = watch(directory, (event, name) => {
        // A directory that is renamed or removed is told by its own name: another may stand there now, so watch anew.
        if (event === 'rename' && name !== null && directory.endsWith(name)) this.drop(directory, watcher);
        this.onEvent(name === null ? undefined : join(directory, name));
      });
      watcher.on('error', () => {
        this.drop(directory, watcher);
        this.onEvent(undefined);
      });
      this.watchers.set(directory, watcher);
    } catch {
      // Absent or unreadable at this moment; the next listing tries again.
    }
  }

  private drop(directory: string, watcher: FSWatcher): void {
    watcher.close();
    if (this.watchers.get(directory) === watcher) this.watchers.delete(directory);
  }
}
