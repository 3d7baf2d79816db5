import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A file to read, named as its owner would: by the configured path, with what follows it inside a directory. */
export interface ListedFile {
  readonly path: string;
  /** The configured path that it was found under. */
  readonly root: string;
}

export interface Listing {
  /** In reading order: configured order, then by name. */
  readonly files: readonly ListedFile[];
  /** Directories and named files that cannot be read: nothing below them counts as deleted. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
  /** Directories whose changes concern these files. */
  readonly directories: ReadonlySet<string>;
  /** Those of them in which only the configured directory itself matters: what else stands beside it does not. */
  readonly parents: ReadonlySet<string>;
}

const extensions = /\.(?:ya?ml|json)$/i;
const maxDepth = 16;

/**
 * Lists the files of the configured paths. Directories are read with their subdirectories; names that begin with a dot are not: editors'
 * files, and the `..data` and `..2026_…` directories of a mounted ConfigMap, whose files are seen once through the links beside them.
 * `except`: a directory that is left out, by whatever name it is reached.
 */
export async function listPaths(paths: readonly string[], except?: string): Promise<Listing> {
  const files: ListedFile[] = [];
  const failed: { path: string; reason: string }[] = [];
  const directories = new Set<string>();
  const parents = new Set<string>();
  const whole = new Set<string>();
  const seen = new Set<string>();
  const known = new Set<string>();
  const left = except === undefined ? undefined : await stat(except).catch(() => undefined);
  if (left !== undefined) seen.add(`${left.dev}:${left.ino}`);

  const add = async (path: string, root: string, linked: boolean): Promise<void> => {
    if (known.has(path)) return;
    known.add(path);
    files.push({ path, root });
    directories.add(dirname(path));
    whole.add(dirname(path));
    // The file behind a link changes in its own directory.
    if (linked) directories.add(dirname(await realpath(path).catch(() => path)));
  };

  const walk = async (directory: string, root: string, depth: number): Promise<void> => {
    directories.add(directory);
    whole.add(directory);
    let entries: Dirent[];
    try {
      const { dev, ino } = await stat(directory);
      // The same directory by another link: every file once, and no loops.
      if (seen.has(`${dev}:${ino}`)) return;
      seen.add(`${dev}:${ino}`);
      entries = await readdir(directory, { withFileTypes: true });
    } catch (error) {
      failed.push({ path: directory, reason: reasonOf(error) });
      return;
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const path = join(directory, entry.name);
      const kind = entry.isSymbolicLink()
        ? await kindOf(path)
        : entry.isDirectory()
          ? 'directory'
          : entry.isFile()
            ? 'file'
            : 'other';
      // What is no regular file by such a name is listed too: whoever reads it says so.
      if (kind !== 'directory' && extensions.test(entry.name)) await add(path, root, entry.isSymbolicLink());
      if (kind === 'directory' && depth < maxDepth) await walk(path, root, depth + 1);
    }
  };

  for (const root of paths) {
    directories.add(dirname(root));
    try {
      // A link may be turned by way of another name beside it, as in a mounted ConfigMap.
      if ((await lstat(root)).isDirectory()) parents.add(dirname(root));
      else whole.add(dirname(root));
      if ((await stat(root)).isDirectory()) await walk(root, root, 1);
      else await add(root, root, true);
    } catch (error) {
      failed.push({ path: root, reason: reasonOf(error) });
    }
  }
  return { files, failed, directories, parents: new Set([...parents].filter((one) => !whole.has(one))) };
}

async function kindOf(path: string): Promise<'file' | 'directory' | 'other'> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? 'directory' : found.isFile() ? 'file' : 'other';
  } catch {
    // A link to nothing: read as a file, so that its absence is told and not taken for a deletion.
    return 'file';
  }
}

/** Why a path cannot be read, in our own words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
      return 'it does not exist';
    case 'EACCES':
    case 'EPERM':
      return 'weir may not read it';
    case 'ENOTDIR':
      return 'a part of its path is not a directory';
    case 'ELOOP':
      return 'its symbolic links lead in a circle';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return code === '' ? 'it cannot be read' : `it cannot be read (${code})`;
  }
}
