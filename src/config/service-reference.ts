import type { JsonSchema } from './json-schema.ts';

type Node = JsonSchema | boolean | undefined;

/** The form of service files as Markdown: a table for the service, then one for each part that several fields are made of. */
export function renderServices(schema: JsonSchema): string {
  const parts = schema.definitions ?? {};
  const sections = Object.entries(parts).flatMap(([name, part]) => {
    if (typeof part !== 'object') return [];
    const forms = branches(part).filter((form) => form.properties === undefined);
    const short = forms.map((form) => `- ${typeText(form)}${form.description ? `: ${form.description}` : ''}`);
    const told = [part.description ?? '', short.length === 0 ? '' : `Also written as\n${short.join('\n')}`];
    const table = rowsOf(part, '');
    const rows =
      table.length === 0 ? [] : [['| field | type | default | meaning |', '|---|---|---|---|', ...table].join('\n')];
    return [[`## ${name}`, ...told.filter((text) => text !== ''), ...rows].join('\n\n')];
  });
  return `${sections.join('\n\n')}\n`;
}

/** The fields of a part; those of a mapping that stands only there follow it with its name in front. */
function rowsOf(schema: JsonSchema, prefix: string): readonly string[] {
  const forms = branches(schema);
  // Of several mappings each needs its own fields, so none of them is needed.
  const single = forms.filter(({ properties }) => properties !== undefined).length === 1;
  return forms.flatMap((form) =>
    Object.entries(form.properties ?? {}).flatMap(([name, field]) => {
      if (typeof field !== 'object') return [];
      const path = `${prefix}${name}`;
      const needed = single && form.required?.includes(name) === true;
      return [row(path, field, needed), ...inside(field, path)];
    }),
  );
}

function inside(field: JsonSchema, path: string): readonly string[] {
  const forms = branches(field).filter(({ $ref }) => $ref === undefined);
  const items = forms.flatMap(({ items: item }) => (typeof item === 'object' && !Array.isArray(item) ? [item] : []));
  // Of a mapping of names: what stands under each.
  const named = forms.flatMap(({ additionalProperties: each }) => (typeof each === 'object' ? [each] : []));
  return [
    ...rowsOf({ anyOf: forms }, `${path}.`),
    ...items.flatMap((item) => inside(item, `${path}[]`)),
    ...named.flatMap((each) => inside(each, `${path}.NAME`)),
  ];
}

function row(path: string, field: JsonSchema, needed: boolean): string {
  const forms = branches(field);
  const own = forms.length > 1 ? forms.flatMap((form) => form.description ?? []) : [];
  const words = [...new Set([field.description ?? '', ...own])].filter((text) => text !== '').join(' ');
  const standard = /(?:^|[;,.] )[Dd]efault:? ([^;.]+(?:\.\w[^;.]*)*)/.exec(words)?.[1] ?? (needed ? '(required)' : '');
  const cells = [`\`${path}\``, typeText(field), standard, words];
  // A pipe inside a cell would end it.
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** What may be written at a place: the members of unions, wrappers taken off. */
function branches(schema: Node): readonly JsonSchema[] {
  if (typeof schema !== 'object') return [];
  const members = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  return members === undefined ? [schema] : members.flatMap((member) => branches(member));
}

function typeText(schema: Node): string {
  return [...new Set(branches(schema).map(plainType))].join(' or ');
}

const words: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['number', 'number'],
  ['integer', 'whole number'],
  ['boolean', 'true or false'],
]);

function plainType(schema: JsonSchema): string {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return `[${name}](#${name})`;
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.type === 'array') return `list of ${typeText(Array.isArray(schema.items) ? undefined : schema.items)}`;
  if (schema.properties !== undefined) return 'mapping';
  if (schema.type === 'object') return `mapping of names to ${typeText(schema.additionalProperties) || 'anything'}`;
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  return types.map((type) => words.get(type) ?? type).join(' or ') || 'anything';
}
