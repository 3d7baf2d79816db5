import { errors, type Problem } from '../../model/index.ts';
import type { Paint } from './paint.ts';

/** Text of one line of a file, or undefined; for excerpts. */
export type ReadLine = (file: string, line: number) => string | undefined;

/** One problem: code, object, field, reason; then the place with the line, then what to do. */
export function problemText(problem: Problem, paint: Paint, readLine: ReadLine = () => undefined): string {
  const colour = problem.severity === 'error' ? paint.bad : paint.warn;
  const head = colour(`${problem.severity}[${problem.code}]`);
  const where = subjectOf(problem);
  const hint = paint.weak(`  ${errors[problem.code].hint}   weir explain ${problem.code}\n`);
  return `${head}${where} ${problem.message}\n${placeText(problem, readLine)}${hint}`;
}

/** ` shop/web ports[0].port:`, without what the message says itself. */
function subjectOf(problem: Problem): string {
  const object = problem.service ?? (problem.file === undefined ? problem.source : '');
  // `ingress/shop/web` is said already where the message begins with `Ingress shop/web:`.
  const plain = object.split('/').slice(-2).join('/');
  const said = (part: string) => part === '' || problem.message.includes(part);
  const parts = [...(said(plain) ? [] : [object]), ...(said(problem.field ?? '') ? [] : [problem.field])];
  return parts.length === 0 ? '' : ` ${parts.join(' ')}:`;
}

function placeText(problem: Problem, readLine: ReadLine): string {
  const { file, line, column } = problem;
  if (file === undefined)
    return problem.service === undefined || problem.source === '' ? '' : `  --> ${problem.source}\n`;
  if (line === undefined) return `  --> ${file}\n`;
  const at = `  --> ${file}:${line}${column === undefined ? '' : `:${column}`}\n`;
  const text = mayShow(problem) ? readLine(file, line) : undefined;
  return text === undefined ? at : at + excerpt(text, line, column);
}

/** The line with a caret; of a long line only the part around the caret. */
function excerpt(text: string, line: number, column: number | undefined): string {
  const number = String(line).padStart(5);
  const from = column === undefined || column < 80 ? 0 : column - 40;
  const part = text.slice(from, from + 110).trimEnd();
  const caret = column === undefined ? '' : `      | ${' '.repeat(Math.max(0, column - 1 - from))}^\n`;
  return `${number} | ${part}\n${caret}`;
}

/** A line of a Secret must never be printed; where a problem may point into one, only its place is told. */
function mayShow(problem: Problem): boolean {
  if (problem.code === 'E_CONFIG' || problem.code === 'E_PROVIDER_UNKNOWN') return true;
  if (problem.code.startsWith('E_CERT') || problem.code.startsWith('E_FILE') || problem.field === undefined)
    return false;
  return !/(^|[^a-z])(data|stringData|secret|password|token|key)([^a-z]|$)/i.test(`${problem.source} ${problem.field}`);
}

/** Many problems: errors first, each code at most `most` times, the rest counted. */
export function problemsText(problems: readonly Problem[], paint: Paint, readLine?: ReadLine, most = 20): string {
  const sorted = problems.toSorted((a, b) => a.severity.localeCompare(b.severity));
  const seen = new Map<string, number>();
  let text = '';
  for (const problem of sorted) {
    const n = (seen.get(problem.code) ?? 0) + 1;
    seen.set(problem.code, n);
    if (n <= most) text += problemText(problem, paint, readLine);
  }
  for (const [code, n] of seen) if (n > most) text += `… and ${n - most} more ${code} (-o json lists all)\n`;
  return text;
}
