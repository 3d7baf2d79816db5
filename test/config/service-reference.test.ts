import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderServices, servicesJsonSchema } from '../../src/config/index.ts';
import { weirDocumentSchema } from '../../src/sources/weir/index.ts';

const schema = servicesJsonSchema(weirDocumentSchema);
const text = renderServices(schema);

test('the JSON Schema says each part once', () => {
  const lines = JSON.stringify(schema, null, 2).split('\n').length;
  assert.ok(lines < 2500, `${lines} lines`);
  for (const part of ['service', 'rule', 'filter', 'port', 'tls', 'backend', 'target', 'check'])
    assert.ok(Object.hasOwn(schema.definitions ?? {}, part), part);
});

test('every field of the form has a row with its type, in the section of its part', () => {
  for (const [name, part] of Object.entries(schema.definitions ?? {})) {
    assert.ok(typeof part === 'object');
    const section = text.split(`## ${name}\n`)[1]?.split('\n## ')[0] ?? '';
    const forms = [part, ...(part.anyOf ?? [])];
    const fields = forms.flatMap((form) => (typeof form === 'object' ? Object.keys(form.properties ?? {}) : []));
    assert.ok(fields.length > 0, name);
    for (const field of fields) assert.match(section, new RegExp(`^\\| \`${field}\` \\| [^|]+ \\|`, 'm'));
  }
  assert.doesNotMatch(text, /undefined|\[object/);
});

test('links lead to sections; defaults and what is required stand in their column', () => {
  for (const [, name = ''] of text.matchAll(/\]\(#(\w+)\)/g)) assert.ok(text.includes(`## ${name}\n`), name);
  for (const row of [
    '| `name` | text | (required) |',
    '| `http.tlsPort` | number | 443 |',
    '| `http.rules` | list of [rule](#rule) | (required) |',
    '| `bundle.key` | text | (required) |',
    '| `certificates` | list of [certificate](#certificate) |  |',
    '| `path.exact` | text |  |',
    '| `rateLimit.burst` | number | those of a second |',
    '| `expect` | number or text or list of number or text | 200-399 |',
    '| `backends` | mapping of names to [backend](#backend) |  |',
    '| `tls` | [tls](#tls) |  |',
  ])
    assert.ok(text.includes(row), row);
});

test('every row has four cells, whatever stands in them', () => {
  for (const row of text.split('\n').filter((line) => line.startsWith('|')))
    assert.equal(row.replaceAll('\\|', '').split('|').length, 6, row);
});
