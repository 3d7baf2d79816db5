import { isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseAllDocuments } from 'yaml';
import type { LocatedObject } from '../../model/located.ts';
import { shown } from '../../model/problem.ts';
import { measure } from './measure.ts';
import type { DocumentObjects, ParsedText, ParseResult, TextFault, TextNotice } from './parse-text.ts';
import { positionsIn } from './position.ts';
import { takeApart } from './take-apart.ts';

interface Chunk {
  readonly text: string;
  readonly firstLine: number;
}

/** YAML 1.2 with any number of documents. One bad document makes the file invalid: half of a file is never used. */
export function parseYaml(text: string, file: string, before?: ParsedText): ParseResult {
  const documents = new Map<string, DocumentObjects>();
  const objects: LocatedObject[] = [];
  for (const chunk of splitDocuments(text)) {
    const firstNumber = objects.length + 1;
    const known = before?.documents.get(chunk.text);
    // The same text at the same place gives the same objects, so that everything made of them stays the same too.
    const same = known?.firstLine === chunk.firstLine && known.firstNumber === firstNumber;
    const result = same ? known : parseChunk(chunk, file, firstNumber);
    if ('code' in result) return { ok: false, ...result };
    documents.set(chunk.text, result);
    objects.push(...result.objects);
  }
  return { ok: true, parsed: { objects, documents } };
}

/**
 * Cuts at document markers. `---` at the beginning of a line is a marker wherever it stands, in scalars too (YAML 1.2, 9.1.2), so this
 * needs no parse. Files with directives or `...` markers are left whole.
 */
function splitDocuments(text: string): readonly Chunk[] {
  if (/^(?:%|\.\.\.(?:\s|$))/m.test(text)) return [{ text, firstLine: 1 }];
  const chunks: Chunk[] = [];
  let firstLine = 1;
  for (const part of text.split(/^(?=---(?:[ \t\r\n]|$))/m)) {
    chunks.push({ text: part, firstLine });
    firstLine += part.split('\n').length - 1;
  }
  return chunks;
}

function parseChunk(chunk: Chunk, file: string, firstNumber: number): DocumentObjects | TextFault {
  const { text, firstLine } = chunk;
  const counter = new LineCounter();
  const place = (offset: number): { readonly line: number; readonly column: number } => {
    const { line, col } = counter.linePos(offset);
    return { line: line + firstLine - 1, column: col };
  };
  const objects: LocatedObject[] = [];
  const notices: TextNotice[] = [];
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter: counter,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'silent',
    });
    for (const document of Array.isArray(parsed) ? parsed : []) {
      const [error] = document.errors;
      if (error !== undefined) {
        return {
          code: 'E_FILE_SYNTAX',
          reason: `it is not valid YAML: ${shown(error.message)}`,
          ...place(error.pos[0]),
        };
      }
      const twice = duplicateKey(document.contents);
      if (twice !== undefined) {
        return {
          code: 'E_FILE_SYNTAX',
          reason: `the key ${shown(String(twice.key))} stands there twice`,
          ...place(twice.offset),
        };
      }
      const loose = looseAlias(document.contents);
      if (loose !== undefined) {
        const reason =
          'a text that begins with * is an alias, and this one is of nothing; write it in quotes, as in "*.shop.test"';
        return { code: 'E_FILE_SYNTAX', reason, ...place(loose) };
      }
      const value: unknown = document.toJS({ maxAliasCount: 10_000 });
      const excess = measure(value, text.length);
      if (excess !== undefined)
        return { code: excess.code === 'E_FILE_ALIASES' ? excess.code : 'E_FILE_SYNTAX', reason: excess.reason };
      for (const { word, means, offset } of oldBooleans(document.contents)) {
        const reason = `${word} without quotes is ${means} for kubectl`;
        notices.push({ reason: `${reason}; write "${word}" if a text is meant, else ${means}`, ...place(offset) });
      }
      const { line } = place(document.contents?.range[0] ?? 0);
      const position = parsed.length === 1 ? { position: positionsIn(text, firstLine) } : {};
      const at = { file, document: firstNumber + objects.length, line, ...position };
      objects.push(
        ...takeApart(
          value,
          at,
          itemLines(document.contents, (offset) => place(offset).line),
        ),
      );
    }
  } catch (error) {
    // The parser throws for alias bombs (ReferenceError) and runs out of stack on deep nesting (RangeError).
    const deep = error instanceof RangeError;
    return deep
      ? { code: 'E_FILE_SYNTAX', reason: 'it is nested too deep', line: firstLine }
      : { code: 'E_FILE_ALIASES', reason: 'its aliases expand far beyond its size', line: firstLine };
  }
  return { firstLine, firstNumber, objects, ...(notices.length === 0 ? {} : { notices }) };
}

const oldTrue = /^(?:y|Y|yes|Yes|YES|on|On|ON)$/;
const oldFalse = /^(?:n|N|no|No|NO|off|Off|OFF)$/;

/** Values in a manifest of Kubernetes that YAML 1.1, which its tools read, takes for true or false. */
function oldBooleans(root: ParsedNode | null) {
  const found: { readonly word: string; readonly means: boolean; readonly offset: number }[] = [];
  if (!isMap(root) || !root.has('apiVersion') || !root.has('kind')) return found;
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const node = waiting.pop();
    if (isSeq(node)) waiting.push(...node.items);
    else if (isMap(node)) waiting.push(...node.items.map(({ value }) => value));
    else if (isScalar(node) && node.type === 'PLAIN' && node.tag === undefined && typeof node.value === 'string') {
      const means = oldTrue.test(node.value);
      if (means || oldFalse.test(node.value)) found.push({ word: node.value, means, offset: node.range?.[0] ?? 0 });
    }
  }
  return found;
}

/** The lines of the elements of the list that `takeApart` would take apart first. */
function itemLines(root: ParsedNode | null, lineOf: (offset: number) => number): readonly number[] {
  const list = isMap(root) ? root.items.map((pair) => pair.value).find((value) => isSeq(value)) : root;
  if (!isSeq(list)) return [];
  return list.items.map((item) => lineOf(isScalar(item) || isMap(item) || isSeq(item) ? (item.range?.[0] ?? 0) : 0));
}

/** Where an alias stands that no anchor before it explains: mostly a wildcard host that somebody did not quote. */
function looseAlias(root: ParsedNode | null): number | undefined {
  const anchors = new Set<string>();
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const node = waiting.pop();
    if (isAlias(node)) {
      if (!anchors.has(node.source)) return node.range?.[0] ?? 0;
    } else if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor !== undefined) anchors.add(node.anchor);
      // Last in, first out: the order of the text, so that an anchor counts only for what comes after it.
      if (isSeq(node)) waiting.push(...node.items.toReversed());
      if (isMap(node)) waiting.push(...node.items.flatMap(({ key, value }) => [key, value]).toReversed());
    }
  }
  return undefined;
}

/** A key written twice in one mapping. The parser's own check compares every pair of keys, which a large file turns against us. */
function duplicateKey(root: ParsedNode | null): { readonly key: unknown; readonly offset: number } | undefined {
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const node = waiting.pop();
    if (isSeq(node)) waiting.push(...node.items);
    if (!isMap(node)) continue;
    const keys = new Set<unknown>();
    for (const { key, value } of node.items) {
      if (isScalar(key)) {
        const text = String(key.value);
        if (keys.has(text)) return { key: text, offset: key.range?.[0] ?? 0 };
        keys.add(text);
      }
      waiting.push(value);
    }
  }
  return undefined;
}
