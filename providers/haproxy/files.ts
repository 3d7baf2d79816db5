/**
 * The files of the configuration directory: written beside, synced, renamed; the previous haproxy.cfg is kept. Paths come from the
 * layout and are checked again here: two levels, plain characters, never what a service wrote.
 */
import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { WeirError } from '../../src/model/index.ts';

export const configName = 'haproxy.cfg';
/** See `retiringText`. */
export const retiringName = 'retiring';
/** The folders of a layout. */
export const folders = ['maps', 'certs', 'crt'] as const;

const safePath = /^(?:haproxy\.cfg|retiring|(?:maps|certs|crt)\/[A-Za-z0-9_][A-Za-z0-9._-]*)$/;

/** Runs a file operation; every failure is E_DISK with the path. */
export async function onDisk<T>(path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof WeirError) throw error;
    throw new WeirError('E_DISK', `${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** The text of a file, undefined when there is none. */
export function readText(path: string): Promise<string | undefined> {
  return onDisk(path, async () => {
    try {
      // OCSP responses are DER there and base64 here.
      return await readFile(path, path.endsWith('.ocsp') ? 'base64' : 'utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  });
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** Creates the private directory with its folders. */
export async function prepareDirectory(directory: string): Promise<void> {
  await onDisk(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const folder of folders) await mkdir(`${directory}/${folder}`, { recursive: true, mode: 0o700 });
  });
}

function checkedPath(path: string): string {
  if (!safePath.test(path)) throw new WeirError('E_BUG', `a layout names the file ${JSON.stringify(path)}`);
  return path;
}

/** Writes a file of mode 0600; what an interrupted write left is overwritten. The directory is private, so nobody else puts a file there. */
async function writePlain(path: string, text: string): Promise<void> {
  await onDisk(path, async () => {
    const file = await open(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      await file.writeFile(/\.ocsp(\.tmp)?$/.test(path) ? Buffer.from(text, 'base64') : text);
    } finally {
      await file.close();
    }
  });
}

/** A text under its name at once or not at all, also over a power failure. */
export async function writeAtomic(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await writePlain(temporary, text);
    await syncPath(temporary);
    await onDisk(path, () => rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Makes a file, or the renames in a directory, survive a power failure. */
export async function syncPath(path: string): Promise<void> {
  await onDisk(path, async () => {
    const handle = await open(path, 'r').catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    // Gone meanwhile: there is nothing to keep.
    if (handle === undefined) return;
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

/** The files of one layout by path relative to the directory. */
export type FileSet = ReadonlyMap<string, string>;

/**
 * Replaces files all together: first every text is written beside its place (a full disk is found here, before anything changed), then
 * all are renamed, haproxy.cfg last, so that what it refers to is there. Answers what is to be synced. That may come later: until then
 * only a power failure could leave a torn file, and after one HAProxy starts from what weir writes anew.
 */
export async function replaceFiles(directory: string, changed: FileSet): Promise<readonly string[]> {
  const paths = [...changed.keys()]
    .map(checkedPath)
    .sort((a, b) => Number(a === configName) - Number(b === configName));
  const written: string[] = [];
  try {
    const writes = await Promise.allSettled(
      paths.map(async (path) => {
        const temporary = `${directory}/${path}.tmp`;
        written.push(temporary);
        await writePlain(temporary, changed.get(path) ?? '');
      }),
    );
    // All have ended before one failure is told: what is still being written could not be taken away.
    for (const write of writes) if (write.status === 'rejected') throw write.reason;
    for (const path of paths) {
      if (path === configName) await keepPrevious(`${directory}/${path}`);
      await onDisk(path, () => rename(`${directory}/${path}.tmp`, `${directory}/${path}`));
    }
  } catch (error) {
    for (const temporary of written) await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  return [...paths.map((path) => `${directory}/${path}`), ...directoriesOf(directory, paths)];
}

function directoriesOf(directory: string, paths: readonly string[]): readonly string[] {
  return [
    ...new Set(
      paths.map((path) => (path.includes('/') ? `${directory}/${path.slice(0, path.indexOf('/'))}` : directory)),
    ),
  ];
}

/** The file that stands there also under `.prev`, without a moment in which its own name is free. */
async function keepPrevious(path: string): Promise<void> {
  await onDisk(`${path}.prev`, async () => {
    await rm(`${path}.prev`, { force: true });
    try {
      await link(path, `${path}.prev`);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  });
}

/**
 * A complete candidate in `next/`, to be checked where it cannot be mistaken for the truth: changed files as text, the others as
 * links to those in place. Answers its directory; `dropCandidate` removes it.
 */
export async function stageCandidate(directory: string, all: Iterable<string>, changed: FileSet): Promise<string> {
  const next = `${directory}/next`;
  await dropCandidate(directory);
  await prepareDirectory(next);
  await onDisk(next, () =>
    Promise.all(
      [...all].map(checkedPath).map(async (path) => {
        const text = changed.get(path);
        if (text === undefined) await link(`${directory}/${path}`, `${next}/${path}`);
        else await writePlain(`${next}/${path}`, text);
      }),
    ),
  );
  return next;
}

export function dropCandidate(directory: string): Promise<void> {
  return onDisk(`${directory}/next`, () => rm(`${directory}/next`, { recursive: true, force: true }));
}

/** Removes the files of the folders that are not in `keep`, and what an interrupted write left. */
export async function removeUnused(directory: string, keep: ReadonlySet<string>): Promise<void> {
  await onDisk(directory, async () => {
    for (const folder of folders) {
      for (const name of await readdir(`${directory}/${folder}`)) {
        if (!keep.has(`${folder}/${name}`)) await rm(`${directory}/${folder}/${name}`, { force: true });
      }
    }
  });
}

/** Removes everything that a layout brought: the directory is as before the first commit. */
export async function clearDirectory(directory: string): Promise<void> {
  await removeUnused(directory, new Set());
  const names = [configName, `${configName}.prev`, retiringName, 'state.json'];
  await onDisk(directory, () => Promise.all(names.map((name) => rm(`${directory}/${name}`, { force: true }))));
  await dropCandidate(directory);
}

/** @throws WeirError E_STATE_DIR when a path of a socket is too long for the kernel or the directory is a symbolic link of someone else. */
export async function checkDirectory(directory: string, sockets: readonly string[]): Promise<void> {
  // HAProxy binds PATH.PID.tmp first and renames it; sun_path holds 108 bytes.
  for (const path of sockets)
    if (Buffer.byteLength(path) > 90)
      throw new WeirError(
        'E_STATE_DIR',
        `the path of the socket ${path} is longer than 90 bytes; set options.dir to a shorter one`,
      );
  const found = await lstat(directory).catch(() => undefined);
  if (found !== undefined && !found.isDirectory() && !found.isSymbolicLink())
    throw new WeirError('E_STATE_DIR', `${directory} is not a directory`);
}
