import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findJsonError } from '../../../src/sources/file/find-json-error.ts';

test('names the place', () => {
  for (const [text, offset] of [
    ['', 0],
    ['{"a": s3cret}', 6],
    ['{"a": 1', 7],
    ['{"a": 1,}', 8],
    ['{a: 1}', 1],
    ['[1 2]', 3],
    ['[1,]', 3],
    ['{"a" 1}', 5],
    ['1 2', 2],
    ['[}', 1],
    ["{'a': 1}", 1],
    ['"\n"', 0],
    ['[01]', 2],
  ] as const) {
    assert.equal(findJsonError(text)?.offset, offset, text);
  }
});

test('finds an error exactly where JSON.parse does', () => {
  const valid = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  let good = 0;
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '1',
    '-0.5e3',
    'true',
    'null',
    ' ',
    '\n',
    'x',
    '"',
    '\\',
  );
  const edited = fc
    .tuple(fc.json(), fc.nat(40), fc.constantFrom('', ...'{}[],:"x '))
    .map(([text, at, char]) => text.slice(0, at) + char + text.slice(at));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        edited,
        fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
      ),
      (text) => {
        const expected = valid(text);
        if (expected) good++;
        assert.equal(findJsonError(text) === undefined, expected, text);
      },
    ),
    { numRuns: 5000, seed: 2 },
  );
  assert.ok(good > 1000);
});
