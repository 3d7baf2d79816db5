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
  #held = new Map<ServiceId, readonly string[]>();
  #file: LineFile | undefined;

  /** `directory`: the state directory. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Reads what is written down. `write`: from now on it is kept; only the holder of the lock may ask for it. Throws E_JOURNAL. */
  async load(write: boolean): Promise<void> {
    const file = await LineFile.open(join(this.#directory, 'addresses.jsonl'), limits, write);
    this.#held = new Map();
    for (const text of file.lines()) {
      const parsed = line.safeParse(JSON.parse(text));
      if (!parsed.success) continue;
      const { service, addresses } = parsed.data;
      if (addresses.length === 0) this.#held.delete(service);
      else this.#held.set(service, addresses);
    }
    if (write) this.#file = file;
  }

  get held(): ReadonlyMap<ServiceId, readonly string[]> {
    return this.#held;
  }

  /** What is held now, all of it; costs what differs. Resolves when it is on disk. Throws E_JOURNAL. */
  async put(held: ReadonlyMap<ServiceId, readonly string[]>): Promise<void> {
    if (this.#file === undefined) return;
    const lines: z.infer<typeof line>[] = [];
    for (const [service, addresses] of held)
      if (this.#held.get(service)?.join() !== addresses.join()) lines.push({ service, addresses: [...addresses] });
    for (const service of this.#held.keys()) if (!held.has(service)) lines.push({ service, addresses: [] });
    if (lines.length === 0) return;
    this.#held = new Map(held);
    if (lines.length > mostLines || this.#file.lines().length > 2 * held.size + slack) {
      await this.#file.replace([...held].map(([service, addresses]) => ({ service, addresses })));
      return;
    }
    for (const one of lines) await this.#file.append(one);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}
