import type { Problem, State } from '../../model/index.ts';
import type { Paint } from './paint.ts';
import { count } from './words.ts';

/** Problems that are listed where not all are asked for; the rest is counted. */
const most = 20;

/** The problems that a running weir has: errors first, one line each with the place in the file. Of many, some of every code, or all. */
export function stateProblemsText({ problems }: State, paint: Paint, all = false): string {
  if (problems.length === 0) return '';
  const sorted = problems.toSorted((a, b) => a.severity.localeCompare(b.severity));
  const { listed, left } = all ? { listed: sorted, left: [] } : split(sorted);
  const lines = listed.map((problem) => {
    const colour = problem.severity === 'error' ? paint.bad : paint.warn;
    return `  ${colour(problem.code)}  ${placeOf(problem)}  ${problem.message}\n`;
  });
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const found = [
    ...(errors > 0 ? [count(errors, 'error')] : []),
    ...(problems.length > errors ? [count(problems.length - errors, 'warning')] : []),
  ];
  return `PROBLEMS  ${found.join(', ')}\n${lines.join('')}${moreText(left)}`;
}

/** Hundreds of one kind shall not hide the one of another, whatever file it stands in: by turns one of each code, errors first. */
function split(sorted: readonly Problem[]): { readonly listed: readonly Problem[]; readonly left: readonly Problem[] } {
  const seen = new Map<string, number>();
  const places = sorted.map(({ severity, code }, place) => {
    const turn = seen.get(`${severity} ${code}`) ?? 0;
    seen.set(`${severity} ${code}`, turn + 1);
    return { place, turn };
  });
  places.sort((a, b) => a.turn - b.turn || a.place - b.place);
  const chosen = new Set(places.slice(0, most).map(({ place }) => place));
  return { listed: sorted.filter((_, i) => chosen.has(i)), left: sorted.filter((_, i) => !chosen.has(i)) };
}

function moreText(left: readonly Problem[]): string {
  if (left.length === 0) return '';
  const kinds = [...Map.groupBy(left, ({ code }) => code)].map(([code, { length }]) => `${length} ${code}`);
  return `  ${left.length} more (${kinds.join(', ')}): weir status --all\n`;
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
