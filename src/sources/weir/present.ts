/** The object without its undefined fields: optional fields are absent in the model, never undefined. */
export type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

export function present<T extends object>(fields: T): Present<T> {
  const kept = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  // The one place where the reader's result is given its type: the filter above is what the type says.
  return kept as Present<T>;
}

export function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
