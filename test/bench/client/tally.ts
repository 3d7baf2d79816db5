/** What became of the requests of one load, until the next report. */
import type { WriteStream } from 'node:fs';
import { monotonicMs } from './monotonic.ts';
import { emptyReport, type LoadReport } from './swarm-words.ts';
import type { Outcome } from './wire.ts';

export class Tally {
  report: LoadReport = emptyReport();
  readonly #timed: boolean;
  readonly #raw: WriteStream | undefined;

  constructor(timed: boolean, raw: WriteStream | undefined) {
    this.#timed = timed;
    this.#raw = raw;
  }

  take(startMs: number, { ok, target, error }: Outcome, by?: readonly string[]): void {
    const { report } = this;
    const wrong = ok && by !== undefined && !by.includes(target ?? '') ? `answered by ${target}` : error;
    const ms = monotonicMs() - startMs;
    if (wrong === undefined && ok) report.ok++;
    else {
      report.failed++;
      const reason = wrong ?? 'failed';
      report.errors[reason] = (report.errors[reason] ?? 0) + 1;
    }
    if (target !== undefined) {
      const [count, last] = report.targets[target] ?? [0, 0];
      report.targets[target] = [count + 1, Math.max(last, startMs)];
    }
    if (this.#timed) report.times.push([startMs, ms]);
    this.#raw?.write(`${startMs.toFixed(3)} ${ms.toFixed(3)} ${wrong ?? target}\n`);
  }

  /** What there was since the last call. */
  flush(open: number): LoadReport {
    const full = this.report;
    full.open = open;
    this.report = emptyReport();
    return full;
  }

  async end(): Promise<void> {
    await new Promise<void>((resolve) => (this.#raw === undefined ? resolve() : this.#raw.end(resolve)));
  }
}
