import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseRealm, parseUsers, usersText } from '../../src/net/index.ts';

const sha256 = `$5$salt$${'a'.repeat(43)}`;
const sha512 = `$6$rounds=20000$salt$${'b'.repeat(86)}`;
const bcrypt = `$2y$05$${'c'.repeat(53)}`;

describe('users', () => {
  test('names and hashes; comments, blanks and line ends do not count', () => {
    const parsed = parseUsers(`# staff\r\n\n  ann:${sha256}  \r\nbob@x:${sha512}\nc:${bcrypt}`);
    assert.ok(parsed.ok);
    assert.equal(usersText(parsed.value), `ann:${sha256}\nbob@x:${sha512}\nc:${bcrypt}\n`);
  });

  for (const [text, reason] of [
    ['', /no users/],
    ['ann', /line 1 that is no name:hash/],
    ['ann:secret', /no hash/],
    ['ann:', /no hash/],
    [`:${sha256}`, /name/],
    [`-m:${sha256}`, /name/],
    [`a b:${sha256}`, /name/],
    [`ann:${sha256}\nann:${bcrypt}`, /line 2 that names a user once more/],
    ['ann:$apr1$Fq0GGZyC$dPRL3Fxkk6pSP7zxBJBqf1', /MD5/],
    ['ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', /salt/],
    [`ann:$2y$12$${'c'.repeat(53)}`, /cost above 8/],
    [`ann:$6$rounds=999999$salt$${'b'.repeat(86)}`, /rounds/],
    [`ann:${sha256}'\n user evil insecure-password x`, /no hash/],
    [Array.from({ length: 1_001 }, (_, i) => `u${i}:${sha256}`).join('\n'), /more than 1000/],
  ] as const) {
    test(`refused: ${text.slice(0, 30).replaceAll('\n', '\\n')}`, () => {
      const parsed = parseUsers(text);
      assert.ok(!parsed.ok);
      assert.match(parsed.reason, reason);
      assert.equal(parsed.code, 'E_USERS_INVALID');
      assert.doesNotMatch(parsed.reason, /secret|aaaa|cccc/, 'never repeats what it was given');
    });
  }

  test('whatever is accepted has no sign that a configuration could take for its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(sha256, sha512, bcrypt), (name, hash) => {
        const parsed = parseUsers(`${name}:${hash}`);
        if (parsed.ok) for (const user of parsed.value) assert.match(`${user.name}:${user.hash}`, /^[\w.@+$=/:-]+$/);
      }),
    );
  });

  test('realms', () => {
    assert.ok(parseRealm('Shop (staff), 2nd floor').ok);
    for (const bad of ['', ' a', 'a"b', 'a\\b', "a'b", 'a\nb', 'ä', '%[src]', 'x'.repeat(65), 3])
      assert.ok(!parseRealm(bad).ok, String(bad));
  });
});
