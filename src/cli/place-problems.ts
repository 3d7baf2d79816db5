import type { FieldPath, LocatedObject, Problem } from '../model/index.ts';
import { parseText } from '../sources/file/parse-text.ts';
import type { Io } from './io.ts';

/** Files that are read once more for the places of their fields. */
const mostFiles = 50;

/**
 * Problems that were found behind the sources know their object and the name of the field, but no more: its line and column are looked up
 * in the file. What cannot be found stays at its object.
 */
export async function placeProblems(io: Pick<Io, 'read'>, problems: readonly Problem[]): Promise<readonly Problem[]> {
  const files = [...new Set(problems.flatMap((problem) => (isLoose(problem) ? (problem.file ?? []) : [])))];
  if (files.length === 0) return problems;
  const objects = new Map(
    await Promise.all(files.slice(0, mostFiles).map(async (file) => [file, await objectsOf(io, file)] as const)),
  );
  return problems.map((problem) => {
    const { file, line, field, value } = problem;
    if (!isLoose(problem) || file === undefined || field === undefined) return problem;
    const place = objects
      .get(file)
      ?.flatMap((object) => (object.line === line ? (placeOf(object, field, value) ?? []) : []));
    return place?.[0] === undefined ? problem : { ...problem, ...place[0] };
  });
}

function isLoose({ file, line, column, field }: Problem): boolean {
  return file !== undefined && line !== undefined && column === undefined && field !== undefined;
}

async function objectsOf(io: Pick<Io, 'read'>, file: string): Promise<readonly LocatedObject[]> {
  const text = await io.read(file).catch(() => undefined);
  if (text === undefined) return [];
  const result = parseText(text, file);
  return result.ok ? result.parsed.objects : [];
}

/** The field; where it is not written, the first text that is the value at fault, such as a host. */
function placeOf({ object, position }: LocatedObject, field: string, value: string | undefined) {
  const path = field.includes('/') ? ['metadata', 'annotations', field] : pathOf(field);
  const found = within(object, path) !== undefined ? path : value === undefined ? undefined : find(object, value, []);
  return found === undefined ? undefined : position?.(found);
}

function find(object: unknown, value: string, path: FieldPath): FieldPath | undefined {
  if (object === value && value.length > 3) return path;
  if (typeof object !== 'object' || object === null) return undefined;
  for (const [key, child] of Object.entries(object)) {
    const found = find(child, value, [...path, Array.isArray(object) ? Number(key) : key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `spec.rules[0].host` as keys and indexes. */
function pathOf(field: string): FieldPath {
  return [...field.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([key, index]) => (index === undefined ? key : Number(index)));
}

/** What stands there; undefined: nothing does. */
function within(object: unknown, path: FieldPath): unknown {
  let at = object;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}
