import { isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from 'yaml';
import type { FieldPath, Position } from '../../model/located.ts';

/** Larger texts are not parsed a second time for a column: their problems name the line of the object. */
const maxLength = 1_048_576;

type Locate = (path: FieldPath) => Position | undefined;

/**
 * Where fields of a text stand. Nothing is parsed before the first question: only objects with problems pay for positions.
 * JSON is read as the YAML that it also is. `firstLine`: the line of the file that the text begins at.
 */
export function positionsIn(text: string, firstLine: number): Locate {
  let answer: Locate | undefined;
  return (path) => {
    answer ??= text.length > maxLength ? () => undefined : open(text, firstLine);
    return answer(path);
  };
}

function open(text: string, firstLine: number): Locate {
  const lines = new LineCounter();
  let root: ParsedNode | null;
  try {
    root = parseDocument(text, { lineCounter: lines, uniqueKeys: false, logLevel: 'silent' }).contents;
  } catch {
    return () => undefined;
  }
  return (path) => {
    const node = nearest(root, path);
    const start = node?.range?.[0];
    if (start === undefined) return undefined;
    const { line, col } = lines.linePos(start);
    return { line: line + firstLine - 1, column: col };
  };
}

/** The key of the field, the element of the list, or the nearest parent that exists. */
function nearest(root: Node | null, path: FieldPath): Node | null {
  let node = root;
  let found = root;
  for (const key of path) {
    if (isSeq(node) && typeof key === 'number') {
      const item = node.items[key];
      node = isNode(item) ? item : null;
      if (node !== null) found = node;
    } else if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined) return found;
      if (isNode(pair.key)) found = pair.key;
      node = isNode(pair.value) ? pair.value : null;
    } else return found;
  }
  return found;
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value);
}
