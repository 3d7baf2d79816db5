import type { Context } from '../model/index.ts';
import { ask, type Question } from './ask.ts';
import { Wake } from './wake.ts';

export interface ProberOptions {
  readonly clock: Context['clock'];
  readonly random: () => number;
  /** Something answers that did not. */
  readonly changed: () => void;
  /** Rejects with why there was no answer. Default: asks over the network. */
  readonly ask?: (question: Question, signal: AbortSignal) => Promise<void>;
}

interface Probe {
  readonly question: Question;
  answered: boolean;
  busy: boolean;
  failures: number;
  atMs: number;
  why: string;
  /** Somebody has asked about it since the last sweep. */
  wanted: boolean;
}

const atOnce = 8;
const backoff = { firstMs: 100, maxMs: 15_000 } as const;

/** Whether a proxy answers where it shall: asked until it has once, and not again. An address is told to others only then. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #probes = new Map<string, Probe>();
  readonly #wake: Wake;
  #running = 0;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#wake = new Wake(options.clock);
  }

  /** Why nothing has answered yet, in words; undefined: it has. */
  silent(question: Question): string | undefined {
    const key = JSON.stringify(question);
    const known = this.#probes.get(key);
    if (known !== undefined) {
      known.wanted = true;
      return known.answered ? undefined : `${nameOf(question)}${known.why}`;
    }
    const atMs = this.#options.clock.now();
    const fresh = { question, answered: false, busy: false, failures: 0, atMs, why: '', wanted: true };
    this.#probes.set(key, fresh);
    this.#wake.now();
    return nameOf(question);
  }

  /** Forgets what nobody has asked about since the last time. */
  sweep(): void {
    for (const [key, probe] of this.#probes) {
      if (probe.wanted) probe.wanted = false;
      else this.#probes.delete(key);
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await this.#wake.until(this.#startDue(signal), signal);
  }

  #startDue(signal: AbortSignal): number {
    const nowMs = this.#options.clock.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const probe of this.#probes.values()) {
      if (probe.answered || probe.busy) continue;
      if (probe.atMs > nowMs) nextMs = Math.min(nextMs, probe.atMs);
      else if (this.#running < atOnce) void this.#work(probe, signal);
    }
    return nextMs;
  }

  async #work(probe: Probe, signal: AbortSignal): Promise<void> {
    const { clock, random, changed } = this.#options;
    probe.busy = true;
    this.#running++;
    try {
      await (this.#options.ask ?? ask)(probe.question, signal);
      probe.answered = true;
    } catch (error) {
      probe.why = ` (${error instanceof Error ? error.message : String(error)})`;
      const waitMs = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(probe.failures++, 10));
      probe.atMs = clock.now() + waitMs * (0.5 + random() / 2);
    }
    this.#running--;
    probe.busy = false;
    this.#wake.now();
    if (!signal.aborted && (probe.answered || probe.failures === 1)) changed();
  }
}

function nameOf({ address, port, host }: Question): string {
  const at = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return host === undefined ? at : `${at} for ${host}`;
}
