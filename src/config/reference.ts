import { configSchema } from './config.ts';
import { type JsonSchema, toJsonSchema } from './json-schema.ts';
import { type ConfigOption, configOptions } from './options.ts';

/** The settings as Markdown, for the docs: options with their flags and variables, then the fields that stand in the file alone. */
export function renderReference(options: readonly ConfigOption[] = configOptions): string {
  const rows = options.map((option) =>
    row(
      option.key,
      `\`--${option.flag}\``,
      `\`${option.variable}\``,
      option.default,
      option.description,
      option.values,
    ),
  );
  const taken = new Set(options.map(({ key }) => key));
  const own = fieldRows(toJsonSchema(configSchema), '').filter(({ key }) => !taken.has(key));
  return table([...rows, ...own.map(({ text }) => text)]);
}

/** The fields of one schema, each with the key under which it stands in weir.yaml. */
export function renderFields(schema: JsonSchema, prefix: string): string {
  return table(fieldRows(schema, prefix).map(({ text }) => text));
}

function table(rows: readonly string[]): string {
  return ['| in weir.yaml | flag | variable | default | |', '|---|---|---|---|---|', ...rows, ''].join('\n');
}

interface FieldRow {
  readonly key: string;
  readonly text: string;
}

function fieldRows(schema: JsonSchema, prefix: string): readonly FieldRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (typeof field !== 'object') return [];
    const key = prefix === '' ? name : `${prefix}.${name}`;
    const items = typeof field.items === 'object' && !Array.isArray(field.items) ? field.items : undefined;
    const inner = items === undefined ? fieldRows(field, key) : itemRows(items, `${key}[]`);
    if (inner.length > 0) return inner;
    const standard = field.default === undefined ? undefined : written(field.default);
    const values = field.enum?.map((value) => String(value));
    const told = field.description ?? (field.const === undefined ? '' : `\`${String(field.const)}\`.`);
    return [{ key, text: row(key, '', '', standard, told, values) }];
  });
}

/** The fields of what a list holds; where there are several forms, of each, told apart by its `type`. */
function itemRows(items: JsonSchema, key: string): readonly FieldRow[] {
  const forms = items.oneOf ?? [];
  if (forms.length === 0) return items.properties === undefined ? [] : fieldRows(items, key);
  return forms.flatMap((form) => {
    if (typeof form !== 'object') return [];
    const type = form.properties?.type;
    const name = typeof type === 'object' ? String(type.const) : '';
    return fieldRows(form, name === '' ? key : `${key.slice(0, -2)}[${name}]`);
  });
}

function written(value: unknown): string {
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function row(
  key: string,
  flag: string,
  variable: string,
  standard: string | undefined,
  description: string,
  values: readonly string[] | undefined,
): string {
  const allowed = values === undefined ? '' : ` One of ${values.map((v) => `\`${v}\``).join(', ')}.`;
  const fallback = standard === undefined ? '' : `\`${standard}\``;
  const cells = [`\`${key}\``, flag, variable, fallback, `${description}${allowed}`.trim()];
  // A pipe inside a cell would end it.
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
