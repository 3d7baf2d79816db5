/** Whether a machine has what a test needs: the reason to skip it, or false. With CI=true a test that is skipped for it is a failure. */
import { spawnSync } from 'node:child_process';

/** Root, and programs: `npm test` installs them where it can. */
export function needsRootAnd(...programs: readonly string[]): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = programs.filter((program) => spawnSync(program, ['-V']).error !== undefined);
  return missing.length > 0 && `needs ${missing.join(' and ')}, which cannot be run`;
}
