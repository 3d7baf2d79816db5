import type { Problem } from '../model/index.ts';

/** Each problem once, errors before warnings, else in the order in which they were found. */
export function distinctProblems(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Map<string, Problem>();
  for (const problem of problems) {
    const key = problemKey(problem);
    if (!seen.has(key)) seen.set(key, problem);
  }
  const all = [...seen.values()];
  return [...all.filter((p) => p.severity === 'error'), ...all.filter((p) => p.severity !== 'error')];
}

/** The same for problems that say the same of the same thing. */
export function problemKey({ code, source, service, field, value, message }: Problem): string {
  return JSON.stringify([code, source, service, field, value, message]);
}
