/** Totals that go on over reloads: each worker counts from zero, and a spare counts for whoever holds it. Pure. */
import type { Traffic } from '../../src/model/index.ts';
import { type BackendRow, countedColumns, currentColumns } from './traffic-read.ts';

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

/** The first of the columns that are averages. */
const firstTime = currentColumns.indexOf('qtime');
/** Requests that HAProxy's averages go back to. */
const remembered = 512;

/**
 * What is measured now, without what the averages still remember of the holder before. Unknown (0) until a quarter of them is the
 * holder's own: they are whole milliseconds.
 */
function ownTimes({ counted, current }: BackendRow, before: BackendRow | undefined): readonly number[] {
  const past = before?.counted[0] ?? 0;
  if (before === undefined || past === 0) return current;
  const own = (counted[0] ?? 0) - past;
  const share = past + own <= remembered ? own / (past + own) : 1 - (1 - 1 / remembered) ** own;
  return current.map((value, i) => {
    if (i < firstTime) return value;
    return share < 0.25 ? 0 : Math.max(0, (value - (before.current[i] ?? 0) * (1 - share)) / share);
  });
}

export class TrafficCount {
  readonly #last = new Map<number, ReadonlyMap<string, readonly number[]>>();
  readonly #totals = new Map<string, Total>();
  /** Rows of the newest worker as they were when their section changed hands. */
  #handed: { readonly pid: number; readonly rows: Map<string, BackendRow> } = { pid: 0, rows: new Map() };
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
        if (!old)
          total.current = ownTimes(row, this.#handed.pid === pid ? this.#handed.rows.get(row.backend) : undefined);
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

  /** What sections of a worker counted up to now is of whoever had them: the next reading goes on from here. */
  handOver(pid: number, rows: readonly BackendRow[]): void {
    if (rows.length === 0) return;
    const last = new Map(this.#last.get(pid));
    const handed = this.#handed.pid === pid ? this.#handed.rows : new Map<string, BackendRow>();
    for (const row of rows) {
      last.set(row.backend, row.counted);
      handed.set(row.backend, row);
    }
    this.#last.set(pid, last);
    this.#handed = { pid, rows: handed };
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
