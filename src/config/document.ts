import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { FieldPath, Position, Problem } from '../model/index.ts';

/** A YAML or JSON text, parsed, with the place of everything in it. */
export interface ConfigDocument {
  /** As shown in messages. */
  readonly file: string;
  /** Plain data of unknown shape; undefined for an empty file. */
  readonly data: unknown;
  /** Place of the field's key, or of the nearest parent that exists. */
  keyAt(path: FieldPath): Position;
  /** Place of the field's value, or of the nearest parent that exists. */
  valueAt(path: FieldPath): Position;
  /** Place of the field's key; undefined where the file does not have the field. */
  keyIfPresent(path: FieldPath): Position | undefined;
  /** Syntax errors; `data` is then not to be used. */
  readonly problems: readonly Problem[];
}

/** Parses one document. Aliases are bounded, duplicate keys are errors. Never throws. */
export function readDocument(file: string, text: string): ConfigDocument {
  const lines = new LineCounter();
  // Messages without the parser's own excerpts: ours shows the line.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, version: '1.2' });
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems = document.errors.map((error): Problem => {
    const at = place(error.pos[0]);
    return problem(file, `not valid YAML: ${firstSentence(error.message)}`, at);
  });
  let data: unknown;
  if (problems.length === 0) {
    try {
      data = document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      problems.push(problem(file, `not usable YAML: ${error instanceof Error ? error.message : String(error)}`));
    }
  }
  const find = (path: FieldPath, side: 'key' | 'value'): { at: Position; whole: boolean } => {
    let node: unknown = document.contents;
    let offset = start(node) ?? 0;
    for (const [i, key] of path.entries()) {
      const child = step(node, key);
      if (child === undefined) return { at: place(offset), whole: false };
      const last = i === path.length - 1;
      offset = (last && side === 'key' ? child.key : child.value) ?? child.key ?? offset;
      node = child.node;
    }
    return { at: place(offset), whole: true };
  };
  return {
    file,
    data,
    problems,
    keyAt: (path) => find(path, 'key').at,
    valueAt: (path) => find(path, 'value').at,
    keyIfPresent: (path) => {
      const found = find(path, 'key');
      return found.whole ? found.at : undefined;
    },
  };
}

interface Child {
  readonly node: unknown;
  readonly key: number | undefined;
  readonly value: number | undefined;
}

/** The child of a node with the offsets at which its key and its value begin. */
function step(node: unknown, key: string | number): Child | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
    return pair === undefined ? undefined : { node: pair.value, key: start(pair.key), value: start(pair.value) };
  }
  if (!isSeq(node) || typeof key !== 'number') return undefined;
  const item = node.items[key];
  return item === undefined ? undefined : { node: item, key: start(item), value: start(item) };
}

function start(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function problem(file: string, message: string, at?: Position): Problem {
  return { code: 'E_CONFIG', severity: 'error', source: file, message, file, ...at };
}

function firstSentence(message: string): string {
  return message.split('\n')[0] ?? message;
}
