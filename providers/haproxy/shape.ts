/** Reads a rendered haproxy.cfg back by HAProxy's own rules for words and quotes, and refuses it when it says more than the layout meant. */
import { atOnce, type Sliced, shown, WeirError } from '../../src/model/index.ts';
import { changedSpan } from '../../src/model/remade.ts';
import type { Layout, Section } from './layout.ts';
import { ownServer } from './names.ts';
import { type ShapeLine, splitLine } from './shape-words.ts';
import { headText, ownLines } from './text.ts';

export interface ShapeSection {
  readonly head: readonly string[];
  readonly lines: readonly ShapeLine[];
}

/** The sections of a file, or of what follows its first `before` lines, with the words of each line. Throws E_BUG where a line cannot be read. */
export function parseShape(text: string, before = 0): readonly ShapeSection[] {
  const sections: { head: readonly string[]; lines: ShapeLine[] }[] = [];
  text.split('\n').forEach((line, i) => {
    const at = before + i + 1;
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
    ...[
      'default-path',
      'localpeer',
      'maxconn',
      'hard-stop-after',
      'mworker-max-reloads',
      'stats',
      'ssl-default-bind-options',
    ],
    ...['ssl-default-bind-ciphers'],
    ...[
      'ssl-default-server-options',
      'tune.ssl.default-dh-param',
      'httpclient.ssl.verify',
      'nbthread',
      'user',
      'group',
      'log',
      'setenv',
      'spread-checks',
      ...['tune.bufsize', 'tune.maxrewrite', 'tune.http.maxhdr', 'tune.h2.max-concurrent-streams'],
      ...['tune.ssl.cachesize', 'tune.ssl.lifetime'],
    ],
  ]),
  defaults: new Set([
    ...['mode', 'timeout', 'retries', 'retry-on', 'option', 'log', 'log-format', 'http-reuse', 'compression'],
    // What spares are made from.
    ...['balance', 'hash-type', 'http-check', 'http-request', 'http-after-response', 'cookie', 'dynamic-cookie-key'],
  ]),
  userlist: new Set(['user']),
  peers: new Set(['peer']),
  frontend: new Set([
    'bind',
    'maxconn',
    'timeout',
    'http-request',
    'http-error',
    'error-log-format',
    'tcp-request',
    'use_backend',
    'default_backend',
    'stats',
    'monitor-uri',
    'http-after-response',
  ]),
  backend: new Set([
    ...['balance', 'hash-type', 'timeout', 'retries', 'option', 'http-check', 'http-request', 'http-response'],
    ...['http-after-response', 'server', 'cookie', 'dynamic-cookie-key', 'stick-table', 'tcp-request'],
  ]),
};

/**
 * Throws E_BUG unless the text has exactly the sections of the layout, each with as many lines, each line beginning with a keyword that
 * such a section may have, and each server line naming a server of the layout. `text` may have one more line in `global`: the socket.
 */
export function checkShape(text: string, layout: Layout): void {
  atOnce(new ShapeCheck().check(text, layout));
}

/** Checks one text after the other: what is letter by letter and section by section as in the one that passed last has passed. */
export class ShapeCheck {
  #text = '';
  #sections: readonly Section[] = [];
  /** Where each section ends in the text, and the lines until there. */
  #ends: readonly Place[] = [];

  /** As `checkShape`. */
  *check(text: string, { sections }: Pick<Layout, 'sections'>): Sliced<void> {
    const start = beginOf(text);
    const { from, beforeEnd, nowEnd } = changedSpan(this.#sections, sections);
    // The last section ends without an empty line: it is read wherever it stands now.
    const kept = Math.min(from, this.#sections.length - 1, sections.length - 1);
    const known = this.#ends[kept - 1];
    const same = known !== undefined && text.startsWith(this.#text.slice(0, known.at));
    const ends = same ? this.#ends.slice(0, kept) : [];
    const tail = this.#text.slice(this.#ends[beforeEnd - 1]?.at);
    for (const section of sections.slice(ends.length)) {
      const { at, lines } = ends.at(-1) ?? start;
      if (same && ends.length >= nowEnd && text.length - at === tail.length && text.endsWith(tail)) break;
      const part = checkPart(text, at, lines, section);
      ends.push({ at: at + part.text.length, lines: lines + part.lines });
      if (ends.length % 256 === 0) yield;
    }
    const gap = (ends.at(-1) ?? start).at - (this.#text.length - tail.length);
    const more = (ends.at(-1) ?? start).lines - (this.#ends[beforeEnd - 1]?.lines ?? 0);
    const rest = this.#ends.slice(beforeEnd, beforeEnd + sections.length - ends.length);
    for (const { at, lines } of rest) ends.push({ at: at + gap, lines: lines + more });
    const { at, lines } = ends.at(-1) ?? start;
    if (at !== text.length) refuse(lines + 1, text.slice(at, at + 80), `was to have ${sections.length} sections`);
    this.#text = text;
    this.#sections = sections;
    this.#ends = ends;
  }
}

interface Place {
  readonly at: number;
  readonly lines: number;
}

/** Where the sections begin. */
function beginOf(text: string): Place {
  const at = text.indexOf('\n\n') + 2;
  if (at < 2 || parseShape(text.slice(0, at)).length > 0) refuse(1, text.slice(0, 80), 'does not begin with a header');
  return { at, lines: 2 };
}

interface Part {
  readonly text: string;
  readonly lines: number;
}

// Texts of sections that were read back and found to say what their section says.
const passed = new WeakMap<Section, Part>();

/** Reads back what stands at a place of the file, up to the next empty line, unless it is letter by letter what passed before. */
function checkPart(text: string, at: number, before: number, section: Section): Part {
  const known = passed.get(section);
  if (known !== undefined && text.startsWith(known.text, at)) return known;
  const end = text.indexOf('\n\n', at);
  const part = text.slice(at, end < 0 ? text.length : end + 2);
  const [shape, ...more] = parseShape(part, before);
  if (shape === undefined) refuse(before + 1, part, `was to begin a section with ${JSON.stringify(section.head)}`);
  if (more.length > 0) refuse(before + 1, part, `has ${more.length + 1} sections where ${section.head} was to be`);
  checkSection(section, shape);
  // A copy: a slice would keep the whole text in memory for as long as the section lives.
  const made = { text: Buffer.from(part).toString(), lines: part.split('\n').length - 1 };
  // The last one ends without an empty line: elsewhere it would not end at all.
  if (end >= 0) passed.set(section, made);
  return made;
}

function checkSection(section: Section, shape: ShapeSection): void {
  const head = shape.head.join(' ');
  if (head !== headText(section)) refuse(0, head, `was to begin a section with ${JSON.stringify(headText(section))}`);
  const kind = shape.head[0] ?? '';
  const servers = section.servers?.size ?? 0;
  const wanted = ownLines(section).length + servers + (kind === 'global' ? 1 : 0);
  // How many users there are is in the secret alone.
  if (section.users === undefined && shape.lines.length !== wanted)
    refuse(0, head, `was to have ${wanted} lines in section ${head}`);
  const allowed = keywords[kind];
  for (const [first = '', name = ''] of shape.lines) {
    if (allowed?.has(first) !== true) refuse(0, first, `has a keyword that section ${head} never has`);
    const known = section.servers?.has(name) === true || (name === ownServer && head.startsWith('backend h_'));
    if (first === 'server' && !known) refuse(0, name, `names a server that ${head} has not`);
  }
}
