import type { Io } from '../io.ts';
import { say } from '../say.ts';
import type { Judge } from './check.ts';

/** Tells people each result as it comes, and counts those that do not hold. */
export function judgeFor(io: Io): Judge & { failed(): number } {
  let failed = 0;
  return {
    expect(what, holds, detail = '', told = false) {
      if (!holds) failed++;
      say(
        io,
        (paint) =>
          `${holds ? paint.good('ok     ') : paint.bad('FAILED ')} ${what}${detail === '' || (holds && !told) ? '' : `  ${paint.weak(detail)}`}\n`,
      );
    },
    say: (text) => say(io, (paint) => `${paint.weak(`        ${text}`)}\n`),
    failed: () => failed,
  };
}
