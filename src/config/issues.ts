import type { z } from 'zod';
import { type FieldPath, fieldName, type Problem, shown, suggestion } from '../model/index.ts';
import { fieldsFor, type JsonSchema, schemaAt } from './json-schema.ts';

type Issue = z.core.$ZodIssue;

/** One thing that is wrong, in words that name what is allowed; the path leads to the field (for an unknown one: to itself). */
export interface Finding {
  readonly path: FieldPath;
  readonly unknown: boolean;
  readonly message: string;
  /** The likely spelling, as `suggestion` gives it; stands at the end. */
  readonly near: string;
}

/** zod's issues in our words. `schema` is the JSON Schema of the same zod schema: it knows the spellings that are allowed. */
export function flattenIssues(issues: readonly Issue[], schema: JsonSchema): readonly Finding[] {
  return issues.flatMap((issue) => {
    const path = pathOf(issue.path);
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => unknownField([...path, key], key, issue.input, schemaAt(schema, path)));
      case 'invalid_union':
        return fromUnion(issue.errors, path, schema, issue.message);
      case 'invalid_type':
        return [finding(path, issue.input === undefined && missing(issue) ? missingField(path) : typeText(issue))];
      case 'invalid_value':
        return [valueFinding(path, issue)];
      case 'too_small':
      case 'too_big':
        return [finding(path, boundText(issue))];
      default:
        return [finding(path, issue.message)];
    }
  });
}

function finding(path: FieldPath, message: string, near = ''): Finding {
  return { path, unknown: false, message, near };
}

function unknownField(path: FieldPath, key: string, input: unknown, schema: JsonSchema | undefined): Finding {
  const { fields: allowed, is, has } = fieldsFor(schema, input, key);
  const where = has === undefined ? '' : ` where ${is}; known where ${has}`;
  const near = has === undefined ? suggestion(key, allowed) : '';
  const list = near === '' && allowed.length > 0 ? `; allowed: ${allowed.join(', ')}` : '';
  return { path, unknown: true, message: `unknown field${where}${list}`, near };
}

/** The branch that came nearest: the one whose complaints lie deepest, then the one with the fewest. */
function fromUnion(
  branches: readonly (readonly Issue[])[],
  path: FieldPath,
  schema: JsonSchema,
  otherwise: string,
): readonly Finding[] {
  const depth = (branch: readonly Issue[]) => Math.max(0, ...branch.map((issue) => issue.path.length));
  const [best] = branches.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length);
  if (best === undefined || best.length === 0) return [finding(path, otherwise)];
  return flattenIssues(
    best.map((issue) => ({ ...issue, path: [...path, ...issue.path] })),
    schema,
  );
}

function pathOf(path: readonly PropertyKey[]): FieldPath {
  return path.map((key) => (typeof key === 'number' ? key : String(key)));
}

function missing(issue: z.core.$ZodIssueInvalidType): boolean {
  return issue.message.endsWith('undefined');
}

function missingField(path: FieldPath): string {
  return `required field ${String(path.at(-1) ?? '')} is missing`;
}

const words: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'fields (key: value)',
  record: 'fields (key: value)',
};

function typeText(issue: z.core.$ZodIssueInvalidType): string {
  return `must be ${words[issue.expected] ?? issue.expected}`;
}

function valueFinding(path: FieldPath, issue: z.core.$ZodIssueInvalidValue): Finding {
  const values = issue.values.map((value) => String(value));
  const near = typeof issue.input === 'string' ? suggestion(issue.input, values) : '';
  return finding(path, `must be ${values.length === 1 ? '' : 'one of '}${values.join(', ')}`, near);
}

const units: ReadonlyMap<string, string> = new Map([
  ['array', 'entries'],
  ['string', 'characters'],
]);

function boundText(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [word, bound] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
  const strict = issue.inclusive === false ? (issue.code === 'too_small' ? 'more than' : 'less than') : word;
  const unit = units.get(issue.origin);
  return unit === undefined ? `must be ${strict} ${bound}` : `must have ${strict} ${bound} ${unit}`;
}

/** The value at a path of plain data; undefined where there is none. */
export function valueAt(data: unknown, path: FieldPath): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === String(key))?.[1];
  }
  return value;
}

/** A finding as a problem of the configuration, without a place: the caller knows where the value came from. */
export function problemOf(found: Finding, data: unknown, source: string): Problem {
  const value = found.unknown ? undefined : valueAt(data, found.path);
  const scalar = value !== undefined && (typeof value !== 'object' || value === null);
  const is = scalar ? `, is ${shown(JSON.stringify(value))}` : '';
  return {
    code: 'E_CONFIG',
    severity: 'error',
    source,
    ...(found.path.length > 0 ? { field: fieldName(found.path) } : {}),
    ...(scalar ? { value: shown(value) } : {}),
    message: `${found.message}${is}${found.near}`,
  };
}
