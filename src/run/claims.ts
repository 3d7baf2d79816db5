import { join } from 'node:path';
import { z } from 'zod';
import type { Id, Observed } from '../model/index.ts';
import type { KindTable } from './kind-table.ts';
import { LineFile } from './line-file.ts';

const line = z.strictObject({ op: z.enum(['claim', 'release']), kind: z.string(), id: z.string() });

/** Released claims are dropped when the file is opened; until then they are lines like any other. */
const limits = { maxLines: 1_000_000, maxBytes: 268_435_456, code: 'E_JOURNAL' } as const;

/**
 * Ownership for systems that cannot hold a mark of ours: an entry on disk before the object is made. Journal lost: nothing is ours.
 * An entry without an object (the create never happened) does no harm: its place is ours to fill.
 */
export class Claims {
  readonly #file: LineFile | undefined;
  readonly #held: Set<string>;

  private constructor(file: LineFile | undefined, held: Set<string>) {
    this.#file = file;
    this.#held = held;
  }

  static async open(directory: string): Promise<Claims> {
    const file = await LineFile.open(join(directory, 'claims.jsonl'), limits);
    const held = new Set<string>();
    for (const text of file.lines()) {
      const parsed = line.safeParse(JSON.parse(text));
      if (!parsed.success) continue;
      const { op, kind, id } = parsed.data;
      if (op === 'claim') held.add(keyOf(kind, id));
      else held.delete(keyOf(kind, id));
    }
    if (file.lines().length > 2 * held.size + 100) {
      await file.replace([...held].map((key) => ({ op: 'claim', ...partsOf(key) })));
    }
    return new Claims(file, held);
  }

  static inMemory(): Claims {
    return new Claims(undefined, new Set());
  }

  /** Resolves when the entry is on disk. */
  async claim(kind: string, id: Id): Promise<void> {
    const key = keyOf(kind, id);
    if (this.#held.has(key)) return;
    await this.#file?.append({ op: 'claim', kind, id });
    this.#held.add(key);
  }

  async release(kind: string, id: Id): Promise<void> {
    if (!this.#held.delete(keyOf(kind, id))) return;
    await this.#file?.append({ op: 'release', kind, id });
  }

  /** Objects of kinds whose claim is the journal are ours when there is an entry. The others stay as they were read. */
  adopt(kinds: KindTable, observed: readonly Observed[]): readonly Observed[] {
    if (this.#held.size === 0) return observed;
    return observed.map((object) => {
      if (object.owned || kinds.get(object.kind)?.claim !== 'journal') return object;
      return this.#held.has(keyOf(object.kind, object.id)) ? { ...object, owned: true } : object;
    });
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}

function keyOf(kind: string, id: Id): string {
  return `${kind}\n${id}`;
}

function partsOf(key: string): { kind: string; id: Id } {
  const cut = key.indexOf('\n');
  return { kind: key.slice(0, cut), id: key.slice(cut + 1) };
}
