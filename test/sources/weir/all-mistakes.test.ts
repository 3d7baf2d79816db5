import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prune } from '../../../src/sources/weir/prune.ts';
import { codes, readYaml } from './read-yaml.ts';

const shape = `
name: x/h
http:
  port: 99999
  rules:
    - { host: "a b", to: w }
    - { host: c.test, path: nope, to: w, filters: [{ bodyLimit: 10x, rateLmit: 3 }, { redirct: 1 }, { sourceRanges: { deny: 10.0.0.0/40 } }] }
tls: { certificate: missing }
ports: [{}, { port: 70000, protocol: tcp, to: w }]
backends:
  w: { targets: [10.0.0.1:80, { port: 3 }, 10.0.0.300:80], retries: 900, sendProxy: v3, check: { http: nope, interval: 3 } }
`;

test('every mistake of a service is told at once, those of its shape and those of single values, each at its own place', () => {
  const result = readYaml(shape);
  assert.deepEqual(result.services, []);
  assert.deepEqual(codes(result), [
    'E_ADDRESS backends.w.targets[2]',
    'E_ADDRESS http.rules[1].filters[2].sourceRanges.deny',
    'E_CERT_MISSING tls.certificate',
    'E_FIELD_MISSING backends.w.targets[1].address',
    'E_FIELD_MISSING ports[0].port',
    'E_FIELD_TYPE backends.w.check.interval',
    'E_FIELD_UNKNOWN http.rules[1].filters[0].rateLmit',
    'E_FIELD_UNKNOWN http.rules[1].filters[1].redirct',
    'E_FIELD_VALUE backends.w.retries',
    'E_FIELD_VALUE backends.w.sendProxy',
    'E_FIELD_VALUE http.rules[1].filters[0].bodyLimit',
    'E_HOST http.rules[0].host',
    'E_PATH backends.w.check.http',
    'E_PATH http.rules[1].path',
    'E_PORT http.port',
    'E_PORT ports[1].port',
  ]);
});

test('a name that cannot be read hides no other mistake', () => {
  for (const name of ['[1]', '"a b"', '"a/b/c"']) {
    const found = codes(readYaml(`{ name: ${name}, http: [{ host: "a b" }], targets: [10.0.0.1:99999], groups: 5 }`));
    assert.deepEqual(
      found.filter((line) => !line.endsWith(' name')),
      ['E_FIELD_TYPE groups', 'E_HOST http[0].host', 'E_PORT targets[0]'],
      name,
    );
    assert.equal(found.length, 4, name);
  }
});

test('what is wrong only because another mistake was left out is not told', () => {
  const result = readYaml(`
name: x/y
http: { rules: [{ host: a.test, to: wbe, metods: [GET] }, { to: [w] }] }
tls: { certificat: shop.test.pem, key: shop.key }
backends: { w: { targts: [10.0.0.1:80], affinity: { typ: cookie, cookie: C } } }
`);
  assert.deepEqual(codes(result), [
    'E_FIELD_MISSING backends.w.affinity.type',
    'E_FIELD_TYPE http.rules[1].to',
    'E_FIELD_UNKNOWN backends.w.affinity.typ',
    'E_FIELD_UNKNOWN backends.w.targts',
    'E_FIELD_UNKNOWN http.rules[0].metods',
    'E_FIELD_UNKNOWN tls.certificat',
  ]);
});

test('places behind what was left out are those of the whole', () => {
  const whole = { a: [0, 1, 2, { b: [5, 6, 7] }, 4], c: { d: 1 } };
  const rest = prune(whole, [
    ['a', 2],
    ['a', 0],
    ['a', 3, 'b', 1],
    ['c', 'd'],
  ]);
  assert.deepEqual(rest.object, { a: [1, { b: [5, 7] }, 4], c: {} });
  assert.deepEqual(rest.original(['a', 1, 'b', 1]), ['a', 3, 'b', 2]);
  assert.deepEqual(rest.original(['a', 2]), ['a', 4]);
  assert.deepEqual(rest.original(['c', 'x', 0]), ['c', 'x', 0]);
  assert.equal(whole.a.length, 5);
});
