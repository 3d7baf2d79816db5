import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeDurably } from './kernel/journal.ts';
import type { Disk } from './protocol/events.ts';

const nodes = z.array(z.string().min(1)).readonly();
const schema = z.object({
  inc: z.number().int().nonnegative(),
  group: z.object({ version: z.number().int().positive(), voters: nodes, previous: nodes }).optional(),
  settled: z.boolean().optional(),
  fence: z.number().int().nonnegative().optional(),
});

/** What the node had on disk; undefined where there is nothing or it cannot be read: then it is a new voter, which stays mute at first. */
export function readDisk(file: string): Disk | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (!parsed.success) return undefined;
    const { inc, group, settled = false, fence = 0 } = parsed.data;
    return { inc, group, settled, fence };
  } catch {
    return undefined;
  }
}

/** Writes the newest of what it is given, one write at a time, until it is on disk; tells of each that is. */
export class DiskWriter {
  readonly #file: string;
  readonly #done: (disk: Disk) => void;
  readonly #failed: (error: string) => void;
  #next: Disk | undefined;
  #writing = false;

  constructor(file: string, done: (disk: Disk) => void, failed: (error: string) => void) {
    this.#file = file;
    this.#done = done;
    this.#failed = failed;
  }

  write(disk: Disk): void {
    this.#next = disk;
    if (!this.#writing) void this.#run();
  }

  async #run(): Promise<void> {
    this.#writing = true;
    while (this.#next !== undefined) {
      const disk = this.#next;
      this.#next = undefined;
      try {
        await writeDurably(this.#file, JSON.stringify(disk));
        this.#done(disk);
      } catch (error) {
        this.#failed(error instanceof Error ? error.message : String(error));
        this.#next ??= disk;
        await new Promise((resolve) => setTimeout(resolve, againMs));
      }
    }
    this.#writing = false;
  }
}

const againMs = 1000;
