/** What HAProxy writes to stderr: a file of ours, because a pipe would end with us and take the proxy's messages, or the proxy, along. */
import { constants } from 'node:fs';
import { copyFile, type FileHandle, open, stat, truncate } from 'node:fs/promises';
import { isMissing, onDisk } from './files.ts';

/** With `log: stdout` every request is written here too: a look every few seconds, and a file that is worth reading. */
const mostBytes = 16 * 1024 * 1024;
/** Among the requests of a busy moment stands what HAProxy says of a reload. */
const sinceBytes = 4 * 1024 * 1024;

export class MessageLog {
  readonly path: string;

  constructor(directory: string) {
    this.path = `${directory}/haproxy.log`;
  }

  /** Opens it for a child to append to; who trims it bounds it. */
  openForChild(): Promise<FileHandle> {
    return onDisk(this.path, () => open(this.path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600));
  }

  /** Starts the file over when it has grown large, and keeps what it was as the one before: the child appends, so nothing is torn. */
  async trim(): Promise<void> {
    if ((await this.#size()) <= mostBytes) return;
    // Where there is no room for two, one that does not grow for ever counts more.
    await copyFile(this.path, `${this.path}.1`, constants.COPYFILE_FICLONE).catch(() => undefined);
    await onDisk(this.path, () => truncate(this.path, 0));
  }

  /** Where the next message will stand. */
  async mark(): Promise<number> {
    await this.trim();
    return this.#size();
  }

  /** What was written since a mark, at most 4 MiB. */
  async since(mark: number): Promise<string> {
    return onDisk(this.path, async () => {
      const length = Math.min((await this.#size()) - mark, sinceBytes);
      if (length <= 0) return '';
      const file = await open(this.path, 'r');
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, mark);
        return buffer.toString('utf8', 0, bytesRead);
      } finally {
        await file.close();
      }
    });
  }

  /** Its last lines. */
  async tail(): Promise<string> {
    return this.since(Math.max(0, (await this.#size()) - 4_096));
  }

  async #size(): Promise<number> {
    try {
      return (await stat(this.path)).size;
    } catch (error) {
      if (isMissing(error)) return 0;
      throw error;
    }
  }
}
