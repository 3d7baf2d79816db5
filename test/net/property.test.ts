import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as net from '../../src/net/index.ts';

/** Any text, with the characters that break lines, quotes and parsers far more often than chance would bring them. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\n',
        '\r',
        '\0',
        '\u007f',
        '\u0085',
        '\u2028',
        '\u202e',
        '\u200b',
        '\ufeff',
        '\ud800',
        '\u{e0041}',
      ),
      fc.constantFrom(
        '"',
        "'",
        '\\',
        '`',
        '{',
        '}',
        ';',
        '#',
        '%',
        '$',
        ' ',
        '<',
        '>',
        '&',
        '/',
        '..',
        '*',
        '(',
        ')',
        '+',
      ),
      fc.constantFrom('a', 'shop.test', '/a', '10.0.0.1', '30s', '::', '1'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

const textParsers: Readonly<Record<string, (value: unknown) => net.Parsed<string>>> = {
  address: net.parseAddress,
  host: (value) => net.parseHost(value, { address: true }),
  name: net.parseName,
  exact: (value) => net.parsePath(value, 'exact'),
  prefix: (value) => net.parsePath(value, 'prefix'),
  stringPrefix: (value) => net.parsePath(value, 'stringPrefix'),
  regex: net.parseRegex,
  headerName: net.parseHeaderName,
  headerValue: net.parseHeaderValue,
  method: net.parseMethod,
  cookie: net.parseCookieName,
  text: net.safeText,
};

test('whatever the input, a parser answers, and what it accepts has no unsafe character and is its own canonical form', () => {
  for (const [name, parse] of Object.entries(textParsers)) {
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(hostile, fc.anything()), (input) => {
        const result = parse(input);
        if (!result.ok) {
          assert.ok(net.isSafeText(result.reason), `${name}: ${result.reason}`);
          return;
        }
        accepted++;
        assert.doesNotMatch(result.value, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u200b-\u200f\ufeff]/u);
        assert.ok(result.value.isWellFormed());
        assert.deepEqual(parse(result.value), result);
      }),
      { numRuns: 2000, seed: 7 },
    );
    assert.ok(accepted > 0, `${name} accepted nothing: the generator tests nothing`);
  }
});

test('addresses: canonical text is stable, and equal addresses have equal text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const first = net.parseAddress(text);
      if (!first.ok) {
        // The generator also writes IPv4-mapped addresses, in either notation.
        assert.match(text, /:/);
        return;
      }
      assert.deepEqual(net.parseAddress(first.value), first);
      assert.deepEqual(net.parseAddress(first.value.toUpperCase()), first);
    }),
    { seed: 7 },
  );
});

test('a range covers its own first address and nothing of which a prefix bit differs', () => {
  const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
  fc.assert(
    fc.property(octets, octets, fc.nat(32), (a, b, prefix) => {
      const range = net.parseCidr(`${a.join('.')}/${prefix}`);
      assert.ok(range.ok);
      assert.ok(net.contains(range.value, a.join('.')));
      const number = (o: readonly number[]): number => o.reduce((sum, octet) => sum * 256 + octet, 0);
      const size = 2 ** (32 - prefix);
      const same = Math.floor(number(a) / size) === Math.floor(number(b) / size);
      assert.equal(net.contains(range.value, b.join('.')), same);
    }),
    { seed: 7 },
  );
});

test('ports: exactly the whole numbers from 1 to 65535', () => {
  fc.assert(
    fc.property(fc.oneof(fc.integer({ min: -10, max: 70_000 }), fc.double()), (port) => {
      const good = Number.isInteger(port) && port >= 1 && port <= 65_535;
      assert.equal(net.parsePort(port).ok, good);
    }),
    { seed: 7 },
  );
});

test('regular expressions that are accepted end quickly on hostile subjects', () => {
  const piece = fc.constantFrom('a', 'b', '.', '[ab]', '(', ')', '(?:', '|', '*', '+', '?', '{2,5}', '\\d', '^', '$');
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 24 }), (parts) => {
      const result = net.parseRegex(parts.join(''));
      if (!result.ok) return;
      accepted++;
      // Exponential expressions would not come back from this at all; the test runner's own limit would end it.
      new RegExp(result.value).test(`${'a'.repeat(40)}!`);
    }),
    { numRuns: 20_000, seed: 7 },
  );
  assert.ok(accepted > 500, String(accepted));
});
