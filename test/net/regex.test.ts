import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRegex } from '../../src/net/index.ts';

test('accepts what RE2, PCRE and JavaScript read alike', () => {
  for (const source of [
    '^/api/v[0-9]+/',
    '^/something(/|$)(.*)',
    '\\.(png|jpe?g|gif)$',
    '^/u/[^/]+/posts/\\d{1,8}$',
    '(?:foo)+bar',
    '^/a{2,3}b',
    '[\\]\\[a-z-]+?',
    'a b',
    '[\\w.-]+',
    '[-\\w]',
    '[\\w\\-.]',
    '[a-z\\d-]',
    '[^-]',
    '(\\d{3}-){2}\\d{4}',
    '(a{3})+',
    '^/(one|two|three|four|five|six|seven|eight|nine|ten)/',
  ]) {
    assert.deepEqual(parseRegex(source), { ok: true, value: source });
  }
});

test('refuses the unsafe and the invalid', () => {
  for (const source of [
    '',
    '(a+)+$',
    '(a|a)*b',
    '((a)|b){2,}',
    '(.*a){20}',
    'a?'.repeat(40) + 'a'.repeat(40),
    '(a|a)'.repeat(40),
    '.*'.repeat(9),
    'a{1001}',
    'a++',
    '[:alpha:]',
    '[^]',
    'a[^]b]',
    '[.a.]',
    '[=a=]',
    '[\\w-.]',
    '[a-\\d]',
    '[^.-\\s]',
    '((a{1000}){1000}){1000}',
    '((((((a{9}){9}){9}){9}){9}){9})',
    '([0-9]{3}){1000}',
    '(?=a)',
    '(?<!a)b',
    '(?i)a',
    '(?<n>a)',
    '(?P<n>a)',
    '(a)\\1',
    '\\k<n>',
    '\\n',
    '\\x0a',
    '\\Qa\\E',
    '\\p{L}',
    'a\nb',
    'é',
    '(a',
    'a)',
    '[a',
    '[]',
    '[[:alpha:]]',
    '[z-a]',
    '*a',
    '(|*)',
    'a{',
    'a}',
    ']',
    'a\\',
    'a'.repeat(513),
    7,
  ]) {
    const result = parseRegex(source);
    assert.equal(result.ok, false, String(source));
  }
});
