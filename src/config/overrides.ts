import { type ConfigOption, readText } from './options.ts';

/** A value that a flag or a variable puts over the file. */
export interface Override {
  readonly option: ConfigOption;
  readonly value: unknown;
  /** `--api-listen` or `WEIR_API_LISTEN`. */
  readonly origin: string;
}

/** What flags (by option key) and variables give; a flag wins over its variable. */
export function overrides(
  options: readonly ConfigOption[],
  flags: ReadonlyMap<string, unknown>,
  env: Readonly<Record<string, string | undefined>>,
): readonly Override[] {
  return options.flatMap((option) => {
    if (flags.has(option.key)) {
      const value = flags.get(option.key);
      const read = typeof value === 'string' ? readText(option, value) : value;
      return [{ option, value: read, origin: `--${option.flag}` }];
    }
    const text = env[option.variable];
    return text === undefined ? [] : [{ option, value: readText(option, text), origin: option.variable }];
  });
}

/** A copy of plain data with the value at a path; a parent that is no object stays, for the schema to refuse. */
export function setAt(data: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (data !== undefined && data !== null && (typeof data !== 'object' || Array.isArray(data))) return data;
  const fields: Record<string, unknown> = { ...data };
  fields[key] = setAt(fields[key], rest, value);
  return fields;
}
