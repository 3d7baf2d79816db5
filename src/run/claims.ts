import { join } from 'node:path';
import { z } from 'zod';
import { type Id, type Observed, WeirError } from '../model/index.ts';
import type { KindTable } from './kind-table.ts';
import { LineFile } from './line-file.ts';

const line = z.strictObject({ op: z.enum(['claim', 'release']), kind: z.string(), id: z.string() });

/** Never reached: the file is written anew, without what was released, long before. */
const limits = { maxLines: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER, code: 'E_JOURNAL' } as const;

/**
 * Ownership for systems that cannot hold a mark of ours: an entry on disk before the object is made. Journal lost: nothing is ours.
 * An entry without an object (the create never happened) does no harm: its place is ours to fill.
 */
export class Claims {
  readonly #directory: string;
  readonly #held = new Set<string>();
  #file: LineFile | undefined;

  /** `directory` is the balancer's own. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Reads what is written down. `write`: from now on claims may be made; only the holder of the lock may ask for it. */
  async load(write: boolean): Promise<void> {
    const file = await LineFile.open(join(this.#directory, 'claims.jsonl'), limits, write);
    this.#held.clear();
    for (const text of file.lines()) {
      const parsed = line.safeParse(JSON.parse(text));
      if (!parsed.success) continue;
      const { op, kind, id } = parsed.data;
      if (op === 'claim') this.#held.add(keyOf(kind, id));
      else this.#held.delete(keyOf(kind, id));
    }
    if (!write) return;
    this.#file = file;
    await this.#compact(100);
  }

  /** Resolves when the entry is on disk. */
  async claim(kind: string, id: Id): Promise<void> {
    const key = keyOf(kind, id);
    if (this.#held.has(key)) return;
    if (this.#file === undefined) throw new WeirError('E_BUG', `claim of ${kind} ${id} without the lock`);
    await this.#file.append({ op: 'claim', kind, id });
    this.#held.add(key);
  }

  async release(kind: string, id: Id): Promise<void> {
    if (!this.#held.delete(keyOf(kind, id))) return;
    await this.#file?.append({ op: 'release', kind, id });
    await this.#compact(10_000);
  }

  /** Objects of kinds whose claim is the journal are ours when there is an entry. The others stay as they were read. */
  adopt(kinds: KindTable, observed: readonly Observed[]): readonly Observed[] {
    if (this.#held.size === 0) return observed;
    return observed.map((object) => {
      if (object.owned || kinds.get(object.kind)?.claim !== 'journal') return object;
      return this.#held.has(keyOf(object.kind, object.id)) ? { ...object, owned: true } : object;
    });
  }

  /** Writes the file anew when it says much more than what is held. Never left to the bound of the file: that would forget old claims. */
  async #compact(slack: number): Promise<void> {
    if (this.#file === undefined || this.#file.lines().length <= 2 * this.#held.size + slack) return;
    await this.#file.replace([...this.#held].map((key) => ({ op: 'claim', ...partsOf(key) })));
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

function keyOf(kind: string, id: Id): string {
  return `${kind}\n${id}`;
}

function partsOf(key: string): { kind: string; id: Id } {
  const cut = key.indexOf('\n');
  return { kind: key.slice(0, cut), id: key.slice(cut + 1) };
}
