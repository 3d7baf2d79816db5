import type { Json } from '../../model/index.ts';
import { accept, isSafeText, type Parsed, parseHeaderName, parseHeaderValue, refuse } from '../../net/index.ts';

/** Parsers of annotation values: each takes the text and answers a typed value. */
export type TextParser<T> = (text: string) => Parsed<T>;

const maxItems = 256;

/** `true` or `false` as text, as annotations must have it. */
export function parseSwitch(text: string): Parsed<boolean> {
  return text === 'true' || text === 'false'
    ? accept(text === 'true')
    : refuse('E_ANNOTATION_VALUE', 'must be "true" or "false"');
}

/** A comma separated list of at least one value; spaces around the commas do not count, doubles are dropped. */
export function listOf<T>(parse: TextParser<T>): TextParser<readonly T[]> {
  return (text) => {
    const parts = text.split(',').map((part) => part.trim());
    if (parts.length > maxItems) return refuse('E_ANNOTATION_VALUE', `must have at most ${maxItems} values`);
    const values = new Set<T>();
    for (const part of parts) {
      const parsed = parse(part);
      if (!parsed.ok) return refuse(parsed.code, `must be a comma separated list; each value ${parsed.reason}`);
      values.add(parsed.value);
    }
    return accept([...values]);
  };
}

export function wholeNumber(min: number, max: number): TextParser<number> {
  return (text) => {
    const value = /^-?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max
      ? accept(value)
      : refuse('E_ANNOTATION_VALUE', `must be a whole number from ${min} to ${max}`);
  };
}

export function choiceOf<T extends string>(...allowed: readonly T[]): TextParser<T> {
  return (text) => {
    const found = allowed.find((candidate) => candidate === text);
    return found === undefined ? refuse('E_ANNOTATION_VALUE', `must be one of ${allowed.join(', ')}`) : accept(found);
  };
}

/** A decimal number. */
export function decimal(parse: (value: number) => Parsed<number>): TextParser<number> {
  return (text) => parse(/^\d{1,9}(?:\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN);
}

/** Headers, one a line: `Name: value`. */
export function parseHeaders(text: string): Parsed<readonly (readonly [name: string, value: string])[]> {
  const lines = text.split('\n').map((line) => line.trim());
  const headers: (readonly [string, string])[] = [];
  for (const line of lines.filter((one) => one !== '')) {
    const at = line.indexOf(':');
    const [name, value] = [
      parseHeaderName(line.slice(0, Math.max(0, at))),
      parseHeaderValue(line.slice(at + 1).trim()),
    ];
    if (!name.ok) return refuse(name.code, `must have Name: value in each line; the name ${name.reason}`);
    if (!value.ok) return refuse(value.code, `must have Name: value in each line; the value ${value.reason}`);
    headers.push([name.value, value.value]);
  }
  if (headers.length > maxItems) return refuse('E_ANNOTATION_VALUE', `must have at most ${maxItems} lines`);
  return accept(headers);
}

/** Two values with a space between; only the first may have spaces itself. */
export function pairOf<A, B>(first: TextParser<A>, second: TextParser<B>): TextParser<readonly [A, B]> {
  return (text) => {
    const at = text.lastIndexOf(' ');
    if (at < 0) return refuse('E_ANNOTATION_VALUE', 'must be two values with a space between');
    const [a, b] = [first(text.slice(0, at).trim()), second(text.slice(at + 1))];
    if (!a.ok) return refuse(a.code, `must be two values with a space between; the first ${a.reason}`);
    if (!b.ok) return refuse(b.code, `must be two values with a space between; the second ${b.reason}`);
    return accept([a.value, b.value]);
  };
}

/** `200-299` or `404`. */
export function parseStatusRange(text: string): Parsed<{ readonly from: number; readonly to: number }> {
  const match = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  return from <= to
    ? accept({ from, to })
    : refuse('E_ANNOTATION_VALUE', 'must be a status code or range such as 200-299');
}

/** A JSON object whose texts and keys are all safe, at most 16 levels deep. */
export function parseSettings(text: string): Parsed<Json> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('E_ANNOTATION_VALUE', 'must be a JSON object');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('E_ANNOTATION_VALUE', 'must be a JSON object');
  const json = safeJson(value, 0);
  return json === undefined
    ? refuse('E_TEXT_UNSAFE', 'must not contain control or invisible characters, or more than 16 levels')
    : accept(json);
}

function safeJson(value: unknown, depth: number): Json | undefined {
  if (depth > 16) return undefined;
  if (typeof value === 'string') return isSafeText(value) ? value : undefined;
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => safeJson(item, depth + 1));
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  if (typeof value !== 'object') return undefined;
  const entries: [string, Json][] = [];
  for (const [key, entry] of Object.entries(value)) {
    const item = safeJson(entry, depth + 1);
    if (item === undefined || !isSafeText(key) || key === '__proto__') return undefined;
    entries.push([key, item]);
  }
  return Object.fromEntries(entries);
}
