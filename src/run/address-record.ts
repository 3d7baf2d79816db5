import { join } from 'node:path';
import { z } from 'zod';
import type { ServiceId } from '../model/index.ts';
import { LineFile } from './line-file.ts';

const line = z.strictObject({ service: z.string(), addresses: z.array(z.string()) });

/** Never reached: the file is written anew, with what is held alone, long before. */
const limits = { maxLines: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER, code: 'E_JOURNAL' } as const;
/** More changes than this are cheaper written with everything else. */
const mostLines = 16;
/** Lines beyond twice what is held. */
const slack = 100;

/** Which addresses out of pools services hold whose objects cannot say it: read at a start, so that nobody moves. */
export class AddressRecord {
  readonly #directory: string;
  #held: ReadonlyMap<ServiceId, readonly string[]> = new Map();
  /** What the file says. */
  #written: ReadonlyMap<ServiceId, readonly string[]> = new Map();
  #file: LineFile | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** `directory`: the state directory. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Reads what is written down. `write`: from now on it is kept; only the holder of the lock may ask for it. Throws E_JOURNAL. */
  async load(write: boolean): Promise<void> {
    const file = await LineFile.open(join(this.#directory, 'addresses.jsonl'), limits, write);
    const held = new Map<ServiceId, readonly string[]>();
    for (const text of file.lines()) {
      const parsed = line.safeParse(JSON.parse(text));
      if (!parsed.success) continue;
      const { service, addresses } = parsed.data;
      if (addresses.length === 0) held.delete(service);
      else held.set(service, addresses);
    }
    this.#held = held;
    this.#written = held;
    if (write) this.#file = file;
  }

  get held(): ReadonlyMap<ServiceId, readonly string[]> {
    return this.#held;
  }

  /** What is held now, all of it; costs what differs. Resolves when it is on disk. Throws E_JOURNAL. */
  put(held: ReadonlyMap<ServiceId, readonly string[]>): Promise<void> {
    const file = this.#file;
    const lines: z.infer<typeof line>[] = [];
    if (file === undefined) return Promise.resolve();
    for (const [service, addresses] of held)
      if (this.#written.get(service)?.join() !== addresses.join()) lines.push({ service, addresses: [...addresses] });
    for (const service of this.#written.keys()) if (!held.has(service)) lines.push({ service, addresses: [] });
    if (lines.length === 0) return Promise.resolve();
    this.#held = new Map(held);
    this.#written = this.#held;
    const written = this.#writing.then(() => write(file, lines, held));
    // The next one writes again what this one could not.
    this.#writing = written.catch(() => {
      this.#written = new Map();
    });
    return written;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await this.#writing;
    await file?.close();
  }
}

async function write(
  file: LineFile,
  lines: readonly z.infer<typeof line>[],
  held: ReadonlyMap<ServiceId, readonly string[]>,
): Promise<void> {
  if (lines.length > mostLines || file.lines().length > 2 * held.size + slack)
    await file.replace([...held].map(([service, addresses]) => ({ service, addresses })));
  else for (const one of lines) await file.append(one);
}
