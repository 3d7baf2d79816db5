/** A list that mostly has one item, which then stands for it: where there are thousands of lists, most of them would be larger than what is in them. */
export type Few<T extends object> = T | readonly T[];

export function fewOf<T extends object>(list: readonly T[]): Few<T> {
  const [only] = list;
  return list.length === 1 && only !== undefined ? only : list;
}

/** As a list; `undefined` as an empty one. */
export function manyOf<T extends object>(few: Few<T> | undefined): readonly T[] {
  if (few === undefined) return [];
  return isList(few) ? few : [few];
}

function isList<T extends object>(few: Few<T>): few is readonly T[] {
  return Array.isArray(few);
}
