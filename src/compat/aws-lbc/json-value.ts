import type { ZodError, ZodType } from 'zod';
import { accept, isSafeText } from '../../net/index.ts';
import { type Value, wrong } from './value.ts';

/**
 * JSON of a shape. As the peer's Go reader has it, names of fields count whatever their case (`Type`, `type`), and fields that are not
 * known count for nothing. `names` are the fields of the shape on all levels.
 */
export function json<T>(schema: ZodType<T>, names: readonly string[], says: string): Value<T> {
  const known = new Map(names.map((name) => [name.toLowerCase(), name]));
  return {
    form: 'json',
    says: `JSON: ${says}`,
    parse: (text) => {
      let data: unknown;
      try {
        data = JSON.parse(text);
      } catch {
        return wrong(`must be JSON: ${says}`);
      }
      if (!isPlain(data, 0)) return wrong('must not contain control characters, or more than 12 levels');
      const parsed = schema.safeParse(spell(data, known));
      return parsed.success ? accept(parsed.data) : wrong(reasonOf(parsed.error, says));
    },
  };
}

/** Escapes in JSON can hide what the text itself must not contain. */
function isPlain(value: unknown, depth: number): boolean {
  if (depth > 12) return false;
  if (typeof value === 'string') return isSafeText(value.replace(/[\r\n\t]/g, ' '));
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(
    ([key, item]) => key !== '__proto__' && isSafeText(key) && isPlain(item, depth + 1),
  );
}

/** Objects whose keys are their owner's own. */
const free = new Set(['authenticationRequestExtraParams']);

function spell(value: unknown, known: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => spell(item, known));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
    const name = known.get(key.toLowerCase()) ?? key;
    // null is the same as absent.
    return item === null ? [] : [[name, free.has(name) ? item : spell(item, known)] as const];
  });
  return Object.fromEntries(entries);
}

/** The first thing that is wrong, with its place in the JSON. */
function reasonOf(error: ZodError, says: string): string {
  const [issue] = error.issues;
  if (issue === undefined) return `must be JSON: ${says}`;
  const place = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  const at = place === '' ? '' : `${place.replace(/^\./, '')}: `;
  return `must be JSON: ${says}; here ${at}${issue.message}`;
}
