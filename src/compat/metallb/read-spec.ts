import type { ZodType, z } from 'zod';
import type { ErrorCode, FieldPath } from '../../model/index.ts';
import { suggestion } from '../../model/index.ts';

/** What is wrong with one field of an object. */
export interface SpecFinding {
  readonly code: ErrorCode;
  readonly path: FieldPath;
  readonly value?: unknown;
  /** A clause that follows the field's name. */
  readonly reason: string;
}

export interface ReadSpec<T> {
  /** Absent: it cannot be used. */
  readonly value?: T;
  readonly findings: readonly SpecFinding[];
}

/** Deeper than this nothing of these objects lies. */
const deepest = 12;

/** Reads the part of an object below `at` by its schema. Fields that nobody knows are told, and the rest counts. */
export function readSpec<S extends ZodType>(schema: S, written: unknown, at: FieldPath): ReadSpec<z.output<S>> {
  const plain = withoutNulls(written ?? {}, 0);
  const parsed = schema.safeParse(plain);
  if (!parsed.success)
    return {
      findings: parsed.error.issues.map((issue) => {
        const path = [...at, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))];
        return finding(path, issue, valueAt(plain, issue.path));
      }),
    };
  return { value: parsed.data, findings: [] };
}

/** Keys of objects that the schema does not name. `known`: shapes by path, lists left out. */
export function unknownFields(written: unknown, known: Known, at: FieldPath): readonly SpecFinding[] {
  if (Array.isArray(written)) return written.flatMap((item, i) => unknownFields(item, known, [...at, i]));
  if (typeof written !== 'object' || written === null || known === true) return [];
  return Object.entries(written).flatMap(([key, value]): readonly SpecFinding[] => {
    const below = Object.hasOwn(known, key) ? known[key] : undefined;
    if (below !== undefined) return unknownFields(value, below, [...at, key]);
    const reason = `is not known and has no effect${suggestion(key, Object.keys(known))}`;
    return [{ code: 'E_FIELD_UNKNOWN', path: [...at, key], reason }];
  });
}

/** true: whatever lies below. */
export type Known = true | { readonly [key: string]: Known };

function withoutNulls(value: unknown, depth: number): unknown {
  if (depth > deepest || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item, depth + 1));
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutNulls(item, depth + 1)]));
}

const words: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function finding(path: FieldPath, issue: z.core.$ZodIssue, value: unknown): SpecFinding {
  const shown = typeof value === 'object' ? {} : { value };
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined
        ? { code: 'E_FIELD_MISSING', path, reason: 'is missing' }
        : { code: 'E_FIELD_TYPE', path, ...shown, reason: `must be ${words[issue.expected] ?? issue.expected}` };
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const near = typeof value === 'string' ? suggestion(value, allowed) : '';
      return { code: 'E_FIELD_VALUE', path, ...shown, reason: `must be one of ${allowed.join(', ')}${near}` };
    }
    case 'too_small': {
      const reason =
        issue.origin === 'array' ? 'must have at least one entry' : `must be at least ${String(issue.minimum)}`;
      return { code: 'E_FIELD_VALUE', path, ...shown, reason };
    }
    case 'too_big': {
      const most = String(issue.maximum);
      const reason = issue.origin === 'string' ? `must have at most ${most} characters` : `must be at most ${most}`;
      return { code: 'E_FIELD_VALUE', path, ...shown, reason };
    }
    default:
      return { code: 'E_FIELD_VALUE', path, ...shown, reason: issue.message };
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}
