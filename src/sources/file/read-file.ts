import type { BigIntStats } from 'node:fs';
import { constants, type FileHandle, open } from 'node:fs/promises';
import { reasonOf } from './list-paths.ts';

/** Changes whenever the content may have changed. */
export type Signature = string;

export type FileRead =
  | { readonly kind: 'same' }
  | { readonly kind: 'text'; readonly text: string; readonly signature: Signature }
  | { readonly kind: 'absent'; readonly reason: string }
  | {
      readonly kind: 'fault';
      readonly code: 'E_FILE_READ' | 'E_FILE_SIZE' | 'E_FILE_SYNTAX';
      readonly reason: string;
      readonly signature: Signature;
    };

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The text of a file of at most `maxBytes`; `same` when its signature is `known`. Signature and text come from one open file, so a
 * rename in between cannot mix them.
 */
export async function readText(path: string, maxBytes: number, known?: Signature): Promise<FileRead> {
  let handle: FileHandle;
  try {
    // A pipe without a writer would hold the reader for ever, and with it a thread of the whole process.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return absent
      ? { kind: 'absent', reason: reasonOf(error) }
      : { kind: 'fault', code: 'E_FILE_READ', reason: reasonOf(error), signature: '' };
  }
  try {
    const stats = await handle.stat({ bigint: true });
    const { size } = stats;
    const signature = signatureOf(stats);
    if (signature === known) return { kind: 'same' };
    if (!stats.isFile()) {
      return { kind: 'fault', code: 'E_FILE_READ', reason: 'it is not a regular file', signature };
    }
    if (size > BigInt(maxBytes)) {
      return {
        kind: 'fault',
        code: 'E_FILE_SIZE',
        reason: `it has ${size} bytes, the limit is ${maxBytes} (fileBytes of the source)`,
        signature,
      };
    }
    // It may grow as it is read, and some files of the kernel have no size.
    const bytes = await readAtMost(handle, maxBytes);
    if (bytes === undefined)
      return {
        kind: 'fault',
        code: 'E_FILE_SIZE',
        reason: `it has more than ${maxBytes} bytes (fileBytes of the source)`,
        signature,
      };
    // The decoder drops a byte order mark.
    return { kind: 'text', text: decoder.decode(bytes), signature };
  } catch (error) {
    if (error instanceof TypeError)
      return { kind: 'fault', code: 'E_FILE_SYNTAX', reason: 'it is not UTF-8 text', signature: '' };
    return { kind: 'fault', code: 'E_FILE_READ', reason: reasonOf(error), signature: '' };
  } finally {
    await handle.close();
  }
}

async function readAtMost(handle: FileHandle, maxBytes: number): Promise<Buffer | undefined> {
  const { size } = await handle.stat();
  // One more than it has, so that one reading is mostly enough.
  let bytes = Buffer.allocUnsafe(Math.min(size, maxBytes) + 1);
  for (let length = 0; ; ) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, null);
    length += bytesRead;
    if (length > maxBytes) return undefined;
    if (bytesRead === 0) return bytes.subarray(0, length);
    if (length === bytes.length) bytes = Buffer.concat([bytes], Math.min(2 * length + 4_096, maxBytes + 1));
  }
}

export function signatureOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): Signature {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}
