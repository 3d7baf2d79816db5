/** What HAProxy writes to stderr: a file of ours, because a pipe would end with us and take the proxy's messages, or the proxy, along. */
import { constants } from 'node:fs';
import { type FileHandle, open, stat, truncate } from 'node:fs/promises';
import { isMissing, onDisk } from './files.ts';

const keepBytes = 1024 * 1024;

export class MessageLog {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Opens it for a child to append to; bounded by starting over. */
  openForChild(): Promise<FileHandle> {
    return onDisk(this.path, () => open(this.path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600));
  }

  /** Where the next message will stand. Starts the file over when it has grown large: the child appends, so nothing is torn. */
  async mark(): Promise<number> {
    const size = await this.#size();
    if (size <= keepBytes) return size;
    await onDisk(this.path, () => truncate(this.path, 0));
    return 0;
  }

  /** What was written since a mark, at most 64 KiB. */
  async since(mark: number): Promise<string> {
    return onDisk(this.path, async () => {
      const length = Math.min((await this.#size()) - mark, 65_536);
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
