/** Totals that go on over reloads: each worker counts from zero, and a spare counts for whoever holds it. Pure. */
import type { Traffic } from '../../src/model/index.ts';
import { type BackendRow, countedColumns } from './traffic-read.ts';

export interface WorkerReading {
  readonly pid: number;
  /** Old workers serve their last connections: they count, and are not how things are now. */
  readonly old: boolean;
  readonly rows: readonly BackendRow[];
}

interface Total {
  http: boolean;
  counted: readonly number[];
  current: readonly number[];
  perSecond: number;
}

const classes = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const;
const firstClass = countedColumns.indexOf('hrsp_1xx');

/** More than any number of old workers that is sensible. */
const keptWorkers = 64;

/** A number that is smaller than it was began anew. */
function grownBy(value: number, before: number): number {
  return value >= before ? value - before : value;
}

export class TrafficCount {
  readonly #last = new Map<number, ReadonlyMap<string, readonly number[]>>();
  readonly #totals = new Map<string, Total>();
  #atMs: number | undefined;

  /**
   * Takes a reading of all workers. `holder`: which backend of ours a section is, undefined for none. A section that several had one
   * after the other counts from the first sight of it.
   */
  take(readings: readonly WorkerReading[], holder: (section: string) => string | undefined, nowMs: number): void {
    const seconds = this.#atMs === undefined ? undefined : (nowMs - this.#atMs) / 1000;
    const first = this.#atMs === undefined;
    this.#atMs = nowMs;
    const grown = new Map<string, number>();
    const seen = new Set<string>();
    for (const { pid, old, rows } of readings) {
      const before = this.#last.get(pid);
      for (const row of rows) {
        const id = holder(row.backend);
        if (id === undefined) continue;
        const known = before?.get(row.backend);
        // What was counted before we looked is his whose name the section bears.
        const fresh = known === undefined && first && id !== row.backend;
        const from = known ?? (fresh ? row.counted : undefined);
        const added = row.counted.map((value, i) => grownBy(value, from?.[i] ?? 0));
        const total = this.#totals.get(id) ?? {
          http: row.http,
          counted: added.map(() => 0),
          current: [],
          perSecond: 0,
        };
        total.counted = total.counted.map((value, i) => value + (added[i] ?? 0));
        total.http = row.http;
        if (!old) total.current = row.current;
        this.#totals.set(id, total);
        if (!first) grown.set(id, (grown.get(id) ?? 0) + (added[0] ?? 0));
        seen.add(id);
      }
      this.#last.delete(pid);
      this.#last.set(pid, new Map(rows.map((row) => [row.backend, row.counted])));
    }
    // Who is missing may come again: right after a reload the old worker is not listed yet.
    for (const pid of this.#last.keys()) if (this.#last.size > keptWorkers) this.#last.delete(pid);
    for (const [id, total] of this.#totals) {
      if (!seen.has(id)) this.#totals.delete(id);
      else total.perSecond = seconds === undefined || seconds <= 0 ? 0 : (grown.get(id) ?? 0) / seconds;
    }
  }

  /** Of the backends of one service together; undefined while none of them was read. */
  of(backends: readonly string[]): Traffic | undefined {
    const totals = backends.flatMap((backend) => this.#totals.get(backend) ?? []);
    if (totals.length === 0) return undefined;
    const sum = (pick: (total: Total) => number) => totals.reduce((all, total) => all + pick(total), 0);
    const counted = (column: (typeof countedColumns)[number]) =>
      sum((total) => total.counted[countedColumns.indexOf(column)] ?? 0);
    // Averages over as many requests as HAProxy remembers.
    const weight = (total: Total) => Math.min(total.counted[0] ?? 0, 1024);
    const weights = sum(weight);
    const mean = (at: number) =>
      weights === 0 ? 0 : sum((total) => weight(total) * (total.current[at] ?? 0)) / weights;
    return {
      requests: totals.some(({ http }) => http)
        ? Object.fromEntries(
            classes.map((name, i) => [name, sum((total) => (total.http ? (total.counted[firstClass + i] ?? 0) : 0))]),
          )
        : {},
      sessions: counted('stot'),
      receivedBytes: counted('bin'),
      sentBytes: counted('bout'),
      failures: {
        connect: counted('econ'),
        response: counted('eresp'),
        retry: counted('wretr'),
        redispatch: counted('wredis'),
      },
      perSecond: sum((total) => total.perSecond),
      current: sum((total) => total.current[0] ?? 0),
      queued: sum((total) => total.current[1] ?? 0),
      latencyMs: { queue: mean(2), connect: mean(3), response: mean(4), total: mean(5) },
    };
  }
}
