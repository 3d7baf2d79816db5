import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as net from '../../src/net/index.ts';

type Case = readonly [input: unknown, expected: unknown];

/** Accepted values are compared with what they become; refusals are given as the code. */
function table(name: string, parse: (value: unknown) => net.Parsed<unknown>, cases: readonly Case[]): void {
  test(name, () => {
    for (const [input, expected] of cases) {
      const result = parse(input);
      const got = result.ok ? result.value : result.code;
      assert.deepEqual(got, expected, `${JSON.stringify(input)} gave ${JSON.stringify(result)}`);
    }
  });
}

table('parseAddress', net.parseAddress, [
  ['10.0.0.7', '10.0.0.7'],
  ['2001:DB8:0:0::7', '2001:db8::7'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['::1', '::1'],
  ['010.0.0.1', 'E_ADDRESS'],
  ['10.0.0', 'E_ADDRESS'],
  ['0x7f.1', 'E_ADDRESS'],
  ['2130706433', 'E_ADDRESS'],
  ['::ffff:10.0.0.1', 'E_ADDRESS'],
  ['::ffff:a00:1', 'E_ADDRESS'],
  ['fe80::1%eth0', 'E_ADDRESS'],
  ['[::1]', 'E_ADDRESS'],
  ['web.shop.svc', 'E_ADDRESS'],
  ['10.0.0.1 ', 'E_ADDRESS'],
  ['10.0.0.1\n', 'E_ADDRESS'],
  ['', 'E_ADDRESS'],
  [7, 'E_ADDRESS'],
  [null, 'E_ADDRESS'],
]);

const loopback = net.parseAllowed(['127.0.0.0/8', '::1/128']);
assert.ok(loopback.ok);
table('parseTargetAddress with loopback allowed', (value) => net.parseTargetAddress(value, loopback.value), [
  ['10.0.0.7', '10.0.0.7'],
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '::1'],
  ['169.254.169.254', 'E_ADDRESS_FORBIDDEN'],
  ['fe80::1', 'E_ADDRESS_FORBIDDEN'],
  ['0.0.0.0', 'E_ADDRESS_FORBIDDEN'],
  ['0.1.2.3', 'E_ADDRESS_FORBIDDEN'],
  ['::', 'E_ADDRESS_FORBIDDEN'],
  ['::7f00:1', 'E_ADDRESS_FORBIDDEN'],
  ['::127.0.0.1', 'E_ADDRESS'],
  ['224.0.0.1', 'E_ADDRESS_FORBIDDEN'],
  ['ff02::1', 'E_ADDRESS_FORBIDDEN'],
  ['255.255.255.255', 'E_ADDRESS_FORBIDDEN'],
  ['010.0.0.1', 'E_ADDRESS'],
]);

test('an allowance never reaches unspecified, multicast or reserved addresses', () => {
  const all = net.parseAllowed(['0.0.0.0/0', '::/0']);
  assert.ok(all.ok);
  for (const address of ['0.0.0.0', '224.0.0.1', '240.0.0.1', '::', 'ff02::1']) {
    const result = net.parseTargetAddress(address, all.value);
    assert.equal(result.ok, false, address);
  }
  assert.equal(net.parseTargetAddress('169.254.1.1', all.value).ok, true);
  assert.equal(net.parseTargetAddress('127.0.0.1', []).ok, false);
});

