import { z } from 'zod';
import { suggestion } from '../../model/closest.ts';
import type { ErrorCode } from '../../model/errors.ts';
import type { FieldPath } from '../../model/located.ts';
import { weirServiceSchema } from './schema.ts';

/** What zod found wrong, in the words of src/net: code, field and a clause that follows the field's name. */
export interface Finding {
  readonly code: ErrorCode;
  readonly path: FieldPath;
  readonly reason: string;
  readonly value?: unknown;
}

type Issue = z.core.$ZodIssue;

/** One finding for each thing that is wrong. `value` is the object that was parsed. */
export function explainIssues(issues: readonly Issue[], value: unknown): readonly Finding[] {
  return issues.flatMap((issue) => explain(issue, [], value));
}

function explain(issue: Issue, base: FieldPath, root: unknown): readonly Finding[] {
  const path = [...base, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))];
  const value = valueAt(root, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        code: 'E_FIELD_UNKNOWN',
        path: [...path, key],
        reason: unknownField(key, path),
        value: valueAt(root, [...path, key]),
      }));
    case 'invalid_type':
      if (value === undefined) return [{ code: 'E_FIELD_MISSING', path, reason: 'is missing' }];
      return [{ code: 'E_FIELD_TYPE', path, reason: `must be ${typeName(issue.expected)}`, value }];
    case 'invalid_value':
      if (value === undefined)
        return [{ code: 'E_FIELD_MISSING', path, reason: `is missing; ${oneOf(issue.values.map(String), value)}` }];
      return [{ code: 'E_FIELD_VALUE', path, reason: oneOf(issue.values.map(String), value), value }];
    case 'invalid_union':
      return explainUnion(issue.errors, path, root, value);
    case 'invalid_key':
      return [{ code: 'E_FIELD_VALUE', path, reason: 'is not a usable key' }];
    default:
      return [{ code: 'E_FIELD_VALUE', path, reason: 'has a value that cannot be used', value }];
  }
}

/** A union is told by the branch that was meant: the one whose outer type fits; where none fits, all are named. */
function explainUnion(
  branches: readonly Issue[][],
  path: FieldPath,
  root: unknown,
  value: unknown,
): readonly Finding[] {
  if (value === undefined) return [{ code: 'E_FIELD_MISSING', path, reason: 'is missing' }];
  const outer = (issue: Issue): boolean =>
    issue.path.length === 0 &&
    (issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union');
  const meant = branches
    .filter((issues) => !issues.some(outer))
    .sort((a, b) => unknownCount(a) - unknownCount(b) || a.length - b.length)[0];
  if (meant !== undefined) return meant.flatMap((issue) => explain(issue, path, root));
  const types: string[] = [];
  const values: unknown[] = [];
  const collect = (issues: readonly Issue[]): void => {
    for (const issue of issues) {
      if (issue.path.length > 0) continue;
      if (issue.code === 'invalid_type') types.push(typeName(issue.expected));
      else if (issue.code === 'invalid_value') values.push(...issue.values);
      else if (issue.code === 'invalid_union') issue.errors.forEach(collect);
    }
  };
  branches.forEach(collect);
  // A value of the right type is wrong as a value.
  if (values.some((allowed) => typeof allowed === typeof value))
    return [{ code: 'E_FIELD_VALUE', path, reason: oneOf(values.map(String), value), value }];
  const names = [...new Set([...values.map((v) => JSON.stringify(v)), ...types])];
  return [{ code: 'E_FIELD_TYPE', path, reason: `must be ${names.join(' or ')}`, value }];
}

function unknownCount(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0), 0);
}

function oneOf(values: readonly string[], value: unknown): string {
  const near = typeof value === 'string' ? suggestion(value, values) : '';
  return values.length === 1 ? `must be ${values[0]}${near}` : `must be one of ${values.join(', ')}${near}`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text (put it in quotes)',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
  array: 'a list',
};

function typeName(expected: string): string {
  return typeNames[expected] ?? expected;
}

function valueAt(root: unknown, path: FieldPath): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function unknownField(key: string, path: FieldPath): string {
  const known = fieldsAt(path);
  const near = suggestion(key, known);
  return near === '' && known.length > 0
    ? `is not a known field; known are ${known.join(', ')}`
    : `is not a known field${near}`;
}

type Node = z.core.JSONSchema.BaseSchema;
let schema: Node | undefined;

/** The fields that may stand at a place: read from the JSON Schema, so that no second list can go stale. */
function fieldsAt(path: FieldPath): readonly string[] {
  schema ??= z.toJSONSchema(weirServiceSchema);
  let nodes: readonly Node[] = alternatives(schema);
  for (const key of path) nodes = nodes.flatMap((node) => child(node, key)).flatMap(alternatives);
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))];
}

function alternatives(node: Node): readonly Node[] {
  const name = node.$ref?.split('/').at(-1);
  const shared = name === undefined ? undefined : schema?.$defs?.[name];
  if (shared !== undefined) return alternatives(shared);
  if (node.allOf !== undefined) return node.allOf.filter((n) => typeof n === 'object').flatMap(alternatives);
  return node.anyOf === undefined ? [node] : node.anyOf.filter((n) => typeof n === 'object').flatMap(alternatives);
}

function child(node: Node, key: string | number): readonly Node[] {
  const own = node.properties ?? {};
  const next = typeof key === 'number' ? node.items : Object.hasOwn(own, key) ? own[key] : node.additionalProperties;
  return typeof next === 'object' && !Array.isArray(next) ? [next] : [];
}
