import { statSync } from 'node:fs';
import { reasonOf } from './list-paths.ts';

/** Another text when any of the files is another one: replaced, rewritten, gone. */
export function signatureOf(paths: readonly string[]): string {
  return paths
    .map((path) => {
      try {
        const stats = statSync(path, { bigint: true });
        return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
      } catch (error) {
        return reasonOf(error);
      }
    })
    .join(' ');
}
