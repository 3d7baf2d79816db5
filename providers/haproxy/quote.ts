/**
 * One function for each place where text of others enters a file or a command. Each refuses what it cannot carry by throwing E_BUG:
 * the model has judged every value before, so a throw here means a gap in the model, and the file is not written.
 */
import { WeirError } from '../../src/model/index.ts';
import { isSafeText } from '../../src/net/index.ts';

function refuse(where: string, text: string): never {
  throw new WeirError('E_BUG', `a text that cannot stand in ${where} reached the renderer: ${JSON.stringify(text)}`);
}

/** A word of plain characters: names, paths of ours, numbers, keywords. */
export function word(text: string): string {
  return /^[A-Za-z0-9_.:/@+,=*[\]|-]+$/.test(text) ? text : refuse('a plain word of haproxy.cfg', text);
}

/** Any safe text as one literal word: single quotes, in which HAProxy knows no escape, and `'` itself outside of them. */
export function literal(text: string): string {
  // HAProxy takes an empty word for the end of the line.
  if (text === '' || !isSafeText(text)) refuse('haproxy.cfg', text);
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Text that must not be read as a log-format: every `%` doubled. An empty word would count as none, so it is written as an empty sample. */
export function formatLiteral(text: string): string {
  return text === '' ? '%[str()]' : literal(text.replaceAll('%', '%%'));
}

/** Any text, line breaks included, as one word: every byte that is not a letter or digit as `\xHH`. NUL cannot be carried. */
export function bytes(text: string): string {
  if (text.includes('\0') || !text.isWellFormed()) refuse('haproxy.cfg', text);
  let out = '';
  for (const byte of new TextEncoder().encode(text)) {
    const char = String.fromCharCode(byte);
    out += /[A-Za-z0-9]/.test(char) ? char : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return out;
}

/** The value of an ACL with an exact match. `}` would end the condition even when quoted, and an empty one would end the line. */
export function aclEquals(text: string): string {
  if (text === '') return '-m len -- 0';
  if (text === '}') return "-m reg -- '^}$'";
  return `-m str -- ${literal(text)}`;
}

/** A regular expression as the value of an ACL. */
export function aclRegex(pattern: string, anyCase = false): string {
  if (pattern === '') refuse('a condition of haproxy.cfg', pattern);
  return `${anyCase ? '-i ' : ''}-m reg -- ${literal(pattern === '}' ? '[}]' : pattern)}`;
}

/** The name of a header or query parameter as the argument of a fetch, where quotes, commas and parentheses have meanings of their own. */
export function fetchName(text: string): string {
  return isFetchName(text) ? text : refuse('the argument of a fetch', text);
}

export function isFetchName(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,128}$/.test(text);
}

/** A key of a map file or of `add map`: no space (it ends the key), no comment sign first. */
export function mapKey(text: string): string {
  return /^[!-~]+$/.test(text) && !text.startsWith('#') ? text : refuse('a map', text);
}

/** A value of a map: names and numbers of ours only. */
export function mapValue(text: string): string {
  return /^[A-Za-z0-9_|-]+$/.test(text) ? text : refuse('a map', text);
}

/** A regular expression as the key of a map: spaces written as an escape. */
export function mapRegex(pattern: string): string {
  return mapKey(pattern.replaceAll(' ', '\\x20'));
}

/** The characters of a text for themselves within a regular expression. */
export function regexLiteral(text: string): string {
  return text.replace(/[^A-Za-z0-9/_-]/g, (char) => `\\${char}`);
}

/** A host name or `*.name` as an SNI filter of a crt-list. */
export function sniFilter(text: string): string {
  return /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(text) ? text : refuse('a crt-list', text);
}
