/** The files of the running layout: what stands on disk, what a new layout changes there. Texts are made once for each object. */
import { hash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { inStrides, type Sliced } from '../../src/model/index.ts';
import { changedSpan, sameItems } from '../../src/model/remade.ts';
import {
  configName,
  dropCandidate,
  type FileSet,
  folders,
  onDisk,
  readText,
  removeUnused,
  replaceFiles,
  retiringName,
  stageCandidate,
  syncPath,
} from './files.ts';
import type { CrtEntry, Layout, MapFile, Section } from './layout.ts';
import { staplePath } from './names.ts';
import { isMade } from './spare-shape.ts';
import { crtListText, mapText } from './text.ts';

const mapTexts = new WeakMap<MapFile, string>();
const listTexts = new WeakMap<readonly CrtEntry[], string>();
const sectionHashes = new WeakMap<Section, string>();

function once<K extends object>(memo: WeakMap<K, string>, key: K, make: (key: K) => string): string {
  let text = memo.get(key);
  if (text === undefined) {
    text = make(key);
    memo.set(key, text);
  }
  return text;
}

const shapes = new WeakMap<Layout['sections'], string>();

/**
 * Equal for layouts between which a process needs no reload: everything of the sections but the servers. Sections stand in any order
 * within their defaults: a later file has them as its resources come, and says the same. `like`: a layout before this one, from which
 * it mostly differs in nothing but servers.
 */
export function shapeOf({ sections }: Layout, like?: Layout): string {
  const known = shapes.get(sections);
  if (known !== undefined) return known;
  const before = like === undefined || !sameButServers(like.sections, sections) ? undefined : shapes.get(like.sections);
  const shape = before ?? hashOf(sections);
  shapes.set(sections, shape);
  return shape;
}

/** Does the larger part of `shapeOf`. */
export function* prepareShape({ sections }: Layout, like?: Layout): Sliced<void> {
  if (shapes.has(sections) || (like !== undefined && sameButServers(like.sections, sections))) return;
  yield* inStrides(sections, ownHash);
}

function ownHash(section: Section): string {
  return once(sectionHashes, section, ({ head, lines }) => hash('sha256', [head, ...lines].join('\n'), 'base64url'));
}

function hashOf(sections: Layout['sections']): string {
  let defaults = '';
  // A spare that was made by a command is no more than its settings say, and comes and goes without them.
  const lasting = sections.filter(({ head }) => !isMade(head.slice('backend '.length)));
  const parts = lasting.map((section) => {
    if (section.head.startsWith('defaults ')) defaults = section.head;
    return `${ownHash(section)} ${defaults}`;
  });
  return hash('sha256', parts.sort().join('\n'), 'base64url').slice(0, 22);
}

function sameButServers(before: Layout['sections'], now: Layout['sections']): boolean {
  if (before.length !== now.length) return false;
  const { from, nowEnd } = changedSpan(before, now);
  return now.slice(from, nowEnd).every((section, i) => {
    const old = before[from + i];
    return old?.head === section.head && (old.lines === section.lines || sameItems(old.lines, section.lines));
  });
}

const seals = new WeakMap<Section, Section>();

/** The layout with the proof of its shape in the worker's environment: `show env` tells after a crash which sections it runs. */
export function sealLayout(layout: Layout, like?: Layout): Layout {
  const line = `setenv WEIR_SHAPE ${shapeOf(layout, like)}`;
  const seal = (section: Section): Section => {
    const known = seals.get(section);
    if (known?.lines.at(-1) === line) return known;
    const sealed = { ...section, lines: [...section.lines, line] };
    seals.set(section, sealed);
    return sealed;
  };
  return {
    ...layout,
    sections: layout.sections.map((section) => (section.head === 'global' ? seal(section) : section)),
  };
}

export interface FileChange {
  /** Texts that differ from what stands on disk. */
  readonly changed: FileSet;
  /** Paths of all files that the layout has. */
  readonly all: readonly string[];
  /** OCSP responses that would be read because they lie beside a certificate. */
  readonly gone?: readonly string[];
}

export class ConfigFiles {
  readonly directory: string;
  /** What stands on disk: texts; of certificates the SHA-256. */
  #texts = new Map<string, string>();
  readonly #unsynced = new Set<string>();

  constructor(directory: string) {
    this.directory = directory;
  }

  /** haproxy.cfg as it stands on disk. */
  get config(): string | undefined {
    return this.#texts.get(configName);
  }

  /** The servers that wait for their last connections, as they were left. */
  get retiring(): string {
    return this.#texts.get(retiringName) ?? '';
  }

  /** Reads what stands on disk; nothing is written. */
  async load(): Promise<void> {
    const texts = new Map<string, string>();
    const config = await readText(`${this.directory}/${configName}`);
    // Nothing but blanks is what a power failure leaves of a file that was just written.
    if (config !== undefined && /[^\s\0]/.test(config)) texts.set(configName, config);
    const retiring = await readText(`${this.directory}/${retiringName}`);
    if (retiring !== undefined) texts.set(retiringName, retiring);
    for (const folder of folders) {
      for (const name of await listFolder(`${this.directory}/${folder}`)) {
        const path = `${folder}/${name}`;
        const text = await readText(`${this.directory}/${path}`);
        if (text !== undefined) texts.set(path, folder === 'certs' ? hash('sha256', text, 'hex') : text);
      }
    }
    this.#texts = texts;
  }

  /** Text of a file of ours other than a certificate; SHA-256 of a certificate. */
  text(path: string): string | undefined {
    return this.#texts.get(path);
  }

  paths(folder: (typeof folders)[number]): readonly string[] {
    return [...this.#texts.keys()].filter((path) => path.startsWith(`${folder}/`));
  }

  /** What a layout changes on disk. `pem` yields the content of a certificate; `retiring`: which servers wait beside it. */
  async compare(
    layout: Layout,
    config: string,
    pem: (sha256: string) => Promise<string>,
    retiring = '',
  ): Promise<FileChange> {
    const changed = new Map<string, string>();
    const all: string[] = [configName];
    const put = (path: string, text: string) => {
      all.push(path);
      if (this.#texts.get(path) !== text) changed.set(path, text);
    };
    for (const [path, map] of layout.maps) put(path, once(mapTexts, map, mapText));
    for (const [path, entries] of layout.crtLists) put(path, once(listTexts, entries, crtListText));
    for (const [path, sha256] of layout.certs) {
      all.push(path);
      if (this.#texts.get(path) !== sha256) changed.set(path, await pem(sha256));
    }
    if (this.retiring !== retiring) changed.set(retiringName, retiring);
    if (this.#texts.get(configName) !== config) changed.set(configName, config);
    const gone = all.map(staplePath).filter((path) => this.#texts.has(path) && !layout.certs.has(path));
    return { changed, all, gone };
  }

  /** What stands on disk in the place of a change: writing it takes the change back. */
  async snapshot({ changed, gone = [] }: FileChange): Promise<FileChange> {
    const before = new Map<string, string>();
    for (const path of [...changed.keys(), ...gone]) {
      const known = path.startsWith('certs/') ? await readText(`${this.directory}/${path}`) : this.#texts.get(path);
      if (known !== undefined) before.set(path, known);
    }
    return { changed: before, all: [] };
  }

  /** Puts a change in force on disk. @throws WeirError E_DISK, nothing is changed then. */
  async write({ changed, gone = [] }: FileChange): Promise<void> {
    for (const path of gone) {
      await onDisk(path, () => rm(`${this.directory}/${path}`, { force: true }));
      this.#texts.delete(path);
    }
    if (changed.size === 0) return;
    const unsynced = await replaceFiles(this.directory, changed);
    for (const path of unsynced) this.#unsynced.add(path);
    for (const [path, text] of changed)
      this.#texts.set(path, path.startsWith('certs/') ? hash('sha256', text, 'hex') : text);
  }

  /** Makes what was written survive a power failure. A file that was replaced meanwhile needs no sync: its successor gets one. */
  async sync(): Promise<void> {
    const paths = [...this.#unsynced];
    this.#unsynced.clear();
    await Promise.all(paths.map((path) => syncPath(path)));
  }

  /** The directory of a complete candidate, to be checked and dropped. */
  async stage({ all, changed }: FileChange): Promise<string> {
    return stageCandidate(this.directory, all, changed);
  }

  dropStage(): Promise<void> {
    return dropCandidate(this.directory);
  }

  /** Removes what the layout does not name. */
  async tidy(layout: Layout): Promise<void> {
    const keep = new Set([...layout.maps.keys(), ...layout.crtLists.keys(), ...layout.certs.keys()]);
    const unused = [...this.#texts.keys()].filter((path) => path.includes('/') && !keep.has(path));
    if (unused.length === 0) return;
    await removeUnused(this.directory, keep);
    for (const path of unused) this.#texts.delete(path);
  }

  /** The first file that is not as we wrote it, by name; certificates aside. */
  async changedOnDisk(): Promise<string | undefined> {
    for (const [path, text] of this.#texts) {
      if (path.startsWith('certs/')) continue;
      const now = await readText(`${this.directory}/${path}`);
      if (now === text) continue;
      // Forgotten: the next commit writes it again.
      this.#texts.delete(path);
      return path;
    }
    return undefined;
  }

  /** Files that the configuration names, itself or by a list: the others wait for the end of an old worker. */
  named(): ReadonlySet<string> {
    const found = new Set([configName, ...namedIn(this.config ?? '')]);
    for (const list of this.paths('crt')) {
      if (found.has(list)) for (const path of namedIn(this.text(list) ?? '')) found.add(path).add(staplePath(path));
    }
    return found;
  }

  /** One hash of everything that the configuration reads: equal as long as nobody changed anything. */
  digest(): string {
    const named = this.named();
    const lines = [...this.#texts]
      .filter(([path]) => named.has(path))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, text]) => `${path} ${hash('sha256', text, 'base64url')}`);
    return hash('sha256', lines.join('\n'), 'base64url');
  }
}

/** Paths of ours in a text: every file has a generated name. */
function namedIn(text: string): readonly string[] {
  return text.match(/(?:maps|crt|certs)\/[A-Za-z0-9_.-]+/g) ?? [];
}

function listFolder(path: string): Promise<readonly string[]> {
  return onDisk(path, async () => {
    try {
      return (await readdir(path)).filter(
        (name) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name) && !name.endsWith('.tmp'),
      );
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  });
}
