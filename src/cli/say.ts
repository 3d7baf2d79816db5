import type { Problem } from '../model/index.ts';
import type { Io } from './io.ts';
import { placeProblems } from './place-problems.ts';
import { createPaint, type Paint, printable, problemsText } from './text/index.ts';

/** Text for people on stdout. Everything passes `printable`: values of others must not steer a terminal. */
export function say(io: Io, text: (paint: Paint) => string): void {
  io.out(printable(text(createPaint(io.colour.out)), io.colour.out));
}

/** Text for people on stderr. */
export function tell(io: Io, text: (paint: Paint) => string): void {
  io.err(printable(text(createPaint(io.colour.err)), io.colour.err));
}

/** Problems on stderr, with the line of the file where it may be shown. */
export async function tellProblems(io: Io, found: readonly Problem[]): Promise<void> {
  if (found.length === 0) return;
  const problems = await placeProblems(io, found);
  const names = [...new Set(problems.flatMap(({ file }) => (file === undefined ? [] : [file])))];
  const lines = new Map(
    await Promise.all(
      // A file that has gone or cannot be read only costs the excerpt.
      names
        .slice(0, 50)
        .map(async (name) => [name, (await io.read(name).catch(() => undefined))?.split('\n')] as const),
    ),
  );
  tell(io, (paint) => problemsText(problems, paint, (file, line) => lines.get(file)?.[line - 1]));
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}
