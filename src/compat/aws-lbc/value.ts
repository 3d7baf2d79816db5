import { accept, isSafeText, type Parsed, refuse } from '../../net/index.ts';

/** What an annotation may say. Texts are read as the peer reads them: Go's booleans, `a,b` lists, `k=v,k=v` maps, JSON. */
export interface Value<T> {
  readonly form: 'bool' | 'int' | 'text' | 'list' | 'map' | 'json';
  /** For people: what may stand there. */
  readonly says: string;
  readonly parse: (text: string) => Parsed<T>;
}

/** A clause after the field's name, e.g. `must be true or false`. */
export function wrong(reason: string): Parsed<never> {
  return refuse('E_ANNOTATION_VALUE', reason);
}

const maxLength = 16_384;
const maxItems = 512;
const truths = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const untruths = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** Reads any value: bounded, no control characters. Line breaks and tabs count as spaces (YAML folds long JSON). */
export function parseValue<T>(value: Value<T>, written: unknown): Parsed<T> {
  if (typeof written !== 'string') return wrong('must be a text; put it in quotes');
  if (written.length > maxLength) return wrong(`must have at most ${maxLength} characters`);
  const text = written.replace(/[\r\n\t]+/g, ' ').trim();
  if (!isSafeText(text)) return refuse('E_TEXT_UNSAFE', 'must not contain control or invisible characters');
  const parsed = value.parse(text);
  return parsed.ok ? parsed : wrong(parsed.reason);
}

export const bool: Value<boolean> = {
  form: 'bool',
  says: 'true or false',
  parse: (text) =>
    truths.has(text) ? accept(true) : untruths.has(text) ? accept(false) : wrong('must be "true" or "false"'),
};

export function int(min: number, max: number): Value<number> {
  const says = `whole number from ${min} to ${max}`;
  return {
    form: 'int',
    says,
    parse: (text) => {
      const number = /^[+-]?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
      return number >= min && number <= max ? accept(number) : wrong(`must be a ${says}`);
    },
  };
}

export function choice<const T extends string>(...allowed: readonly T[]): Value<T> {
  const says = allowed.join(', ');
  return {
    form: 'text',
    says,
    parse: (text) => {
      const found = allowed.find((candidate) => candidate === text);
      return found === undefined ? wrong(`must be one of ${says}`) : accept(found);
    },
  };
}

export function text(pattern: RegExp, says: string): Value<string> {
  return { form: 'text', says, parse: (value) => (pattern.test(value) ? accept(value) : wrong(`must be ${says}`)) };
}

/** `a, b`: empty parts do not count, doubles are dropped. At least one value. */
export function list<T>(of: Value<T>): Value<readonly T[]> {
  return {
    form: 'list',
    says: `comma separated: ${of.says}`,
    parse: (value) => {
      const parts = value.split(',').map((part) => part.trim());
      const items = new Set<T>();
      for (const part of parts.filter((part) => part !== '')) {
        const parsed = of.parse(part);
        if (!parsed.ok) return wrong(`must be a comma separated list; each value ${parsed.reason}`);
        items.add(parsed.value);
      }
      if (items.size === 0) return wrong(`must have at least one value: ${of.says}`);
      return items.size > maxItems ? wrong(`must have at most ${maxItems} values`) : accept([...items]);
    },
  };
}

/** `key=value, key=value`; a value may be empty and may contain `=`. */
export function map(key: Value<string>, value: Value<string>): Value<Readonly<Record<string, string>>> {
  return {
    form: 'map',
    says: `key=value pairs, comma separated; key: ${key.says}; value: ${value.says}`,
    parse: (written) => {
      const entries = new Map<string, string>();
      for (const part of written.split(',').map((piece) => piece.trim())) {
        if (part === '') continue;
        const at = part.indexOf('=');
        if (at <= 0) return wrong('must be key=value pairs, comma separated');
        const [left, right] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
        const name = key.parse(left);
        if (!name.ok) return wrong(`must be key=value pairs; each key ${name.reason}`);
        if (left === '__proto__') return wrong('must be key=value pairs; no key can be __proto__');
        const content = value.parse(right);
        if (!content.ok) return wrong(`must be key=value pairs; each value ${content.reason}`);
        if (entries.has(left)) return wrong(`must name each key once, and names ${left} twice`);
        entries.set(left, content.value);
      }
      if (entries.size === 0) return wrong('must be key=value pairs, comma separated');
      return entries.size > maxItems
        ? wrong(`must have at most ${maxItems} pairs`)
        : accept(Object.fromEntries(entries));
    },
  };
}
