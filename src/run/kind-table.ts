import type { KindSpec } from '../model/index.ts';

/** The kinds of one provider by name. */
export type KindTable = ReadonlyMap<string, KindSpec>;

export function kindTable(kinds: readonly KindSpec[]): KindTable {
  return new Map(kinds.map((spec) => [spec.kind, spec]));
}
