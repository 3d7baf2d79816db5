import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { isWeirObject, weirDocumentSchema, weirServiceSchema } from '../../../src/sources/weir/index.ts';

test('the JSON Schema has a description for every field', () => {
  const schema = z.toJSONSchema(weirServiceSchema, { target: 'draft-7' });
  const bare: string[] = [];
  const walk = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('properties' in node && typeof node.properties === 'object' && node.properties !== null) {
      for (const [name, field] of Object.entries(node.properties)) {
        const described = JSON.stringify(field).includes('"description"') || JSON.stringify(field).includes('"enum"');
        if (!described) bare.push(`${path}.${name}`);
        walk(field, `${path}.${name}`);
      }
    }
    for (const key of ['items', 'additionalProperties'] as const) if (key in node) walk(Reflect.get(node, key), path);
    if ('anyOf' in node && Array.isArray(node.anyOf)) for (const branch of node.anyOf) walk(branch, path);
  };
  walk(schema, '');
  // Names that say it all, inside something described.
  assert.deepEqual(
    bare.filter((path) => !/\.(exact|prefix|stringPrefix|regex|present|from|to|pattern|scheme|key|order)$/.test(path)),
    [],
  );
});

test('a document is one service or a list of them', () => {
  const one = { name: 'a', http: [{}], targets: ['10.0.0.1:80'] };
  assert.ok(weirDocumentSchema.safeParse(one).success);
  assert.ok(weirDocumentSchema.safeParse({ services: [one] }).success);
  assert.ok(!weirDocumentSchema.safeParse({ services: one }).success);
});

test('objects of others are not taken for our own', () => {
  assert.ok(isWeirObject({ kind: 'ExportedService' }));
  assert.ok(isWeirObject({ name: 'a', targets: [] }));
  assert.ok(isWeirObject({ services: [] }));
  for (const object of [
    { apiVersion: 'v1', kind: 'Service', spec: { ports: [] } },
    { serviceName: 'a', ports: [] },
    { metadata: {}, ports: [] },
    { spec: {}, ports: [] },
    { name: 'a' },
    [],
    null,
    'ports',
  ]) {
    assert.equal(isWeirObject(object), false, JSON.stringify(object));
  }
});
