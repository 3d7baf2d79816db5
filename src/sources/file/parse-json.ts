import { findJsonError } from './find-json-error.ts';
import { measure } from './measure.ts';
import type { ParseResult } from './parse-text.ts';
import { positionsIn } from './position.ts';
import { takeApart } from './take-apart.ts';

/** One JSON value. */
export function parseJson(text: string, file: string): ParseResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, code: 'E_FILE_SYNTAX', ...explain(text) };
  }
  const excess = measure(value, text.length);
  if (excess !== undefined) return { ok: false, code: 'E_FILE_SYNTAX', reason: excess.reason };
  const place = { file, document: 1, line: 1, position: positionsIn(text, 1) };
  return { ok: true, parsed: { objects: takeApart(value, place, elementLines(text)), documents: new Map() } };
}

function explain(text: string): { readonly reason: string; readonly line: number; readonly column: number } {
  const error = findJsonError(text);
  const before = text.slice(0, error?.offset).split('\n');
  const reason = error === undefined ? 'it is not valid JSON' : `it is not valid JSON: ${error.reason}`;
  return { reason, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],\n]|[^\s{}[\],":]+/g;

/** The lines at which the elements of the outermost list begin: a top-level array, or the first array below the top. One pass, no tree. */
function elementLines(text: string): readonly number[] {
  const lines: number[] = [];
  let line = 1;
  let depth = 0;
  let listDepth = 0;
  let expecting = false;
  for (const [part] of text.matchAll(token)) {
    if (part === '\n') {
      line++;
      continue;
    }
    const closes = part === ']' || part === '}';
    if (expecting && !closes) lines.push(line);
    expecting = false;
    if (part === '[' || part === '{') {
      depth++;
      if (part === '[' && listDepth === 0 && depth <= 2) {
        listDepth = depth;
        expecting = true;
      }
    } else if (closes) {
      if (depth === listDepth) return lines;
      depth--;
    } else if (part === ',' && depth === listDepth && listDepth > 0) expecting = true;
  }
  return lines;
}
