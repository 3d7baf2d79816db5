import type { ZodType } from 'zod';
import { configSchema } from './config.ts';
import { type JsonSchema, toJsonSchema } from './json-schema.ts';

/** Where schemas say they come from: a name for editors, nothing is fetched. */
const home = 'https://weir-lb.dev/schema';

/** The JSON Schema of weir.yaml: the options of a balancer are those of its provider. */
export function configJsonSchema(providers: ReadonlyMap<string, ZodType>): JsonSchema {
  const schema = toJsonSchema(configSchema, 'weir.yaml');
  const list = schema.properties?.balancers;
  if (typeof list !== 'object' || typeof list.items !== 'object' || Array.isArray(list.items)) return schema;
  const item = list.items;
  const rules = [...providers].map(([name, options]) => ({
    if: { properties: { provider: { const: name } }, required: ['provider'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { properties: { options: part(options) } },
  }));
  const provider = item.properties?.provider;
  const names = typeof provider === 'object' ? { ...provider, enum: [...providers.keys()] } : {};
  const balancer = { ...item, properties: { ...item.properties, provider: names }, allOf: rules };
  return {
    ...schema,
    $id: `${home}/weir.json`,
    properties: { ...schema.properties, balancers: { ...list, items: balancer } },
  };
}

/**
 * The JSON Schema of service files. Which form is meant is told by the key that only one of them has, so that a misspelt field is
 * marked where it stands and not as an object that fits no form. `settings`: provider → what a service may set for it.
 */
export function servicesJsonSchema(services: ZodType, settings: ReadonlyMap<string, ZodType> = new Map()): JsonSchema {
  const { anyOf, ...schema } = withSettings(toJsonSchema(services, 'services of weir'), settings);
  const $id = `${home}/services.json`;
  const [one, many, ...more] = (anyOf ?? []).toSorted((a, b) => Number(isList(a)) - Number(isList(b)));
  if (one === undefined || many === undefined || more.length > 0 || !isList(many)) {
    return { ...schema, ...(anyOf === undefined ? {} : { anyOf }), $id };
  }
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  return { ...schema, $id, type: 'object', if: { required: ['services'] }, then: many, else: one };
}

/** Each provider's settings as a part of its own, named where a service has `settings`. */
function withSettings(schema: JsonSchema, settings: ReadonlyMap<string, ZodType>): JsonSchema {
  const definitions = new Map<string, JsonSchema>(Object.entries(schema.definitions ?? {}));
  const service = definitions.get('service');
  const field = service?.properties?.settings;
  if (service === undefined || typeof field !== 'object' || settings.size === 0) return schema;
  const parts = [...settings].map(([name, options]): [string, JsonSchema] => [
    `settings_${name}`,
    { description: `Stands under \`settings.${name}\` of a service.`, ...part(options) },
  ]);
  const refs = [...settings.keys()].map((name): [string, JsonSchema] => [
    name,
    { $ref: `#/definitions/settings_${name}` },
  ]);
  const properties = { ...service.properties, settings: { ...field, properties: Object.fromEntries(refs) } };
  definitions.set('service', { ...service, properties });
  return { ...schema, definitions: Object.fromEntries([...definitions, ...parts]) };
}

function isList(schema: JsonSchema | boolean): boolean {
  return typeof schema === 'object' && schema.required?.includes('services') === true;
}

/** A schema to stand inside another. */
function part(schema: ZodType): JsonSchema {
  const { $schema: _, ...rest } = toJsonSchema(schema);
  return rest;
}
