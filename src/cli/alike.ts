import type { Problem } from '../model/index.ts';
import { parseAddress } from '../net/index.ts';

/** What may be an address. */
const candidate = /[\da-f.:]*[\da-f]/gi;

/** Problems that say the same of different services and addresses, together, in the order of the first of each. */
export function groupAlike(problems: readonly Problem[]): readonly (readonly Problem[])[] {
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) {
    const { code, severity, field = '', message } = problem;
    const key = [
      code,
      severity,
      field,
      message.replace(candidate, (text) => (parseAddress(text).ok ? '*' : text)),
    ].join('\n');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [problem]);
    else group.push(problem);
  }
  return [...groups.values()];
}
