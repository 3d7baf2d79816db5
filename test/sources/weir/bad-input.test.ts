import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes, readObjects, readYaml } from './read-yaml.ts';

/** A good service with one thing changed. */
function service(change: Record<string, unknown>): Record<string, unknown> {
  return { name: 'shop/web', http: [{ host: 'shop.test' }], targets: ['10.0.0.1:8080'], ...change };
}
const onPort = (port: unknown, more: Record<string, unknown> = {}) =>
  service({ http: undefined, ports: [{ port, ...more }] });
const target = (value: unknown) => service({ targets: [value] });
const rule = (value: Record<string, unknown>) => service({ http: [value] });

/** What is wrong, and what is told: code and field. */
const table: readonly (readonly [name: string, object: unknown, expected: readonly string[]])[] = [
  ['nothing', service({}), []],
  ['unknown field', service({ tragets: [] }), ['E_FIELD_UNKNOWN tragets']],
  ['unknown field deep inside', rule({ host: 'a.test', metods: ['GET'] }), ['E_FIELD_UNKNOWN http[0].metods']],
  ['wrong type', service({ groups: 5 }), ['E_FIELD_TYPE groups']],
  ['wrong type in a list', target({ address: '10.0.0.1', port: '80' }), ['E_FIELD_TYPE targets[0].port']],
  ['missing address', target({ port: 80 }), ['E_FIELD_MISSING targets[0].address']],
  ['no name', { ...service({}), name: undefined }, ['E_FIELD_MISSING name']],
  ['.. in the name', service({ name: '../../etc' }), ['E_NAME name']],
  ['.. in the namespace', service({ name: 'a..b/web' }), ['E_NAME name']],
  ['two namespaces', service({ namespace: 'other' }), ['E_NAME name']],
  ['port 0', onPort(0), ['E_PORT ports[0].port']],
  ['port 70000', onPort(70_000), ['E_PORT ports[0].port']],
  ['port -1', onPort(-1), ['E_PORT ports[0].port']],
  ['port 80.5', onPort(80.5), ['E_PORT ports[0].port']],
  ['range that runs backwards', onPort('90-80'), ['E_FIELD_VALUE ports[0].port']],
  ['unknown protocol in the port', onPort('80/sctp'), ['E_FIELD_VALUE ports[0].port']],
  ['unknown protocol', onPort(80, { protocol: 'htp' }), ['E_FIELD_VALUE ports[0].protocol']],
  ['bad address', target('10.0.0.300:80'), ['E_ADDRESS targets[0]']],
  ['leading zero', target('010.0.0.1:80'), ['E_ADDRESS targets[0]']],
  ['name in place of an address', target('web.shop.svc:80'), ['E_ADDRESS targets[0]']],
  ['mapped address', target('[::ffff:10.0.0.1]:80'), ['E_ADDRESS targets[0]']],
  ['address with a zone', target({ address: 'fe80::1%eth0', port: 80 }), ['E_ADDRESS targets[0].address']],
  ['metadata service', target('169.254.169.254:80'), ['E_ADDRESS_FORBIDDEN targets[0]']],
  ['unspecified', target('0.0.0.0:80'), ['E_ADDRESS_FORBIDDEN targets[0]']],
  ['multicast', target('[ff02::1]:80'), ['E_ADDRESS_FORBIDDEN targets[0]']],
  ['loopback is allowed here', target('127.0.0.1:80'), []],
  ['target without port', target('10.0.0.1'), ['E_FIELD_MISSING targets[0]']],
  ['target port 70000', target('10.0.0.1:70000'), ['E_PORT targets[0]']],
  ['target twice', service({ targets: ['10.0.0.1:80', '10.0.0.1:80'] }), ['E_FIELD_VALUE targets[1]']],
  ['weight 257', target({ address: '10.0.0.1', port: 80, weight: 257 }), ['E_FIELD_VALUE targets[0].weight']],
  ['no targets', service({ targets: [] }), ['W_NO_TARGETS targets']],
  ['host with a port', rule({ host: 'shop.test:80' }), ['E_HOST http[0].host']],
  ['host with two wildcards', rule({ host: '*.*.test' }), ['E_HOST http[0].host']],
  ['path without slash', rule({ host: 'a.test', path: 'api' }), ['E_PATH http[0].path']],
  ['path with a quote', rule({ host: 'a.test', paths: { '/a"b': 'default' } }), ['E_PATH http[0].paths["/a\\"b"]']],
  ['unsafe expression', rule({ host: 'a.test', path: '~ (a+)+$' }), ['E_REGEX http[0].path']],
  [
    'line break in a header',
    rule({ filters: [{ requestHeaders: { set: { 'X-A': 'a\r\nb' } } }] }),
    ['E_TEXT_UNSAFE http[0].filters[0].requestHeaders.set.X-A'],
  ],
  ['line break in a body', rule({ fixed: { status: 200, body: 'a\nb' } }), ['E_TEXT_UNSAFE http[0].fixed.body']],
  ['duration without unit', service({ drain: '30' }), ['E_DURATION drain']],
  ['backend that does not exist', rule({ host: 'a.test', to: 'wbe' }), ['E_BACKEND_MISSING http[0].to']],
  [
    'several backends, none named',
    service({ targets: undefined, backends: { a: ['10.0.0.1:80'], b: ['10.0.0.2:80'] } }),
    ['E_FIELD_MISSING http[0].to'],
  ],
  ['two actions', rule({ to: 'default', fixed: 404 }), ['E_FIELD_VALUE http[0].fixed']],
  ['backends beside targets', service({ backends: { a: [] } }), ['E_FIELD_VALUE targets', 'W_NO_TARGETS backends.a']],
  ['nothing to reach', service({ http: undefined }), ['E_FIELD_MISSING']],
  ['same port twice', service({ http: undefined, ports: [{ port: 80 }, { port: 80 }] }), ['E_PORT_CONFLICT ports[1]']],
  ['redirect of TCP', onPort(80, { redirect: 'https' }), ['E_FIELD_VALUE ports[0].redirect']],
  ['https without tls', onPort(443, { protocol: 'https' }), ['E_FIELD_MISSING ports[0].tls']],
  ['missing certificate', service({ tls: { certificate: 'gone' } }), ['E_CERT_MISSING tls.certificate']],
  ['expired certificate', service({ tls: { certificate: 'expired.pem' } }), ['E_CERT_EXPIRED tls.certificate']],
  [
    'mutual without authorities',
    service({ tls: { certificate: 'shop.test.pem', mode: 'mutual' } }),
    ['E_FIELD_MISSING tls.ca'],
  ],
  [
    'certificate of another host',
    service({ tls: { certificate: 'other.test.pem', hosts: 'shop.test' } }),
    ['W_CERT_HOST tls.hosts'],
  ],
  ['bad source range', onPort(80, { sourceRanges: ['10.0.0.0/33'] }), ['E_ADDRESS ports[0].sourceRanges[0]']],
  ['bad date', service({ created: 'yesterday' }), ['E_FIELD_VALUE created']],
  [
    'control character in settings',
    service({ settings: { haproxy: { x: ['a\nb'] } } }),
    ['E_TEXT_UNSAFE settings.haproxy.x[0]'],
  ],
  ['check of HTTP without path', service({ check: { host: 'a.test' } }), ['E_FIELD_VALUE check.host']],
  ['not an object', 5, ['E_FIELD_MISSING', 'E_FIELD_TYPE'].slice(1)],
];

