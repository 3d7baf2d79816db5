import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSafeText } from '../../../src/net/index.ts';
import { readObjects } from './read-yaml.ts';

/** Every field that takes a text, as a path into a service that has them all. */
const whole: unknown = {
  name: 'shop/web',
  namespace: 'shop',
  labels: { team: 'shop' },
  created: '2026-01-01',
  groups: ['external'],
  class: 'c',
  balancers: ['edge'],
  bundle: { key: 'b', order: 1 },
  address: { pool: 'p', list: ['192.0.2.1'], shareKey: 's', backendKey: 'b', held: ['192.0.2.1'] },
  settings: { haproxy: { text: 'x', list: ['y'] } },
  http: {
    sourceRanges: ['10.0.0.0/8'],
    timeouts: { client: '1s' },
    rules: [
      {
        host: 'shop.test',
        path: { exact: '/a' },
        methods: ['GET'],
        headers: { 'X-A': 'v', 'X-B': { regex: '^a' } },
        query: { q: 'v' },
        from: ['10.0.0.0/8'],
        filters: [
          {
            requestHeaders: { set: { 'X-C': 'v' }, remove: ['X-D'] },
            rewritePrefix: { from: '/a', to: '/b' },
            host: 'in.test',
          },
          { rewriteRegex: { pattern: 'a', to: 'b' } },
        ],
        to: 'main',
      },
      { hosts: ['b.test'], paths: { '/p': 'main' } },
      { redirect: { host: 'c.test', path: '/c', scheme: 'https' } },
      { fixed: { status: 200, contentType: 'text/plain', body: 'b' } },
    ],
  },
  ports: [{ port: '53/udp', name: 'dns', protocol: 'udp', to: 'main' }],
  tls: { certificate: 'shop.test.pem', key: 'k', hosts: ['shop.test'] },
  backends: {
    main: {
      targets: ['10.0.0.1:80', { address: '10.0.0.2', port: 80, node: 'n', zone: 'z', pod: 'p', state: 'ready' }],
      balance: 'uri',
      affinity: { type: 'cookie', cookie: 'C', timeout: '1h' },
      check: { http: '/h', host: 'h.test', method: 'GET', expect: '200', interval: '1s' },
      drain: '1s',
      tls: { ca: 'ca.pem', serverName: 's.test' },
    },
  },
};

/** Copies with one text, or one key, put in place of another. */
function* variants(value: unknown, text: string): Generator<unknown> {
  if (typeof value === 'string') yield text;
  else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) for (const inner of variants(item, text)) yield value.with(i, inner);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      for (const inner of variants(item, text)) yield { ...value, [key]: inner };
      const { [key]: moved, ...rest } = Object.fromEntries(Object.entries(value));
      yield { ...rest, [text]: moved };
    }
  }
}

function unsafeTexts(value: unknown): readonly string[] {
  if (typeof value === 'string') return isSafeText(value) ? [] : [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [...unsafeTexts(key), ...unsafeTexts(inner)]);
}

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\n',
        '\r\n',
        '\0',
        '\u001b',
        '\u007f',
        '\u0085',
        '\u2028',
        '\u202e',
        '\u200b',
        '\ufeff',
        '\ud800',
      ),
      fc.constantFrom(
        '"',
        "'",
        '\\',
        '{',
        '}',
        ';',
        '#',
        '%[env(X)]',
        ' ',
        '../',
        '$(x)',
        '<',
        '&',
        '`',
        '|',
        '-f',
        ' if ',
      ),
      fc.constantFrom('a', '/a', 'shop.test', '10.0.0.1:80', '__proto__', 'constructor', '80'),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(''));

test('the service that is varied is itself good', () => {
  const { problems, services } = readObjects([whole]);
  assert.deepEqual(problems, []);
  assert.equal(services.length, 1);
});

test('hostile text in any field or key: refused, or harmless in the model; never a throw, never in a message', () => {
  let refused = 0;
  let taken = 0;
  fc.assert(
    fc.property(hostile, (text) => {
      for (const variant of variants(whole, text)) {
        const { services, problems } = readObjects([variant]);
        assert.deepEqual(unsafeTexts(services), []);
        assert.deepEqual(unsafeTexts(problems), []);
        if (services.length === 0) {
          refused++;
          assert.ok(
            problems.some((p) => p.severity === 'error'),
            'refused without a word',
          );
        } else taken++;
      }
    }),
    { numRuns: 150, seed: 11 },
  );
  assert.ok(refused > 1000 && taken > 100, `refused ${refused}, taken ${taken}`);
});

test('any value in any place never throws', () => {
  const known = Object.keys(JSON.parse(JSON.stringify(whole)));
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...known), fc.jsonValue()), (object) => {
      const { services } = readObjects([{ name: 'a/b', ...object }]);
      assert.deepEqual(unsafeTexts(services), []);
    }),
    { numRuns: 1000, seed: 11 },
  );
});
