/**
 * Until when target groups that our own writes have turned away from hold connections, over a restart: a process that begins anew would
 * wait for all of the delay again, and a row of short ones for ever. File lost or broken: that is what they do.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Handle } from '../../src/model/index.ts';

const file = z.strictObject({ untilMs: z.record(z.string(), z.number().nullable()) });

export class DrainMemory {
  readonly #path: string;

  /** `stateDir`: the balancer's own. */
  constructor(stateDir: string) {
    this.#path = join(stateDir, 'draining-groups.json');
  }

  /** Target group → wall-clock milliseconds; null: a call was begun and nobody noted how it ended. */
  all(): ReadonlyMap<Handle, number | null> {
    try {
      return new Map(Object.entries(file.parse(JSON.parse(readFileSync(this.#path, 'utf8'))).untilMs));
    } catch {
      return new Map();
    }
  }

  /** Of those that are over nothing is kept. */
  note(group: Handle, untilMs: number | null, nowMs: number): void {
    const kept = [...this.all()].filter(([, endMs]) => endMs === null || endMs > nowMs);
    const text = JSON.stringify({ untilMs: Object.fromEntries([...kept, [group, untilMs]]) });
    try {
      writeFileSync(`${this.#path}.new`, `${text}\n`, { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch {
      // Only waiting takes longer without it.
    }
  }
}
