import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

const schema = z.object({ where: z.string(), addresses: z.array(z.string()) });

/**
 * Which addresses on interfaces are ours: `address interface`, on disk before they are added, because the kernel keeps no name with them.
 * It speaks of one boot and one network namespace; of another one nothing is ours.
 */
export class Journal {
  readonly #file: string;
  readonly #where: string;
  #addresses: ReadonlySet<string>;
  #known: boolean;

  /** Reads what is there. A file that cannot be read makes nothing ours, so nothing is taken away that might be another's. */
  constructor(file: string, where = placeOf()) {
    this.#file = file;
    this.#where = where;
    const noted = read(file, where);
    this.#known = noted !== undefined;
    this.#addresses = new Set(noted);
  }

  /** False: nothing is noted of this boot, or it was lost. */
  get known(): boolean {
    return this.#known;
  }

  get addresses(): ReadonlySet<string> {
    return this.#addresses;
  }

  /** Durable when it resolves. */
  async write(addresses: ReadonlySet<string>): Promise<void> {
    const same = addresses.size === this.#addresses.size && [...addresses].every((one) => this.#addresses.has(one));
    if (same && this.#known) return;
    await writeDurably(this.#file, JSON.stringify({ where: this.#where, addresses: [...addresses] }));
    [this.#addresses, this.#known] = [addresses, true];
  }
}

/** Replaces a file so that after a crash the old or the new text is there, whole. */
export async function writeDurably(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o750 });
  const handle = await open(`${file}.new`, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
  const folder = await open(dirname(file), 'r');
  await folder.sync().finally(() => folder.close());
}

function read(file: string, where: string): readonly string[] | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success && parsed.data.where === where ? parsed.data.addresses : undefined;
  } catch {
    return undefined;
  }
}

function placeOf(): string {
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/net')}`;
}
