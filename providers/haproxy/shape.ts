/** Reads a rendered haproxy.cfg back by HAProxy's own rules for words and quotes, and refuses it when it says more than the layout meant. */
import { shown, WeirError } from '../../src/model/index.ts';
import type { Layout, Section } from './layout.ts';
import { type ShapeLine, splitLine } from './shape-words.ts';

export interface ShapeSection {
  readonly head: readonly string[];
  readonly lines: readonly ShapeLine[];
}

/** The sections of a file with the words of each line. Throws E_BUG where a line cannot be read. */
export function parseShape(text: string): readonly ShapeSection[] {
  const sections: { head: readonly string[]; lines: ShapeLine[] }[] = [];
  text.split('\n').forEach((line, i) => {
    const at = i + 1;
    if (/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/.test(line)) refuse(at, line, 'holds a control character');
    if (line.startsWith('#')) {
      if (at !== 1) refuse(at, line, 'is a comment');
      return;
    }
    const words = splitLine(line);
    if (words === undefined) refuse(at, line, 'has quotes, escapes or signs that are never written');
    const [first] = words;
    if (first === undefined) return;
    if (!line.startsWith(' ')) sections.push({ head: words, lines: [] });
    else if (sections.at(-1) === undefined) refuse(at, line, 'stands before the first section');
    else sections.at(-1)?.lines.push(words);
  });
  return sections;
}

function refuse(line: number, text: string, why: string): never {
  throw new WeirError('E_BUG', `line ${line} of the rendered haproxy.cfg ${why}, so it is not applied: ${shown(text)}`);
}

/** First words that each kind of section may have. Anything else cannot come from our builders. */
const keywords: Readonly<Record<string, ReadonlySet<string>>> = {
  global: new Set([
    ...['default-path', 'maxconn', 'hard-stop-after', 'stats', 'ssl-default-bind-options', 'ssl-default-bind-ciphers'],
    ...['ssl-default-server-options', 'tune.ssl.default-dh-param', 'nbthread', 'user', 'group', 'log', 'setenv'],
  ]),
  defaults: new Set(['mode', 'timeout', 'retries', 'retry-on', 'option', 'log']),
  frontend: new Set(['bind', 'maxconn', 'timeout', 'http-request', 'tcp-request', 'use_backend', 'default_backend']),
  backend: new Set([
    ...['balance', 'hash-type', 'timeout', 'retries', 'option', 'http-check', 'http-request', 'http-response'],
    ...['http-after-response', 'server'],
  ]),
};

/**
 * Throws E_BUG unless the text has exactly the sections of the layout, each with as many lines, each line beginning with a keyword that
 * such a section may have, and each server line naming a server of the layout. `text` may have one more line in `global`: the socket.
 */
export function checkShape(text: string, layout: Layout): void {
  const found = parseShape(text);
  if (found.length !== layout.sections.length) {
    refuse(0, `${found.length} sections`, `was to have ${layout.sections.length} sections`);
  }
  layout.sections.forEach((section, i) => {
    const shape = found[i];
    if (shape !== undefined) checkSection(section, shape);
  });
}

function checkSection(section: Section, shape: ShapeSection): void {
  const head = shape.head.join(' ');
  if (head !== section.head) refuse(0, head, `was to begin a section with ${JSON.stringify(section.head)}`);
  const kind = shape.head[0] ?? '';
  const servers = section.servers?.size ?? 0;
  const wanted = section.lines.length + servers + (kind === 'global' ? 1 : 0);
  if (shape.lines.length !== wanted) refuse(0, head, `was to have ${wanted} lines in section ${head}`);
  const allowed = keywords[kind];
  for (const [first = '', name = ''] of shape.lines) {
    if (allowed?.has(first) !== true) refuse(0, first, `has a keyword that section ${head} never has`);
    if (first === 'server' && section.servers?.has(name) !== true)
      refuse(0, name, `names a server that ${head} has not`);
  }
}
