/** The file behind the HAProxy program, and the one that a process runs: an upgrade puts another file in its place. */
import { open, stat } from 'node:fs/promises';
import { delimiter } from 'node:path';

export interface ProgramFile {
  /** Device and inode: which file it is. */
  readonly file: string;
  /** It is what a process of it runs, and not a script that calls another program. */
  readonly runs: boolean;
  /** Changes also when the file is written over. */
  readonly state: string;
}

/** The file that a name in PATH, or a path, leads to; undefined while there is none. */
export async function findProgramFile(
  program: string,
  path = process.env.PATH ?? '',
): Promise<ProgramFile | undefined> {
  const places = program.includes('/') ? [program] : path.split(delimiter).map((folder) => `${folder}/${program}`);
  for (const place of places) {
    const found = await stat(place).catch(() => undefined);
    if (found?.isFile() !== true || (found.mode & 0o111) === 0) continue;
    const file = `${found.dev}:${found.ino}`;
    return { file, runs: await isElf(place), state: `${file}:${found.size}:${found.mtimeMs}` };
  }
  return undefined;
}

async function isElf(path: string): Promise<boolean> {
  const handle = await open(path).catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1') === '\x7fELF';
  } finally {
    await handle.close();
  }
}

/** Device and inode of the file that a process runs, also when its name is gone; undefined where we may not look. */
export async function runningFile(pid: number): Promise<string | undefined> {
  const found = await stat(`/proc/${pid}/exe`).catch(() => undefined);
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}
