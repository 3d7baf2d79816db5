/**
 * Which requests the conditions of a rule take of those of another one, as far as their patterns tell: what is said is so, what is not said may be.
 * Conditions in their canonical form. Pure.
 */
import type { Json } from '../../src/model/index.ts';
import { type Cidr, contains, parseCidr } from '../../src/net/index.ts';
import { isObject } from './apply-codec.ts';

/** One condition: any of its values. */
interface Part {
  /** With the name of the header. */
  readonly field: string;
  readonly patterns: readonly string[];
  readonly regexes: readonly string[];
}

/** all: every request that `other` takes, `one` takes, too. part: some. */
export function takenOf(one: Json | undefined, other: Json | undefined): 'all' | 'part' | undefined {
  const [mine, theirs] = [partsOf(one), partsOf(other)];
  if (mine.every((part) => holdsAll(part) || theirs.some((his) => isCovered(his, part)))) return 'all';
  return mine.every((part) => theirs.every((his) => mayMeet(part, his))) ? 'part' : undefined;
}

function partsOf(conditions: Json | undefined): readonly Part[] {
  return (Array.isArray(conditions) ? conditions : []).map((condition): Part => {
    const { Field = '', ...configs } = recordOf(condition);
    const config = recordOf(Object.values(configs)[0]);
    const { HttpHeaderName = '' } = config;
    const plain = listOf(config.Values).map((value) => {
      if (typeof value === 'string') return value;
      const { Key = '*', Value = '*' } = recordOf(value);
      return `${String(Key)}=${String(Value)}`;
    });
    return {
      field: `${String(Field)} ${String(HttpHeaderName)}`,
      patterns: Field === 'path-pattern' ? plain : plain.map((value) => value.toLowerCase()),
      regexes: listOf(config.RegexValues).map(String),
    };
  });
}

/** Conditions that every request meets. */
function holdsAll({ field, patterns }: Part): boolean {
  const all = field === 'path-pattern ' ? ['*', '/*'] : field === 'host-header ' ? ['*'] : [];
  return patterns.some((pattern) => all.includes(pattern));
}

function isCovered(his: Part, { field, patterns, regexes }: Part): boolean {
  if (his.field !== field) return false;
  const one = field === 'source-ip ' ? coversRange : covers;
  return (
    his.patterns.every((value) => patterns.some((pattern) => one(pattern, value))) &&
    his.regexes.every((value) => regexes.includes(value))
  );
}

/** Headers and query parameters hold side by side; of everything else a request has one. */
function mayMeet({ field, patterns, regexes }: Part, his: Part): boolean {
  if (his.field !== field || /^(http-header|query-string) /.test(field)) return true;
  if (regexes.length + his.regexes.length > 0) return true;
  const one = field === 'source-ip ' ? rangesMeet : meets;
  return patterns.some((pattern) => his.patterns.some((value) => one(pattern, value)));
}

/** Whether every text that the second pattern takes the first one takes, too. */
function covers(pattern: string, other: string): boolean {
  return compare(signsOf(pattern), signsOf(other), false);
}

/** Whether some text is taken by both. */
function meets(pattern: string, other: string): boolean {
  return compare(signsOf(pattern), signsOf(other), true);
}

/** `*`, `?`, or a sign that stands for itself, with a backslash before it. */
function signsOf(pattern: string): readonly string[] {
  return (pattern.match(/\\.|[^\\]/gsu) ?? []).map((sign) => (/^([*?]|\\.)$/su.test(sign) ? sign : `\\${sign}`));
}

function compare(one: readonly string[], other: readonly string[], both: boolean): boolean {
  // By place in the second: whether the rest of both agrees, from their ends on.
  let after: readonly boolean[] = [];
  for (let i = one.length; i >= 0; i--) {
    const now: boolean[] = [];
    for (let j = other.length; j >= 0; j--) now[j] = agrees(one[i], other[j], after, now, j, both);
    after = now;
  }
  return after[0] === true;
}

function agrees(
  sign: string | undefined,
  other: string | undefined,
  after: readonly boolean[],
  now: readonly boolean[],
  j: number,
  both: boolean,
): boolean {
  if (sign === undefined && other === undefined) return true;
  const skips = sign === '*' && (after[j] === true || (other !== undefined && now[j + 1] === true));
  if (skips) return true;
  if (other === '*') return both && (now[j + 1] === true || (sign !== undefined && after[j] === true));
  if (sign === undefined || other === undefined || sign === '*') return false;
  return (sign === other || sign === '?' || (both && other === '?')) && after[j + 1] === true;
}

function coversRange(range: string, other: string): boolean {
  const [outer, inner] = [rangeOf(range), rangeOf(other)];
  return outer !== undefined && inner !== undefined && outer.prefix <= inner.prefix && contains(outer, first(inner));
}

function rangesMeet(range: string, other: string): boolean {
  return coversRange(range, other) || coversRange(other, range);
}

function rangeOf(text: string): Cidr | undefined {
  const parsed = parseCidr(text);
  return parsed.ok ? parsed.value : undefined;
}

function first({ text }: Cidr): string {
  return text.slice(0, text.lastIndexOf('/'));
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function recordOf(value: Json | undefined): Readonly<Record<string, Json>> {
  return isObject(value) ? value : {};
}