table(
  'parseCidr',
  (value) => {
    const range = net.parseCidr(value);
    return range.ok ? { ok: true, value: range.value.text } : range;
  },
  [
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['2001:DB8:1::/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['10.0.0.0/33', 'E_ADDRESS'],
    ['10.0.0.0/08', 'E_ADDRESS'],
    ['10.0.0.0/', 'E_ADDRESS'],
    ['10.0.0.0/8/8', 'E_ADDRESS'],
    ['10.0.0.0/-1', 'E_ADDRESS'],
    ['010.0.0.0/8', 'E_ADDRESS'],
    [8, 'E_ADDRESS'],
  ],
);

table('parsePort', net.parsePort, [
  [80, 80],
  ['443', 443],
  [65_535, 65_535],
  [0, 'E_PORT'],
  [-1, 'E_PORT'],
  [70_000, 'E_PORT'],
  ['70000', 'E_PORT'],
  [80.5, 'E_PORT'],
  [Number.NaN, 'E_PORT'],
  ['080', 'E_PORT'],
  ['http', 'E_PORT'],
  ['80\n', 'E_PORT'],
  [true, 'E_PORT'],
]);

table('parseHost', net.parseHost, [
  ['Shop.Test', 'shop.test'],
  ['*.shop.test', '*.shop.test'],
  ['localhost', 'localhost'],
  ['my_app.test', 'my_app.test'],
  ['xn--bcher-kva.test', 'xn--bcher-kva.test'],
  ['bücher.test', 'E_HOST'],
  ['*', 'E_HOST'],
  ['a.*.test', 'E_HOST'],
  ['*a.test', 'E_HOST'],
  ['*.*.test', 'E_HOST'],
  ['shop.test.', 'E_HOST'],
  ['shop.test:80', 'E_HOST'],
  ['shop..test', 'E_HOST'],
  ['-a.test', 'E_HOST'],
  ['10.0.0.1', 'E_HOST'],
  ['127.1', 'E_HOST'],
  ['shop test', 'E_HOST'],
  ['shop.test\nbind', 'E_TEXT_UNSAFE'],
  [`${'a'.repeat(64)}.test`, 'E_HOST'],
  [Array.from({ length: 60 }, () => 'abcde').join('.'), 'E_HOST'],
  ['', 'E_HOST'],
  [undefined, 'E_FIELD_TYPE'],
]);

test('an address may stand for a host where the caller says so', () => {
  assert.deepEqual(net.parseHost('10.0.0.1', { address: true }), { ok: true, value: '10.0.0.1' });
  assert.equal(net.parseHost('*.shop.test', { wildcard: false }).ok, false);
});

test('a wildcard host covers exactly one label', () => {
  assert.equal(net.hostCovers('*.shop.test', 'a.shop.test'), true);
  assert.equal(net.hostCovers('*.shop.test', 'a.b.shop.test'), false);
  assert.equal(net.hostCovers('*.shop.test', 'shop.test'), false);
  assert.equal(net.hostCovers('shop.test', 'shop.test'), true);
  assert.equal(net.hostCovers('*.shop.test', '*.shop.test'), false);
});

table('parsePath prefix', (value) => net.parsePath(value, 'prefix'), [
  ['/', '/'],
  ['/a/b-c_d.e~f', '/a/b-c_d.e~f'],
  ["/a&b;c=d,e:f@g!h$i'(j)*+", "/a&b;c=d,e:f@g!h$i'(j)*+"],
  ['/caf%C3%A9', '/caf%C3%A9'],
  ['/...', '/...'],
  ['a', 'E_PATH'],
  ['', 'E_PATH'],
  ['/a b', 'E_PATH'],
  ['/a?b', 'E_PATH'],
  ['/a#b', 'E_PATH'],
  ['/a"b', 'E_PATH'],
  ['/a{b}', 'E_PATH'],
  ['/a\\b', 'E_PATH'],
  ['/é', 'E_PATH'],
  ['/%zz', 'E_PATH'],
  ['/%0a', 'E_PATH'],
  ['/a/../b', 'E_PATH'],
  ['/a/..', 'E_PATH'],
  ['/./a', 'E_PATH'],
  ['//a', 'E_PATH'],
  ['/a%2Fb', 'E_PATH'],
  ['/a\nb', 'E_TEXT_UNSAFE'],
  [`/${'a'.repeat(1024)}`, 'E_FIELD_VALUE'],
  [1, 'E_FIELD_TYPE'],
]);

table('parsePath stringPrefix', (value) => net.parsePath(value, 'stringPrefix'), [
  ['/a//b', '/a//b'],
  ['/a%2fb', '/a%2fb'],
  ['/a/../b', 'E_PATH'],
]);

table('parseDuration', net.parseDuration, [
  ['30s', 30_000],
  ['500ms', 500],
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
  ['0.1s', 100],
  ['0s', 0],
  ['0.0001s', 'E_DURATION'],
  ['30', 'E_DURATION'],
  [30, 'E_DURATION'],
  ['-1s', 'E_DURATION'],
  ['1e3s', 'E_DURATION'],
  ['25d', 'E_DURATION'],
  ['30s\n', 'E_DURATION'],
  ['', 'E_DURATION'],
]);

table('parseName', net.parseName, [
  ['web', 'web'],
  ['Web_1.v2', 'Web_1.v2'],
  ['..', 'E_NAME'],
  ['a..b', 'E_NAME'],
  ['../etc', 'E_NAME'],
  ['a/b', 'E_NAME'],
  ['-a', 'E_NAME'],
  ['', 'E_NAME'],
  ['a'.repeat(254), 'E_NAME'],
  [5, 'E_FIELD_TYPE'],
]);

table('parseHeaderValue', net.parseHeaderValue, [
  ['max-age=1; x="y"', 'max-age=1; x="y"'],
  ['', ''],
  [' a', 'E_FIELD_VALUE'],
  ['a\r\nSet-Cookie: b', 'E_TEXT_UNSAFE'],
  ['é', 'E_FIELD_VALUE'],
]);

table('parseHeaderName', net.parseHeaderName, [
  ['X-Forwarded-For', 'X-Forwarded-For'],
  ['a b', 'E_FIELD_VALUE'],
  ['a:', 'E_FIELD_VALUE'],
  ['', 'E_FIELD_VALUE'],
]);

table('parseMethod', net.parseMethod, [
  ['get', 'GET'],
  ['G ET', 'E_FIELD_VALUE'],
]);

test('splitAuthority', () => {
  assert.deepEqual(net.splitAuthority('10.0.0.1:80'), { address: '10.0.0.1', port: '80' });
  assert.deepEqual(net.splitAuthority('[2001:db8::1]:80'), { address: '2001:db8::1', port: '80' });
  for (const text of ['10.0.0.1', '2001:db8::1', '[::1]', '[::1]x:80', ''])
    assert.equal(net.splitAuthority(text), undefined, text);
  assert.equal(net.formatAuthority('::1', 80), '[::1]:80');
});
