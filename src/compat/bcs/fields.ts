/** Objects written by Go programs: names in any case, null for empty. Nothing here is trusted. */

/** The fields of an object by lower-case name. */
export type Fields = ReadonlyMap<string, unknown>;

export function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), inner]));
}

/** The name that a field is written with in the object, for messages. */
export function writtenName(value: unknown, name: string): string {
  if (typeof value !== 'object' || value === null) return name;
  return Object.keys(value).find((key) => key.toLowerCase() === name.toLowerCase()) ?? name;
}

/** A list; null, absent and anything else is the empty one. */
export function listAt(fields: Fields | undefined, name: string): readonly unknown[] {
  const value = fields?.get(name.toLowerCase());
  return Array.isArray(value) ? value : [];
}

/** A text; absent and null are empty. */
export function textAt(fields: Fields | undefined, name: string): string {
  const value = fields?.get(name.toLowerCase());
  return typeof value === 'string' ? value : '';
}

/** A map of texts, names as written; other values are left out. */
export function textsAt(fields: Fields | undefined, name: string): ReadonlyMap<string, string> {
  const value = fields?.get(name.toLowerCase());
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map();
  return new Map(
    Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text] as const] : [])),
  );
}
