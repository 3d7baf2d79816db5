import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportedService } from '../../model/service.ts';
import { reasonOf } from './list-paths.ts';
import type { GoodCertificate } from './read-certificate.ts';

/** What was good of one file, so that it stays in force over a restart. Holds key material: mode 0600. */
export interface GoodFile {
  readonly path: string;
  /** Its last good text. */
  readonly text?: string;
  /** The services in force that came from it. */
  readonly services: readonly ExportedService[];
  /** Certificate files that its services name, by the lookup that asked for them. */
  readonly certificates: Readonly<Record<string, GoodCertificate>>;
}

const version = 1;

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * One record for each file, in a directory of the source alone: `<hash of the path>.json`, first line the hash of the rest. Written
 * atomically and only when it changed; a record that is damaged is as if it were not there.
 */
export class LastGood {
  private readonly directory: string;
  private readonly maxBytes: number;
  private readonly written = new Map<string, string>();
  /** What was written, by path: what is made of the same parts need not be written again. */
  private readonly saved = new Map<string, { readonly name: string; readonly file: GoodFile }>();

  constructor(directory: string, maxBytes: number) {
    this.directory = directory;
    this.maxBytes = maxBytes;
  }

  async load(): Promise<readonly GoodFile[]> {
    const names = await readdir(this.directory).catch(() => []);
    const files: GoodFile[] = [];
    for (const name of names.sort()) {
      if (!/^[0-9a-f]{32}\.json$/.test(name)) continue;
      const text = await readFile(join(this.directory, name), 'utf8').catch(() => '');
      const file = decode(text);
      if (file === undefined) continue;
      files.push(file);
      this.written.set(name, digest(text));
    }
    return files;
  }

  /** Makes the directory say exactly `files`. Throws when it cannot be written. */
  async save(files: readonly GoodFile[]): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const wanted = new Set<string>();
    const left: { readonly file: GoodFile; readonly name: string }[] = [];
    for (const file of files) {
      const saved = this.saved.get(file.path);
      const name = saved?.name ?? `${digest(file.path).slice(0, 32)}.json`;
      wanted.add(name);
      if (saved === undefined || !sameParts(saved.file, file)) left.push({ file, name });
    }
    // Each waits for the disk: side by side they wait together.
    const write = async (): Promise<void> => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) await this.keep(next.file, next.name);
    };
    await Promise.all(Array.from({ length: writers }, write));
    for (const [path, { name }] of this.saved) if (!wanted.has(name)) this.saved.delete(path);
    for (const name of [...this.written.keys()]) {
      if (wanted.has(name)) continue;
      await unlink(join(this.directory, name)).catch(() => undefined);
      this.written.delete(name);
    }
  }

  private async keep(file: GoodFile, name: string): Promise<void> {
    const text = encode(file);
    const hash = digest(text);
    if (this.written.get(name) !== hash && text.length <= this.maxBytes) {
      await writeAtomically(this.directory, name, text);
      this.written.set(name, hash);
    }
    this.saved.set(file.path, { name, file });
  }
}

/** Whether two records are made of the very same objects. */
function sameParts(a: GoodFile, b: GoodFile): boolean {
  const keys = Object.keys(a.certificates);
  return (
    a.text === b.text &&
    a.services.length === b.services.length &&
    a.services.every((service, i) => service === b.services[i]) &&
    keys.length === Object.keys(b.certificates).length &&
    keys.every(
      (key) =>
        a.certificates[key]?.ref === b.certificates[key]?.ref && a.certificates[key]?.pem === b.certificates[key]?.pem,
    )
  );
}

/** Records written at a time. */
const writers = 8;

function encode(file: GoodFile): string {
  const body = JSON.stringify({ version, ...file });
  return `${digest(body)}\n${body}\n`;
}

function decode(text: string): GoodFile | undefined {
  const [hash, body = ''] = text.split('\n', 2);
  if (hash !== digest(body)) return undefined;
  const record: GoodFile & { readonly version: number } = JSON.parse(body);
  return record.version === version ? record : undefined;
}

async function writeAtomically(directory: string, name: string, text: string): Promise<void> {
  const temporary = join(directory, `.${name}.${process.pid}.tmp`);
  try {
    const handle = await open(temporary, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, join(directory, name));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw new Error(reasonOf(error), { cause: error });
  }
}
