/** Targets that are lenient about paths, as functions; and spellings of a path that such targets may take for it. */

/** A number from 0 to below `below`. */
export type Dice = (below: number) => number;

type Step = (path: string) => string;

/** What is no escape stays. Bytes, not characters. */
const decode: Step = (path) =>
  path.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
const strip: Step = (path) => path.replace(/;[^/]*/g, '');
const stripToEither: Step = (path) => path.replace(/;[^/\\]*/g, '');
const turn: Step = (path) => path.replaceAll('\\', '/');
const mergeSlashes: Step = (path) => path.replace(/\/+/g, '/');
const fold: Step = (path) => path.toLowerCase();
const resolve: Step = (path) => {
  const out: string[] = [];
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') out.pop();
    else if (segment !== '.') out.push(segment);
  }
  return `/${out.join('/')}`;
};

/** What a target may do with a path or not, one after the other: some do it to the raw path, some to the decoded one. */
const stages: readonly (readonly Step[])[] = [
  [strip, stripToEither],
  [decode],
  [strip, stripToEither],
  [decode],
  [strip, stripToEither],
  [turn],
  [mergeSlashes],
  [resolve],
  [fold],
];

/** Everything that some target may take a path for. */
export function readings(path: string): ReadonlySet<string> {
  let texts = new Set([path]);
  for (const steps of stages) {
    const next = new Set(texts);
    for (const text of texts) for (const step of steps) next.add(step(text));
    texts = next;
  }
  return texts;
}

const escaped = (char: string): string => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`;

/** Parameters, whole segments of them, and what hides in them. */
const inserted = [';', ';x', ';a=b', ';%2fx', ';x%2F..', '%3b', '%3Bx', '%253b', ';\\x', ';%5c', ';a/;b', '/', '//'];
const before = [
  '/',
  '/;',
  '/;x',
  '/;/',
  '/;a=b/',
  '/.',
  '/x/..',
  '/x/..;',
  '/x/%2e%2e',
  '\\',
  '/%2f',
  '/%3b',
  '/;%2fx',
];

/** The same path written otherwise, in 1 to 4 ways at once. */
export function spell(path: string, dice: Dice): string {
  const pick = <T>(list: readonly T[], standard: T): T => list[dice(list.length)] ?? standard;
  let text = path;
  for (let left = 1 + dice(4); left > 0; left--) {
    const at = 1 + dice(text.length - 1);
    const [head, char, tail] = [text.slice(0, at), text.charAt(at), text.slice(at + 1)];
    const slashes = [...text.matchAll(/\//g)].map(({ index }) => index);
    const slash = pick(slashes, 0);
    const end = pick([...slashes.slice(1), text.length], text.length);
    const changed = [
      () => head + escaped(char) + tail,
      () => head + escaped('%') + escaped(char).slice(1) + tail,
      () => head + [...escaped(char)].map((one, i) => (i > 0 ? escaped(one) : one)).join('') + tail,
      () => head + (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase()) + tail,
      () => text.slice(0, end) + pick(inserted, ';') + text.slice(end),
      () => text.slice(0, end) + pick(inserted, ';') + text.slice(end),
      () => text.slice(0, slash) + pick(before, '/') + text.slice(slash),
      () => text.slice(0, slash) + pick(before, '/') + text.slice(slash),
      () => (slash > 0 ? `${text.slice(0, slash)}\\${text.slice(slash + 1)}` : text),
    ];
    text = pick(changed, () => text)();
  }
  return text.startsWith('/') ? text : `/${text}`;
}
