import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSafeText } from '../../../src/net/index.ts';
import { backend, codes, pay, readAll } from './read-all.ts';

const other = pay({ serviceName: 'other' }, { BCSVHost: 'other.test' });
const port = (change: Record<string, unknown>) => pay({}, change);
const tcp90 = { protocol: 'tcp', servicePort: 90, backends: [backend('10.1.0.1')] };
const twoPorts = (second: Record<string, unknown>) => {
  const [first] = [pay().ports].flat();
  return pay({ ports: [first, { ...(typeof first === 'object' ? first : {}), ...second }] });
};

/** What the peer stops everything for, loses or lets through: here it is this service's problem, told, and nothing else. */
const faults: readonly (readonly [
  string,
  Record<string, unknown>,
  readonly (readonly [string, string | undefined])[],
])[] = [
  ['port 70000', port({ servicePort: 70_000 }), [['E_PORT', 'ports[0].servicePort']]],
  ['port -1', port({ servicePort: -1 }), [['E_PORT', 'ports[0].servicePort']]],
  ['port 0', port({ servicePort: 0 }), [['E_PORT', 'ports[0].servicePort']]],
  ['no port', port({ servicePort: undefined }), [['E_PORT', 'ports[0].servicePort']]],
  ['line break in a host', port({ BCSVHost: 'a.test\n  server x 1.2.3.4' }), [['E_TEXT_UNSAFE', 'ports[0].BCSVHost']]],
  [
    'text in an address',
    port({ backends: [backend('10.0.0.1 maxconn 1')] }),
    [
      ['E_ADDRESS', 'ports[0].backends[0].targetIP'],
      ['W_NO_TARGETS', 'ports[0]'],
    ],
  ],
  [
    'name in place of an address',
    port({ backends: [backend('db.svc')] }),
    [
      ['E_ADDRESS', 'ports[0].backends[0].targetIP'],
      ['W_NO_TARGETS', 'ports[0]'],
    ],
  ],
  [
    'leading zero',
    port({ backends: [backend('010.0.0.1')] }),
    [
      ['E_ADDRESS', 'ports[0].backends[0].targetIP'],
      ['W_NO_TARGETS', 'ports[0]'],
    ],
  ],
  [
    'metadata service',
    port({ backends: [backend('169.254.169.254')] }),
    [
      ['E_ADDRESS_FORBIDDEN', 'ports[0].backends[0].targetIP'],
      ['W_NO_TARGETS', 'ports[0]'],
    ],
  ],
  [
    'target port 0',
    port({ backends: [backend('10.0.0.1', 'a', 0)] }),
    [
      ['E_PORT', 'ports[0].backends[0].targetPort'],
      ['W_NO_TARGETS', 'ports[0]'],
    ],
  ],
  ['no backends', port({ backends: null }), [['W_NO_TARGETS', 'ports[0]']]],
  ['no host', port({ BCSVHost: '' }), [['E_FIELD_MISSING', 'ports[0].BCSVHost']]],
  ['unknown protocol', port({ protocol: 'sctp' }), [['E_FIELD_VALUE', 'ports[0].protocol']]],
  ['quote in a path', port({ path: '/a"b' }), [['E_PATH', 'ports[0].path']]],
  ['.. in the name', pay({ serviceName: '../x' }), [['E_NAME', 'serviceName']]],
  ['no ports', pay({ ports: [] }), [['E_FIELD_MISSING', 'ports']]],
  ['same host and path twice', twoPorts({}), [['E_ROUTE_CONFLICT', 'ports[1]']]],
  ['TCP and HTTP on one port', twoPorts({ protocol: 'tcp' }), [['E_PORT_CONFLICT', 'ports[1].servicePort']]],
  ['one TCP port twice', pay({ ports: [tcp90, tcp90] }), [['E_PORT_CONFLICT', 'ports[1].servicePort']]],
  ['bad maxconn', pay({ maxconn: 'many' }), [['E_FIELD_VALUE', 'maxconn']]],
  [
    'everything of the wrong type',
    { serviceName: 1, ports: [null, 5, { backends: [7] }], BCSGroup: 3, namespace: [] },
    [
      ['E_NAME', 'namespace'],
      ['E_FIELD_TYPE', 'serviceName'],
    ],
  ],
];

for (const [name, object, expected] of faults) {
  test(`fault: ${name}`, () => {
    const result = readAll([object, other]);
    const told = codes(result)
      .map(([code, field]) => `${code} ${field}`)
      .sort();
    const wanted = expected.map(([code, field]) => `${code} ${field}`).sort();
    if (name === 'everything of the wrong type') assert.ok(told.length >= 2);
    else assert.deepEqual(told, wanted, JSON.stringify(result.problems, undefined, 1));
    assert.ok(
      result.services.some(({ id }) => id === 'bank/other'),
      'the other service is served',
    );
    for (const problem of result.problems) assert.ok(isSafeText(problem.message));
  });
}

