/**
 * Until when target groups that our own writes have turned away from hold connections, over a restart: a process that begins anew would
 * wait for all of the delay again, and a row of short ones for ever. File lost or broken: that is what they do.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Handle } from '../../src/model/index.ts';

/** Target group → front that sent to it, by kind and handle → wall-clock milliseconds. */
const file = z.strictObject({ untilMs: z.record(z.string(), z.record(z.string(), z.number().nullable())) });
type Kept = z.infer<typeof file>['untilMs'];

export class DrainMemory {
  readonly #path: string;

  /** `stateDir`: the balancer's own. */
  constructor(stateDir: string) {
    this.#path = join(stateDir, 'draining-groups.json');
  }

  /** Target group → wall-clock milliseconds; null: the call of a front was begun and nobody noted how it ended. */
  all(): ReadonlyMap<Handle, number | null> {
    return new Map(
      Object.entries(this.#read()).map(([group, fronts]) => {
        const ends = Object.values(fronts);
        return [group, ends.includes(null) ? null : Math.max(...ends.map(Number))];
      }),
    );
  }

  /** What one front has turned away from. */
  note(group: Handle, front: string, untilMs: number | null, nowMs: number): void {
    const all = this.#read();
    this.#write({ ...all, [group]: { ...all[group], [front]: untilMs } }, nowMs);
  }

  /** Calls of which nobody knows how they ended were over by then at the latest. */
  settle(group: Handle, untilMs: number, nowMs: number): void {
    const all = this.#read();
    const ends = Object.entries(all[group] ?? {}).map(([front, endMs]) => [front, endMs ?? untilMs] as const);
    this.#write({ ...all, [group]: Object.fromEntries(ends) }, nowMs);
  }

  /** Of those that are over nothing is kept. */
  #write(all: Kept, nowMs: number): void {
    const kept = Object.entries(all).flatMap(([group, fronts]) => {
      const open = Object.entries(fronts).filter(([, endMs]) => endMs === null || endMs > nowMs);
      return open.length === 0 ? [] : [[group, Object.fromEntries(open)] as const];
    });
    try {
      writeFileSync(`${this.#path}.new`, `${JSON.stringify({ untilMs: Object.fromEntries(kept) })}\n`, { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch {
      // Only waiting takes longer without it.
    }
  }

  #read(): Kept {
    try {
      return file.parse(JSON.parse(readFileSync(this.#path, 'utf8'))).untilMs;
    } catch {
      return {};
    }
  }
}
