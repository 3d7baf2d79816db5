import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** No configuration and no file of services is as large. */
const mostBytes = 67_108_864;
/** A pipe that the caller has opened for us, as `<(…)` does. */
const given = /^(?:\/dev|\/proc\/self)\/(?:stdin|fd\/\d+)$/;

/**
 * The text of a regular file, or of a pipe that was given to us; undefined: there is no such file.
 * @throws Error in words where it is something else: a device has no end, and a pipe that nobody writes to holds its reader for ever.
 */
export async function readBounded(path: string): Promise<string | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | (given.test(path) ? 0 : constants.O_NONBLOCK));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile() && !(stats.isFIFO() && given.test(path))) throw new Error('it is not a regular file');
    return await readAll(handle);
  } finally {
    await handle.close();
  }
}

async function readAll(handle: FileHandle): Promise<string> {
  const parts: Buffer[] = [];
  for (let length = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(65_536), 0, 65_536, null);
    if (bytesRead === 0) return Buffer.concat(parts).toString('utf8');
    length += bytesRead;
    if (length > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`);
    parts.push(buffer.subarray(0, bytesRead));
  }
}
