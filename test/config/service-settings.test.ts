/** What editors and readers are shown of `settings.<provider>` is what the provider's parser takes: every field, however deep. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ZodType } from 'zod';
import { providers } from '../../providers/registry.ts';
import { type JsonSchema, renderServices, servicesJsonSchema, toJsonSchema } from '../../src/config/index.ts';
import { weirDocumentSchema } from '../../src/sources/weir/index.ts';

const settings = new Map<string, ZodType>();
for (const [name, load] of Object.entries(providers)) settings.set(name, (await load()).provider.serviceOptions);
const schema = servicesJsonSchema(weirDocumentSchema, settings);
const text = renderServices(schema);

/** Paths of all fields, as the reference writes them. */
function* paths(of: JsonSchema | boolean | undefined, before: string): Generator<string> {
  if (typeof of !== 'object') return;
  for (const form of [...(of.anyOf ?? []), ...(of.oneOf ?? []), ...(of.allOf ?? [])]) yield* paths(form, before);
  for (const [name, field] of Object.entries(of.properties ?? {})) {
    yield `${before}${name}`;
    yield* within(field, `${before}${name}`);
  }
}

function* within(field: JsonSchema | boolean, path: string): Generator<string> {
  if (typeof field !== 'object') return;
  yield* paths(field, `${path}.`);
  for (const form of field.anyOf ?? []) yield* within(form, path);
  if (typeof field.items === 'object' && !Array.isArray(field.items)) yield* within(field.items, `${path}[]`);
  if (typeof field.additionalProperties === 'object') yield* within(field.additionalProperties, `${path}.NAME`);
}

test('the JSON Schema of service files has the settings of each provider as its parser takes them', () => {
  for (const [name, options] of settings) {
    const { $schema: _, ...own } = toJsonSchema(options);
    const part: unknown = Object.entries(schema.definitions ?? {}).find(([key]) => key === `settings_${name}`)?.[1];
    assert.deepEqual(part, { description: `Stands under \`settings.${name}\` of a service.`, ...own }, name);
  }
  const service = JSON.stringify(Object.entries(schema.definitions ?? {}).find(([key]) => key === 'service')?.[1]);
  assert.ok(service.includes('{"$ref":"#/definitions/settings_awselb"}'));
});

test('the reference has a row for each of their fields', () => {
  let count = 0;
  for (const [name, options] of settings) {
    const section = text.split(`## settings_${name}\n`)[1]?.split('\n## ')[0] ?? '';
    for (const path of paths(toJsonSchema(options), '')) {
      count++;
      assert.ok(section.includes(`| \`${path}\` |`), `${name}: ${path}`);
    }
  }
  assert.ok(count > 100, `${count} fields`);
  for (const field of ['adopt', 'group', 'listeners.NAME.forward[].weight', 'backends.NAME.targetGroup'])
    assert.ok(text.includes(`| \`${field}\` |`), field);
});

test('each field of awselb at the top is told in words', () => {
  const { properties = {} } = toJsonSchema(settings.get('awselb') ?? weirDocumentSchema);
  for (const [name, field] of Object.entries(properties))
    assert.ok(typeof field === 'object' && (field.description ?? '') !== '', name);
});
