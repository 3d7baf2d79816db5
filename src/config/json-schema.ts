import { type ZodType, z } from 'zod';

export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** JSON Schema draft-7 of what a user may write (input side); draft-7 is the newest that yaml-language-server accepts. */
export function toJsonSchema(schema: ZodType, title?: string): JsonSchema {
  // What JSON Schema cannot say (a check, a transformed value) is left open there: our own parser is the judge.
  const json = z.toJSONSchema(schema, { target: 'draft-7', io: 'input', unrepresentable: 'any' });
  return title === undefined ? json : { ...json, title };
}

/** The schema at a path of keys and indexes; undefined where it says nothing. */
export function schemaAt(root: JsonSchema, path: readonly PropertyKey[]): JsonSchema | undefined {
  let schema: JsonSchema | undefined = root;
  for (const key of path) {
    if (schema === undefined) return undefined;
    schema = typeof key === 'number' ? elementOf(schema) : propertyOf(schema, String(key));
  }
  return schema;
}

function propertyOf(schema: JsonSchema, key: string): JsonSchema | undefined {
  const fields = schema.properties ?? {};
  const own = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (typeof own === 'object') return own;
  for (const branch of schema.anyOf ?? schema.oneOf ?? []) {
    const found = typeof branch === 'object' ? propertyOf(branch, key) : undefined;
    if (found !== undefined) return found;
  }
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

function elementOf(schema: JsonSchema): JsonSchema | undefined {
  return typeof schema.items === 'object' && !Array.isArray(schema.items) ? schema.items : undefined;
}

/** Fields that an object may have there; what tells its form from others, and the form that has `key`, as `type is file`. */
export function fieldsFor(
  schema: JsonSchema | undefined,
  value: unknown,
  key: string,
): { readonly fields: readonly string[]; readonly is?: string; readonly has?: string | undefined } {
  const branches = [...(schema?.anyOf ?? []), ...(schema?.oneOf ?? [])].flatMap((branch) =>
    typeof branch === 'object' ? [branch] : [],
  );
  const mine = branches.find((branch) => {
    const own = constantsOf(branch);
    return own.length > 0 && own.every(([name, one]) => typeof value === 'object' && fieldOf(value, name) === one);
  });
  if (mine === undefined) return { fields: fieldsOf(schema) };
  const other = branches.find((branch) => branch !== mine && Object.hasOwn(branch.properties ?? {}, key));
  return { fields: fieldsOf(mine), is: formOf(mine), has: other === undefined ? undefined : formOf(other) };
}

function constantsOf({ properties = {} }: JsonSchema): readonly (readonly [string, unknown])[] {
  return Object.entries(properties).flatMap(([name, one]) =>
    typeof one === 'object' && one.const !== undefined ? [[name, one.const] as const] : [],
  );
}

function formOf(schema: JsonSchema): string {
  return constantsOf(schema)
    .map(([name, value]) => `${name} is ${String(value)}`)
    .join(', ');
}

function fieldOf(value: object | null, name: string): unknown {
  return value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

/** Names of the fields that an object may have there. */
function fieldsOf(schema: JsonSchema | undefined): readonly string[] {
  if (schema === undefined) return [];
  const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  const nested = branches.flatMap((branch) => (typeof branch === 'object' ? fieldsOf(branch) : []));
  return [...new Set([...Object.keys(schema.properties ?? {}), ...nested])];
}
