import type { Problem, State } from '../../model/index.ts';
import type { Paint } from './paint.ts';
import { count } from './words.ts';

/** Problems that are listed; the rest is counted. */
const most = 20;

/** The problems that a running weir has: errors first, one line each with the place in the file. */
export function stateProblemsText({ problems }: State, paint: Paint): string {
  if (problems.length === 0) return '';
  const sorted = problems.toSorted((a, b) => a.severity.localeCompare(b.severity));
  const lines = sorted.slice(0, most).map((problem) => {
    const colour = problem.severity === 'error' ? paint.bad : paint.warn;
    return `  ${colour(problem.code)}  ${placeOf(problem)}  ${problem.message}\n`;
  });
  const more = problems.length > most ? `  ${problems.length - most} more: weir status -o json\n` : '';
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const found = [
    ...(errors > 0 ? [count(errors, 'error')] : []),
    ...(problems.length > errors ? [count(problems.length - errors, 'warning')] : []),
  ];
  return `PROBLEMS  ${found.join(', ')}\n${lines.join('')}${more}`;
}

function placeOf({ file, line, source, service }: Problem): string {
  if (file === undefined) return service ?? source;
  return line === undefined ? file : `${file}:${line}`;
}

/** Whether all is well: everything read and in sync, nothing wrong but warnings, and no service without a target that answers. */
export function isWell(state: State): boolean {
  const failing = state.services.some(({ health }) => health === 'error' || health === 'down');
  return state.inSync && !failing;
}
