import type { LocatedObject } from '../../model/located.ts';
import { parseJson } from './parse-json.ts';
import { parseYaml } from './parse-yaml.ts';

/** Why a text is not used. */
export interface TextFault {
  readonly code: 'E_FILE_SYNTAX' | 'E_FILE_ALIASES';
  readonly reason: string;
  readonly line?: number;
  readonly column?: number;
}

/** What is read here as it stands, and otherwise by others: a clause that follows the file's name. */
export interface TextNotice {
  readonly reason: string;
  readonly line: number;
  readonly column: number;
}

/** The objects of one document, lines counted from its own first line; kept so that an unchanged document is not parsed again. */
export interface DocumentObjects {
  readonly firstLine: number;
  readonly firstNumber: number;
  readonly objects: readonly LocatedObject[];
  readonly notices?: readonly TextNotice[];
}

export interface ParsedText {
  readonly objects: readonly LocatedObject[];
  /** By text of the document. */
  readonly documents: ReadonlyMap<string, DocumentObjects>;
}

export type ParseResult = { readonly ok: true; readonly parsed: ParsedText } | ({ readonly ok: false } & TextFault);

/**
 * The objects of a file: YAML with any number of documents, or JSON; arrays and lists are taken apart. `before` is an earlier result of
 * the same file: documents that did not change give the same objects again.
 */
export function parseText(text: string, file: string, before?: ParsedText): ParseResult {
  const json = /^\s*[[{]/.test(text) ? parseJson(text, file) : undefined;
  if (json?.ok === true || (json !== undefined && file.toLowerCase().endsWith('.json'))) return json;
  return parseYaml(text, file, before);
}