for (const [name, object, expected] of table) {
  test(`bad input: ${name}`, () => {
    const result = readObjects([strip(object)]);
    assert.deepEqual(codes(result), [...expected].sort(), JSON.stringify(result.problems, undefined, 1));
    const fatal = expected.some((line) => !/^(W_|E_BACKEND_MISSING|E_CERT_)/.test(line));
    assert.equal(result.services.length, fatal ? 0 : 1);
  });
}

/** Without undefined fields, as a file would give it. */
function strip(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test('a bad service stops nothing but itself', () => {
  const objects = table.map(([, object], i) => {
    const copy = strip(object);
    return typeof copy === 'object' && copy !== null && 'name' in copy && copy.name === 'shop/web'
      ? { ...copy, name: `shop/w${i}` }
      : copy;
  });
  const { services } = readObjects(
    [service({ name: 'good/first' }), ...objects, service({ name: 'good/last' })].map(strip),
  );
  assert.deepEqual([services.at(0)?.id, services.at(-1)?.id], ['good/first', 'good/last']);
});

test('messages name object, field, value and what to do', () => {
  const [unknown] = readObjects([service({ tragets: [] })].map(strip)).problems;
  assert.equal(
    unknown?.message,
    'ExportedService shop/web: tragets is not a known field; did you mean "targets"? (is [])',
  );
  assert.equal(unknown?.service, 'shop/web');
  const [port] = readYaml('name: shop/web\nports: [{port: 70000}]\ntargets: ["10.0.0.1:80"]').problems;
  assert.equal(
    port?.message,
    'ExportedService shop/web: ports[0].port must be a whole number from 1 to 65535 (is 70000)',
  );
  const [backend] = readObjects([rule({ host: 'a.test', to: 'defualt' })].map(strip)).problems;
  assert.match(backend?.message ?? '', /did you mean "default"\?/);
  const [word] = readObjects([service({ balance: 'leastcon' })].map(strip)).problems;
  assert.match(word?.message ?? '', /did you mean "leastconn"\?/);
});

test('services of one name in two namespaces are two services', () => {
  const { services, problems } = readObjects(
    [service({ name: 'a/web' }), service({ name: 'b/web' }), service({ name: 'web' })].map(strip),
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(
    services.map((s) => s.id),
    ['a/web', 'b/web', 'default/web'],
  );
});

test('targets that cannot be verified as their owner meant are not sent anything', () => {
  const object = service({
    targets: undefined,
    backends: { main: { targets: ['10.0.0.1:443'], tls: { ca: 'gone' } } },
  });
  const result = readObjects([strip(object)]);
  assert.deepEqual(codes(result), ['E_CERT_MISSING backends.main.tls.ca']);
  assert.deepEqual(result.services, []);
});

test('a restriction that cannot be read never leaves the door open', () => {
  for (const bad of [
    onPort(80, { sourceRanges: ['10.0.0.0/8', 'everyone'] }),
    rule({ host: 'a.test', from: ['x'] }),
    service({ tls: { certificate: 'shop.test.pem', mode: 'mutual', ca: 'gone' } }),
  ]) {
    const [found] = readObjects([strip(bad)]).services;
    assert.ok(
      found === undefined ||
        !found.fronts.some(
          (front) =>
            front.protocol === 'https' || (front.routes.length > 0 && front.routes[0]?.action.type === 'forward'),
        ),
    );
  }
});
