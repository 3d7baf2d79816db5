import { configSchema } from './config.ts';
import { type JsonSchema, toJsonSchema } from './json-schema.ts';

/** One scalar (or list of texts) of the configuration: how it is written in the file, as a flag and as a variable. */
export interface ConfigOption {
  readonly path: readonly string[];
  /** `api.listen` */
  readonly key: string;
  /** `api-listen`, without dashes in front. */
  readonly flag: string;
  /** `WEIR_API_LISTEN` */
  readonly variable: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'list';
  /** Allowed values, where they are few. */
  readonly values?: readonly string[];
  /** As a user would write it; absent: none. */
  readonly default?: string;
  readonly description: string;
}

/** Every option that fits a flag, derived from the one schema: nothing is listed twice, so nothing can part. */
export const configOptions: readonly ConfigOption[] = leaves(toJsonSchema(configSchema), []);

function leaves(schema: JsonSchema, path: readonly string[]): readonly ConfigOption[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    if (typeof child !== 'object') return [];
    const here = [...path, key];
    if (child.type === 'object' && child.properties !== undefined) return leaves(child, here);
    const kind = kindOf(child);
    return kind === undefined ? [] : [option(here, kind, child)];
  });
}

function kindOf(schema: JsonSchema): ConfigOption['kind'] | undefined {
  switch (schema.type) {
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array': {
      const items = schema.items;
      return typeof items === 'object' && !Array.isArray(items) && items.type === 'string' ? 'list' : undefined;
    }
    default:
      return undefined;
  }
}

function option(path: readonly string[], kind: ConfigOption['kind'], schema: JsonSchema): ConfigOption {
  const words = path.map((key) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
  const flag = words.join('-');
  return {
    path,
    key: path.join('.'),
    flag,
    variable: `WEIR_${flag.replaceAll('-', '_').toUpperCase()}`,
    kind,
    ...(schema.enum === undefined ? {} : { values: schema.enum.map((value) => String(value)) }),
    ...(schema.default === undefined ? {} : { default: writtenDefault(schema.default) }),
    description: schema.description ?? '',
  };
}

function writtenDefault(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** A text from a flag or variable as the value that the schema wants; what does not fit stays text and is refused by the schema. */
export function readText(option: ConfigOption, text: string): unknown {
  switch (option.kind) {
    case 'number':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'list':
      return text === '' ? [] : text.split(',').map((part) => part.trim());
    default:
      return text;
  }
}
