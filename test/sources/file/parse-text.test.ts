import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ParseResult, parseText } from '../../../src/sources/file/parse-text.ts';

function objectsOf(result: ParseResult) {
  assert.ok(result.ok, JSON.stringify(result));
  return result.parsed.objects;
}

function faultOf(text: string, file = 'a.yaml') {
  const result = parseText(text, file);
  assert.ok(!result.ok, 'was accepted');
  return result;
}

test('several documents, empty ones among them, each with its line and number', () => {
  const objects = objectsOf(parseText('# head\na: 1\n---\n---\n\nb: 2\n--- # third\nc: 3\n', 'a.yaml'));
  assert.deepEqual(
    objects.map(({ object, line, document }) => [object, line, document]),
    [
      [{ a: 1 }, 2, 1],
      [{ b: 2 }, 6, 2],
      [{ c: 3 }, 8, 3],
    ],
  );
});

test('arrays, lists and lists of services are taken apart, in YAML and JSON', () => {
  const yaml = objectsOf(
    parseText('- a: 1\n-\n  b: 2\n---\nkind: List\nitems:\n  - c: 3\n---\nservices:\n  - name: d\n', 'a.yaml'),
  );
  assert.deepEqual(
    yaml.map(({ object, line, document }) => [object, line, document]),
    [
      [{ a: 1 }, 1, 1],
      [{ b: 2 }, 3, 2],
      [{ c: 3 }, 7, 3],
      [{ name: 'd' }, 10, 4],
    ],
  );
  const json = objectsOf(
    parseText('{ "kind": "List",\n "items": [\n {"a": [1, 2]},\n\n {"b": "]\\""}\n ] }', 'a.json'),
  );
  assert.deepEqual(
    json.map(({ object, line, document }) => [object, line, document]),
    [
      [{ a: [1, 2] }, 3, 1],
      [{ b: ']"' }, 5, 2],
    ],
  );
});

test('positions of fields, of list elements, and of the nearest parent', () => {
  const [, second] = objectsOf(parseText('a: 1\n---\nports:\n  - port: 80\n    to: x\n', 'a.yaml'));
  assert.deepEqual(second?.position?.(['ports', 0, 'port']), { line: 4, column: 5 });
  assert.deepEqual(second?.position?.(['ports', 0, 'gone']), { line: 4, column: 5 });
  assert.deepEqual(second?.position?.(['gone']), { line: 3, column: 1 });
  const [, inList] = objectsOf(parseText('[\n  {"a": 1},\n  {"b": {"c": 1}}\n]', 'a.json'));
  assert.deepEqual(inList?.position?.(['b', 'c']), { line: 3, column: 10 });
});

test('errors have line and column, and never repeat the text', () => {
  const yaml = faultOf('a: 1\n---\nb: [1,\n');
  assert.deepEqual([yaml.code, yaml.line], ['E_FILE_SYNTAX', 4]);
  const json = faultOf('{\n  "key": "s3cret",\n  "x": s3cret\n}', 'a.json');
  assert.deepEqual([json.line, json.column], [3, 8]);
  assert.ok(!json.reason.includes('s3cret'), json.reason);
  assert.deepEqual([faultOf('{"a": 1', 'a.json').code, faultOf('a: 1\na: 2\n').line], ['E_FILE_SYNTAX', 2]);
  assert.equal(faultOf('{"a": 1}{"b": 2}', 'a.json').code, 'E_FILE_SYNTAX');
});

test('a YAML bomb is refused without being expanded', () => {
  const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 12; i++)
    bomb.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`);
  assert.equal(faultOf(bomb.join('\n')).code, 'E_FILE_ALIASES');
  assert.equal(objectsOf(parseText('a: &x [1, 2]\nb: *x\nc: *x\n', 'a.yaml')).length, 1, 'honest aliases are fine');
});

test('nesting that would exhaust the stack, a key that changes prototypes, alias to nothing', () => {
  assert.equal(faultOf('['.repeat(50_000)).code, 'E_FILE_SYNTAX');
  assert.equal(faultOf(`${'['.repeat(200)}${']'.repeat(200)}`, 'a.json').code, 'E_FILE_SYNTAX');
  assert.equal(faultOf(`${'{"a":'.repeat(90_000)}1${'}'.repeat(90_000)}`, 'a.json').code, 'E_FILE_SYNTAX');
  assert.equal(faultOf('{"__proto__": {"x": 1}}', 'a.json').code, 'E_FILE_SYNTAX');
  assert.equal(faultOf('__proto__: {x: 1}').code, 'E_FILE_SYNTAX');
  assert.ok(!parseText('a: *nothing\n', 'a.yaml').ok);
});

test('many keys in one mapping do not take quadratic time', () => {
  const text = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n');
  assert.equal(objectsOf(parseText(text, 'a.yaml')).length, 1);
});

test('an unchanged document gives the same objects again, a moved one new lines', () => {
  const before = parseText('a: 1\n---\nb: 2\n---\nc: 3\n', 'a.yaml');
  assert.ok(before.ok);
  const after = objectsOf(parseText('a: 1\n---\nb: 20\nx: 1\n---\nc: 3\n', 'a.yaml', before.parsed));
  assert.equal(after[0], before.parsed.objects[0]);
  assert.notEqual(after[1], before.parsed.objects[1]);
  assert.deepEqual([after[2]?.object, after[2]?.line], [{ c: 3 }, 6]);
});

test('--- inside block text is a marker for every YAML reader, directives and end markers keep a file whole', () => {
  assert.equal(objectsOf(parseText('%YAML 1.2\n---\na: 1\n...\n---\nb: 2\n', 'a.yaml')).length, 2);
  assert.deepEqual(objectsOf(parseText('a: "x --- y"\nb: |\n  --- z\n', 'a.yaml'))[0]?.object, {
    a: 'x --- y',
    b: '--- z\n',
  });
});

test('any text gives objects or a fault with a code, never a throw', () => {
  const piece = fc.constantFrom(
    'a: 1',
    '---',
    '\n',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '&a ',
    '*a',
    '!!x ',
    '"',
    '|',
    '\t',
    '%YAML 1.2',
    '...',
    ': ',
    '# c',
    'é',
    '\0',
    '\ud800',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.constantFrom('a.yaml', 'a.json'), (parts, file) => {
      const result = parseText(parts.join(''), file);
      if (!result.ok) assert.match(result.code, /^E_FILE_/);
    }),
    { numRuns: 3000, seed: 3 },
  );
});

test('a wildcard host without quotes is an alias of nothing: told at its place, with the remedy', () => {
  const fault = faultOf('name: shop/web\nhttp:\n  - host: *.shop.test\ntargets: [10.0.0.1:80]\n');
  assert.equal(fault.code, 'E_FILE_SYNTAX');
  assert.match(fault.reason, /write it in quotes/);
  assert.deepEqual([fault.line, fault.column], [3, 11]);
  const late = faultOf('a: *x\nb: &x 1\n');
  assert.equal(late.line, 1);
});
