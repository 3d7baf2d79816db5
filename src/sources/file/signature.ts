import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { reasonOf } from './list-paths.ts';
import { signatureOf } from './read-file.ts';

/** Side by side: as many as the thread pool takes without holding up other work. */
const together = 32;

/** What small files beside the services looked like last. Each is looked at when it is first asked for, and then by `look` alone. */
export class Signatures {
  private readonly known = new Map<string, string>();

  /** Another text when any of the files is another one: replaced, rewritten, gone. */
  of(paths: readonly string[]): string {
    return paths.map((path) => this.one(path)).join(' ');
  }

  /** Looks at all of them again; whether any is another one than before. */
  async look(): Promise<boolean> {
    const paths = [...this.known.keys()];
    let changed = false;
    for (let at = 0; at < paths.length; at += together) {
      const slice = paths.slice(at, at + together);
      const seen = await Promise.all(slice.map((path) => stat(path, { bigint: true }).then(signatureOf, reasonOf)));
      for (const [i, path] of slice.entries()) {
        const now = seen[i] ?? '';
        if (this.known.get(path) === now) continue;
        this.known.set(path, now);
        changed = true;
      }
    }
    return changed;
  }

  /** The rest is looked at no more. */
  keep(paths: Iterable<string>): void {
    const kept = new Set(paths);
    for (const path of this.known.keys()) if (!kept.has(path)) this.known.delete(path);
  }

  private one(path: string): string {
    const known = this.known.get(path);
    if (known !== undefined) return known;
    let now: string;
    try {
      now = signatureOf(statSync(path, { bigint: true }));
    } catch (error) {
      now = reasonOf(error);
    }
    this.known.set(path, now);
    return now;
  }
}
