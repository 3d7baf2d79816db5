import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeDurably } from './kernel/journal.ts';
import type { ProbeTimes } from './kernel/neighbor-prober.ts';

export interface FirstUseParts {
  /** Keeps which addresses have been in use before, over restarts. */
  readonly file: string;
  /** Address → who answers for it. */
  readonly probe: (vips: readonly string[], times: ProbeTimes) => Promise<ReadonlyMap<string, string>>;
  /** Whether there is an interface on which it can be asked for; until then it is not used. */
  readonly askable: (vip: string) => boolean;
  /** Whether one of our own nodes says that it has the address: then the answer is his. */
  readonly held: (vip: string) => boolean;
  /** What is ready has changed. */
  readonly changed: () => void;
  /** Addresses that somebody else has, with his Ethernet address; empty when there are none any more. */
  readonly taken: (vips: readonly (readonly [string, string])[]) => void;
  readonly fault: (error: string) => void;
  readonly times?: ProbeTimes;
  readonly againMs?: number;
}

/** Three questions as RFC 5227 section 2.1 has them, closer together: who is there answers in milliseconds, and later claims are seen anyway. */
const usualTimes: ProbeTimes = { askAtMs: [0, 250, 500], untilMs: 1000 };
const usualAgainMs = 5000;
const schema = z.array(z.string());

/**
 * Asks the network about each address before its first use, and only then: an address that has been in use is taken over without a question.
 * One that somebody else has is left to him, told, and asked for again every few seconds.
 */
export class FirstUse {
  readonly #parts: FirstUseParts;
  readonly #proved: Set<string>;
  #wanted: readonly string[] = [];
  #taken: ReadonlyMap<string, string> = new Map();
  #asking = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: FirstUseParts) {
    this.#parts = parts;
    this.#proved = new Set(read(parts.file));
  }

  /** Whether an address may be used: nobody had it, or it has been in use. */
  ready(vip: string): boolean {
    return this.#proved.has(vip);
  }

  /** The addresses that shall be used from now on; asks about those that are new. What is no longer among them is new when it comes again. */
  want(vips: readonly string[]): void {
    this.#wanted = vips;
    const wanted = new Set(vips);
    for (const vip of this.#proved) if (!wanted.has(vip)) this.#proved.delete(vip);
    if ([...this.#taken.keys()].some((vip) => !wanted.has(vip)))
      this.#tell(new Map([...this.#taken].filter(([vip]) => wanted.has(vip))));
    const { askable, held } = this.#parts;
    const fresh = (vip: string) => !this.#proved.has(vip) && !this.#asking.has(vip);
    this.inUse(vips.filter(held));
    this.#ask(vips.filter((vip) => fresh(vip) && askable(vip)));
  }

  /** Addresses that our own nodes have or hand over: they were asked about before. */
  inUse(vips: readonly string[]): void {
    const wanted = new Set(this.#wanted);
    this.#prove(vips.filter((vip) => wanted.has(vip) && !this.#proved.has(vip)));
  }

  /** Resolves when all is on disk. */
  close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    return this.#writing;
  }

  #ask(vips: readonly string[]): void {
    if (vips.length > 0) void this.#probe(vips);
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#ask([...this.#taken.keys()]), this.#parts.againMs ?? usualAgainMs);
  }

  async #probe(vips: readonly string[]): Promise<void> {
    const { probe, held, fault, times = usualTimes } = this.#parts;
    for (const vip of vips) this.#asking.add(vip);
    let found: ReadonlyMap<string, string> = new Map();
    try {
      found = await probe(vips, times);
    } catch (error) {
      fault(error instanceof Error ? error.message : String(error));
    }
    if (this.#closed) return;
    for (const vip of vips) this.#asking.delete(vip);
    const asked = new Set(vips);
    const wanted = new Set(this.#wanted);
    const foreign = [...found].filter(([vip]) => wanted.has(vip) && !this.#proved.has(vip) && !held(vip));
    this.#tell(new Map([...[...this.#taken].filter(([vip]) => !asked.has(vip)), ...foreign]));
    const free = vips.filter((vip) => wanted.has(vip) && !this.#proved.has(vip) && !this.#taken.has(vip));
    this.#prove(free);
  }

  #prove(vips: readonly string[]): void {
    if (vips.length === 0) return;
    for (const vip of vips) this.#proved.add(vip);
    this.#tell(new Map([...this.#taken].filter(([vip]) => !this.#proved.has(vip))));
    this.#parts.changed();
    void this.#keep();
  }

  /** Writes the newest of what is known, one write at a time. */
  #keep(): Promise<void> {
    const { file, fault } = this.#parts;
    const write = () => writeDurably(file, JSON.stringify([...this.#proved]));
    this.#writing = this.#writing.then(write).catch((error: unknown) => fault(String(error)));
    return this.#writing;
  }

  #tell(taken: ReadonlyMap<string, string>): void {
    const same = taken.size === this.#taken.size && [...taken].every(([vip, mac]) => this.#taken.get(vip) === mac);
    this.#taken = taken;
    if (!same) this.#parts.taken([...taken]);
  }
}

/** Without a memory every address is new. */
function read(file: string): readonly string[] {
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success ? parsed.data : [];
  } catch {
    return [];
  }
}
