import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { configSchema } from '../../src/config/config.ts';
import {
  configJsonSchema,
  configOptions,
  isLoopback,
  parseListen,
  renderFields,
  renderReference,
  servicesJsonSchema,
  toJsonSchema,
} from '../../src/config/index.ts';
import { weirDocumentSchema } from '../../src/sources/weir/index.ts';

test('flags, variables and keys come from the schema', () => {
  const listen = configOptions.find(({ key }) => key === 'api.listen');
  assert.deepEqual(
    [listen?.flag, listen?.variable, listen?.default],
    ['api-listen', 'WEIR_API_LISTEN', '127.0.0.1:8377'],
  );
  const policy = configOptions.find(({ key }) => key === 'policy');
  assert.deepEqual(policy?.values, ['sync', 'upsert-only', 'create-only']);
  assert.equal(new Set(configOptions.map(({ flag }) => flag)).size, configOptions.length);
  assert.ok(
    configOptions.every(({ description }) => description.length > 10),
    'every option is described',
  );
});

test('the reference names every option once', () => {
  const text = renderReference();
  for (const { flag, variable, key } of configOptions) {
    for (const name of [`\`--${flag}\``, `\`${variable}\``, `| \`${key}\` |`])
      assert.equal(text.split(name).length, 2, name);
  }
});

test('the reference names the fields of sources and balancers too, and the options of a provider', () => {
  const text = renderReference();
  assert.match(text, /^\| `sources\[file\]\.paths` \| {2}\| {2}\| {2}\| Files or directories/m);
  assert.match(text, /^\| `balancers\[\]\.groups` \|/m);
  const options = z.object({ check: z.object({ rise: z.int().default(2).describe('Successes | needed.') }) });
  assert.match(
    renderFields(toJsonSchema(options), 'balancers[].options'),
    /^\| `balancers\[\]\.options\.check\.rise` \| {2}\| {2}\| `2` \| Successes \\\| needed\. \|$/m,
  );
});

test('the schema of weir.yaml has the options of each provider under its name', () => {
  const options = z.strictObject({ binary: z.string().optional() });
  const schema = configJsonSchema(new Map([['haproxy', options]]));
  assert.match(schema.$id ?? '', /weir\.json$/);
  const list = schema.properties?.balancers;
  const item = typeof list === 'object' && !Array.isArray(list.items) ? list.items : undefined;
  const { $schema, ...own } = toJsonSchema(options);
  assert.equal($schema, schema.$schema);
  assert.deepEqual(typeof item === 'object' && item.allOf, [
    {
      if: { properties: { provider: { const: 'haproxy' } }, required: ['provider'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { options: own } },
    },
  ]);
});

test('the schema of services tells its two forms apart by one key', () => {
  const schema = servicesJsonSchema(weirDocumentSchema);
  assert.deepEqual([schema.anyOf, schema.if], [undefined, { required: ['services'] }]);
  assert.ok(typeof schema.then === 'object' && schema.then.properties?.services);
  assert.ok(typeof schema.else === 'object' && schema.else.$ref === '#/definitions/service');
});

test('the JSON Schema is draft-7, strict, and describes every field', () => {
  const schema = toJsonSchema(configSchema, 'weir.yaml');
  assert.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#');
  assert.equal(schema.additionalProperties, false);
  assert.equal(schema.required, undefined, 'an empty file is a valid file');
});

test('listen addresses', () => {
  const read = (text: string) => {
    const parsed = parseListen(text);
    return parsed.ok ? parsed.value : parsed.reason.replace(/^must be address:port .* for off/, 'no');
  };
  assert.deepEqual(read('127.0.0.1:8377'), { host: '127.0.0.1', port: 8377 });
  assert.deepEqual(read('[0:0::1]:0'), { host: '::1', port: 0 });
  assert.deepEqual(read('localhost:1'), { host: 'localhost', port: 1 });
  assert.equal(read(''), undefined);
  assert.equal(read('8377'), 'no');
  assert.equal(String(read('010.0.0.1:80')).startsWith('no; its address'), true);
  assert.equal(String(read('example.org:80')).startsWith('no; its address'), true);
  assert.equal(read(':80'), 'no; for every address write 0.0.0.0:80 or [::]:80');
  assert.deepEqual(['127.9.9.9', '::1', 'localhost', '0.0.0.0', '::', '10.0.0.1'].map(isLoopback), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
