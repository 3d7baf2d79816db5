import type { ErrorCode } from '../../model/errors.ts';

const maxDepth = 100;
/** Nodes that aliases may add beyond one for each character of the text. */
const spareNodes = 100_000;

export interface Excess {
  readonly code: ErrorCode;
  readonly reason: string;
}

/**
 * Walks parsed data once and answers what makes it dangerous: nesting that would exhaust the stack, aliases that expand far beyond the
 * text (a tree without aliases has fewer nodes than characters), a key that would change an object's prototype.
 */
export function measure(value: unknown, textLength: number): Excess | undefined {
  let left = textLength + spareNodes;
  const walk = (node: unknown, depth: number): Excess | undefined => {
    if (--left < 0) return { code: 'E_FILE_ALIASES', reason: 'its aliases expand far beyond its size' };
    if (typeof node !== 'object' || node === null) return undefined;
    if (depth > maxDepth) return { code: 'E_FILE_SYNTAX', reason: `it is nested deeper than ${maxDepth} levels` };
    if (Object.hasOwn(node, '__proto__')) return { code: 'E_FILE_SYNTAX', reason: 'the key __proto__ is not allowed' };
    for (const inner of Object.values(node)) {
      const excess = walk(inner, depth + 1);
      if (excess !== undefined) return excess;
    }
    return undefined;
  };
  return walk(value, 1);
}