test('& in a path is a path', () => {
  const { services, problems } = readAll([port({ path: '/a&b' })]);
  assert.deepEqual(problems, []);
  assert.equal(services[0]?.fronts[0]?.routes[0]?.path?.value, '/a&b');
});

test('one bad port and one bad backend leave the rest of the service', () => {
  const { services } = readAll([
    twoPorts({ path: '/api', backends: [backend('10.0.0.300'), backend('10.1.0.9')] }),
    pay({
      serviceName: 'b',
      ports: [
        { protocol: 'tcp', servicePort: 70_000, backends: [] },
        { protocol: 'tcp', servicePort: 90, backends: [backend('10.1.0.1')] },
      ],
    }),
  ]);
  assert.equal(services[0]?.fronts[0]?.routes.length, 2);
  assert.deepEqual(
    services[0]?.backends['80/http/pay.test/api']?.targets.map((t) => t.address),
    ['10.1.0.9'],
  );
  assert.deepEqual(
    services[1]?.fronts.map((f) => f.key),
    ['90/tcp'],
  );
});

test('the same name and port in two namespaces are two services', () => {
  const { services, problems } = readAll([pay({ namespace: 'a' }), pay({ namespace: 'b' }, { BCSVHost: 'b.test' })]);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    services.map(({ id }) => id),
    ['a/pay', 'b/pay'],
  );
});

test('IPv6 backends, and TCP beside UDP on one port', () => {
  const tcp = { protocol: 'tcp', servicePort: 53, backends: [backend('2001:DB8::1')] };
  const { services, problems } = readAll([pay({ ports: [tcp, { ...tcp, protocol: 'UDP' }] })]);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    services[0]?.fronts.map(({ key }) => key),
    ['53/tcp', '53/udp'],
  );
  assert.equal(services[0]?.backends['53/udp']?.targets[0]?.address, '2001:db8::1');
});

test('hostile text in every field: no unsafe character reaches the model or a message, nothing throws', () => {
  const hostile = fc
    .array(
      fc.constantFrom(
        '\n',
        '\r',
        '\0',
        '\u2028',
        '\u202e',
        '"',
        "'",
        '\\',
        '{',
        ';',
        '#',
        ' ',
        '..',
        '/',
        'a',
        'pay.test',
        '10.0.0.1',
        '__proto__',
        '80',
      ),
      { maxLength: 4 },
    )
    .map((p) => p.join(''));
  const anything = fc.oneof(hostile, fc.jsonValue());
  /** Good more often than not, or a service would hardly ever be served. */
  const mostly = (good: fc.Arbitrary<unknown>) =>
    fc.oneof({ arbitrary: good, weight: 4 }, { arbitrary: anything, weight: 1 });
  const objects = fc.record(
    {
      namespace: mostly(fc.constant('bank')),
      serviceName: mostly(fc.constant('pay')),
      cluster: anything,
      metadata: fc.oneof(anything, fc.record({ labels: fc.dictionary(hostile, hostile), creationTimestamp: hostile })),
      serviceWeight: fc.oneof(anything, fc.dictionary(hostile, fc.oneof(fc.integer(), anything))),
      BCSGroup: fc.oneof(anything, fc.array(hostile)),
      balance: anything,
      maxconn: anything,
      updateTime: anything,
      ports: fc.array(
        fc.record({
          name: anything,
          BCSVHost: mostly(fc.constant('pay.test')),
          path: anything,
          protocol: mostly(fc.constantFrom('http', 'tcp', 'https', 'udp')),
          servicePort: mostly(fc.integer({ min: -1, max: 70_000 })),
          backends: fc.array(
            fc.record({
              targetIP: mostly(fc.constant('10.0.0.1')),
              targetPort: mostly(fc.constant(80)),
              label: anything,
            }),
          ),
        }),
        { maxLength: 4 },
      ),
    },
    { requiredKeys: ['serviceName', 'ports'] },
  );
  let served = 0;
  fc.assert(
    fc.property(objects, (object) => {
      const { services, problems } = readAll([object]);
      served += services.length;
      assert.deepEqual(unsafeTexts([services, problems]), []);
    }),
    { numRuns: 2000, seed: 5 },
  );
  assert.ok(served > 400, `only ${served} served: the generator tests nothing`);
});

function unsafeTexts(value: unknown): readonly string[] {
  if (typeof value === 'string') return isSafeText(value) ? [] : [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [...unsafeTexts(key), ...unsafeTexts(inner)]);
}
