import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Resource } from '../../src/model/index.ts';
import { writeDurably } from './kernel/journal.ts';

const json = z.json();
const schema = z.array(
  z.object({
    kind: z.string(),
    id: z.string(),
    unit: z.string(),
    serves: z.array(z.string()),
    attrs: z.record(z.string(), json),
  }),
);

/** What this machine was told last, on disk: what it may have left in the kernel, and what a plan beside a running weir compares with. */
export class Told {
  readonly #file: string;
  #text = '';

  constructor(stateDir: string) {
    this.#file = join(stateDir, 'l2-told.json');
  }

  read(): readonly Resource[] {
    try {
      const parsed = schema.safeParse(JSON.parse(readFileSync(this.#file, 'utf8')));
      return parsed.success ? parsed.data.map((one) => ({ ...one, refs: {}, sets: {} })) : [];
    } catch {
      return [];
    }
  }

  async write(resources: readonly Resource[]): Promise<void> {
    const text = JSON.stringify(
      resources.map(({ kind, id, unit, serves, attrs }) => ({ kind, id, unit, serves, attrs })),
    );
    if (text === this.#text) return;
    await writeDurably(this.#file, text);
    this.#text = text;
  }

  clear(): void {
    rmSync(this.#file, { force: true });
    this.#text = '';
  }
}
