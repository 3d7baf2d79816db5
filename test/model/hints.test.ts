import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors, isErrorCode } from '../../src/model/errors.ts';
import { readObjects } from '../sources/weir/read-yaml.ts';

const rule = (value: object) => ({ name: 'shop/web', http: [value], targets: ['10.0.0.1:80'] });
const filter = (value: object) => rule({ filters: [value] });
const backend = (value: object) => ({ ...rule({}), targets: undefined, backends: { web: value } });

/** What is written wrongly, the message, and what the remedy below it must not say or must say. */
const table: readonly (readonly [wrong: object, message: RegExp, remedy: RegExp])[] = [
  [filter({ sourceRanges: { deny: '10.0.0.0/40' } }), /prefix length from 0 to 32/, /range.*10\.0\.0\.0\/8/],
  [
    rule({ redirect: { code: 200, host: 'a.test' } }),
    /must be one of 301, 302, 303, 307, 308 \(is 200\)/,
    /value that the message allows/,
  ],
  [rule({ redirect: { code: '301', host: 'a.test' } }), /must be 301 or 302 .* \(is "301"\)/, /the type/],
  [backend({ targets: ['10.0.0.1:80'], retries: 900 }), /whole number from 0 to 100/, /value that the message allows/],
  [{ ...rule({}), ports: [{ port: '90-80' }] }, /last port above the first/, /value that the message allows/],
  [{ ...rule({}), name: 'a/b/c' }, /name or namespace\/name/, /form that the message names/],
  [rule({ path: '/a//b' }), /must not contain \/\//, /what the message allows/],
  [backend({ targets: ['10.0.0.1:80'], check: { interval: '1ms' } }), /at least 100ms/, /bounds/],
  [backend({ targets: [] }), /has no targets/, /Give it targets/],
  [{ name: 'shop/web', targets: ['10.0.0.1:80'] }, /neither `http` nor `ports`/, /Add what the message says/],
];

for (const [wrong, message, remedy] of table) {
  test(`the remedy fits: ${message.source}`, () => {
    const found = readObjects([wrong]).problems.find((problem) => message.test(problem.message));
    assert.ok(found, JSON.stringify(readObjects([wrong]).problems));
    assert.match(errors[found.code].hint, remedy);
  });
}

test('every code has a remedy that says something of its own', () => {
  const hints = Object.keys(errors)
    .filter(isErrorCode)
    .map((code) => errors[code].hint);
  for (const hint of hints) {
    assert.ok(hint.length >= 15 && hint.endsWith('.'), hint);
    assert.doesNotMatch(hint, /^See the message\.$/);
  }
});
