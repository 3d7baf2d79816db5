import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codes, readYaml } from './read-yaml.ts';

const withFilter = (filter: string) =>
  readYaml(`
name: shop/web
http: [{ host: shop.test, filters: [${filter}] }]
targets: [10.0.0.1:80]
`);
const filtersOf = (filter: string) => withFilter(filter).services[0]?.fronts[0]?.routes[0]?.filters;

describe('guards of a route', () => {
  it('are read', () => {
    assert.deepEqual(filtersOf('{ sourceRanges: { allow: 10.0.0.0/8, deny: [10.1.2.3] } }'), [
      { type: 'sourceRanges', allow: ['10.0.0.0/8'], deny: ['10.1.2.3/32'] },
    ]);
    assert.deepEqual(filtersOf('{ bodyLimit: 10m }'), [{ type: 'bodyLimit', bytes: 10_485_760 }]);
    assert.deepEqual(filtersOf('{ bodyLimit: 512 }'), [{ type: 'bodyLimit', bytes: 512 }]);
    assert.deepEqual(filtersOf('{ rateLimit: 0.5 }'), [{ type: 'rateLimit', requestsPerSecond: 0.5 }]);
    assert.deepEqual(filtersOf('{ rateLimit: { requestsPerSecond: 10, burst: 50 } }'), [
      { type: 'rateLimit', requestsPerSecond: 10, burst: 50 },
    ]);
    const [cors] = filtersOf('{ cors: { origins: https://Shop.test, credentials: true, maxAge: 1h } }') ?? [];
    assert.deepEqual(cors, {
      type: 'cors',
      origins: ['https://shop.test'],
      methods: ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'],
      headers: [],
      exposeHeaders: [],
      credentials: true,
      maxAgeMs: 3_600_000,
    });
  });

  it('name users by file; without them nobody gets in, and the rest of the service is served', () => {
    const users = { sha256: 'cd'.repeat(32), origin: 'file users' };
    assert.deepEqual(filtersOf('{ basicAuth: { users: users, realm: Staff } }'), [
      { type: 'basicAuth', realm: 'Staff', users },
    ]);
    const result = withFilter('{ basicAuth: { users: gone } }');
    assert.deepEqual(codes(result), ['E_USERS_MISSING http[0].filters[0].basicAuth.users']);
    assert.deepEqual(result.services[0]?.fronts[0]?.routes[0]?.filters, [{ type: 'basicAuth', realm: 'shop/web' }]);
  });

  for (const [filter, code] of [
    ['{ basicAuth: { users: users, realm: "a\\"b" } }', 'E_FIELD_VALUE http[0].filters[0].basicAuth.realm'],
    ['{ basicAuth: {} }', 'E_FIELD_MISSING http[0].filters[0].basicAuth.users'],
    ['{ sourceRanges: { allow: [everyone] } }', 'E_ADDRESS http[0].filters[0].sourceRanges.allow[0]'],
    ['{ sourceRanges: {} }', 'E_FIELD_MISSING http[0].filters[0].sourceRanges'],
    ['{ bodyLimit: 10 MB }', 'E_FIELD_VALUE http[0].filters[0].bodyLimit'],
    ['{ bodyLimit: -1 }', 'E_FIELD_VALUE http[0].filters[0].bodyLimit'],
    ['{ rateLimit: 0 }', 'E_FIELD_VALUE http[0].filters[0].rateLimit'],
    ['{ rateLimit: { requestsPerSecond: 1, burst: 0 } }', 'E_FIELD_VALUE http[0].filters[0].rateLimit.burst'],
    ['{ cors: { origins: [shop.test] } }', 'E_FIELD_VALUE http[0].filters[0].cors.origins[0]'],
  ] as const) {
    it(`refused: ${filter}`, () => {
      const result = withFilter(filter);
      assert.deepEqual(codes(result), [code]);
      assert.deepEqual(result.services, [], 'a guard that cannot be read is not left out');
    });
  }
});

describe('a front', () => {
  it('keeps addresses out and has filters for all of its routes', () => {
    const { services, problems } = readYaml(`
name: shop/web
http: { deniedRanges: [192.0.2.0/24], filters: [{ rateLimit: 5 }], rules: [{ host: shop.test }] }
targets: [10.0.0.1:80]
`);
    assert.deepEqual(problems, []);
    assert.deepEqual(services[0]?.fronts[0]?.deniedRanges, ['192.0.2.0/24']);
    assert.deepEqual(services[0]?.fronts[0]?.filters, [{ type: 'rateLimit', requestsPerSecond: 5 }]);
  });

  it('passes TLS through by name', () => {
    const { services, problems } = readYaml(`
name: shop/db
targets: [10.0.0.1:5432]
ports: [{ port: 5432, tls: { mode: passthrough, hosts: [DB.test, '*.db.test'] } }]
`);
    assert.deepEqual(problems, []);
    const [front] = services[0]?.fronts ?? [];
    assert.deepEqual(
      front?.routes.map(({ hosts }) => hosts),
      [['db.test', '*.db.test']],
    );
    assert.equal(front?.default, undefined);
  });

  it('of TCP has no filters', () => {
    const result = readYaml(
      '{ name: a/b, targets: ["10.0.0.1:1"], ports: [{ port: 1, filters: [{ rateLimit: 5 }] }] }',
    );
    assert.deepEqual(codes(result), ['E_FIELD_VALUE ports[0].filters']);
  });
});
