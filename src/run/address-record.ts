import { join } from 'node:path';
import { z } from 'zod';
import type { ServiceId } from '../model/index.ts';
import { LineFile } from './line-file.ts';

const line = z.strictObject({
  service: z.string(),
  addresses: z.array(z.string()),
  /** When and by which machine it was given first; absent where no machines agree on it. */
  atMs: z.number().optional(),
  by: z.string().optional(),
});

/** Who gave something first when, wall-clock milliseconds. */
export interface Origin {
  readonly atMs: number;
  readonly by: string;
}

const noOrigins: ReadonlyMap<ServiceId, Origin> = new Map();

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
  #origins: ReadonlyMap<ServiceId, Origin> = noOrigins;
  /** What the file says, by service. */
  #written: ReadonlyMap<ServiceId, string> = new Map();
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
    const origins = new Map<ServiceId, Origin>();
    for (const text of file.lines()) {
      const parsed = line.safeParse(JSON.parse(text));
      if (!parsed.success) continue;
      const { service, addresses, atMs, by } = parsed.data;
      origins.delete(service);
      if (addresses.length === 0) held.delete(service);
      else held.set(service, addresses);
      if (atMs !== undefined && by !== undefined) origins.set(service, { atMs, by });
    }
    [this.#held, this.#origins] = [held, origins];
    this.#written = new Map(linesOf(held, origins).map((one) => [one.service, textOf(one)]));
    if (write) this.#file = file;
  }

  get held(): ReadonlyMap<ServiceId, readonly string[]> {
    return this.#held;
  }

  /** Of those that machines agree on. */
  get origins(): ReadonlyMap<ServiceId, Origin> {
    return this.#origins;
  }

  /** What is held now, all of it; costs what differs. Resolves when it is on disk. Throws E_JOURNAL. */
  put(held: ReadonlyMap<ServiceId, readonly string[]>, origins = noOrigins): Promise<void> {
    const file = this.#file;
    if (file === undefined) return Promise.resolve();
    const all = linesOf(held, origins);
    const texts = new Map(all.map((one) => [one.service, textOf(one)]));
    const lines = all.filter(({ service }) => this.#written.get(service) !== texts.get(service));
    for (const service of this.#written.keys()) if (!held.has(service)) lines.push({ service, addresses: [] });
    if (lines.length === 0) return Promise.resolve();
    [this.#held, this.#origins] = [new Map(held), new Map(origins)];
    this.#written = texts;
    const written = this.#writing.then(() => write(file, lines, all));
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

type Line = z.infer<typeof line>;

function linesOf(held: AddressRecord['held'], origins: AddressRecord['origins']): Line[] {
  return [...held].map(([service, addresses]) => {
    const origin = origins.get(service);
    return { service, addresses: [...addresses], ...(origin && { atMs: origin.atMs, by: origin.by }) };
  });
}

function textOf({ addresses, atMs, by }: Line): string {
  return `${addresses.join()} ${atMs ?? ''} ${by ?? ''}`;
}

async function write(file: LineFile, lines: readonly Line[], all: readonly Line[]): Promise<void> {
  if (lines.length > mostLines || file.lines().length > 2 * all.length + slack) await file.replace(all);
  else for (const one of lines) await file.append(one);
}
