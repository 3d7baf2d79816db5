import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { byHash, leastConnections, RoundRobin } from '../../../providers/builtin/balance.ts';
import { rewrittenUri } from '../../../providers/builtin/headers.ts';
import { provider } from '../../../providers/builtin/index.ts';
import { matchesPath } from '../../../providers/builtin/match.ts';
import { parseTargetKey, targetKey } from '../../../providers/builtin/names.ts';
import { options } from '../../../providers/builtin/options.ts';
import type { FrontGroup, Route } from '../../../src/model/index.ts';
import { backend, group, service, to } from './rig.ts';

function model(...groups: readonly FrontGroup[]) {
  const input = {
    balancer: 'default',
    node: 'here',
    groups,
    nodes: [],
    environment: {},
    settings: new Map(),
    present: [],
  };
  return provider.model(input, options.parse({}));
}

const route: Route = { hosts: [], filters: [], action: { type: 'forward', to: [] }, order: 0 };

describe('builtin model', () => {
  const web = service(
    'shop/web',
    { port: 80 },
    { main: backend([8080, { address: '2001:db8::7', port: 1, weight: 5 }]), odd: backend([1], { protocol: 'h2c' }) },
  );
  const rules = [
    { ...to(web, 'main'), path: { type: 'exact', value: '/a' }, route },
    { ...to(web, 'odd'), path: { type: 'prefix', value: '/h2' }, route: { ...route, methods: ['GET'] } },
  ] as const;
  const merged = group(web, [{ host: 'shop.test', rules }]);

  it('makes a listener, a route for each rule and a backend for each backend, with natural ids', () => {
    const { resources } = model(merged);
    assert.deepEqual(
      resources.map(({ kind, id }) => `${kind} ${id}`).map((text) => text.replace(/\|[0-9a-f]{8}$/, '|#')),
      [
        'Listener default|80/tcp',
        'Route default|80/tcp|shop.test|exact|/a',
        'Route default|80/tcp|shop.test|prefix|/h2|#',
        'Backend shop/web#main',
      ],
    );
    const found = resources.find(({ kind }) => kind === 'Backend');
    assert.deepEqual(
      [...(found?.sets.targets ?? [])],
      [
        ['127.0.0.1:8080', { attrs: { weight: 1 } }],
        ['[2001:db8::7]:1', { attrs: { weight: 5 } }],
      ],
    );
    assert.ok(resources.every(({ unit, serves }) => unit === 'default@here' && serves.includes('shop/web')));
  });

  it('tells what it cannot do, with field and value, and keeps the rule so that no other service answers there', () => {
    const { resources, problems } = model(merged);
    assert.deepEqual(
      problems.map(({ code, service: id, field, value }) => [code, id, field, value]),
      [['E_FEATURE', 'shop/web', 'backends.odd', 'h2c']],
    );
    const refused = resources.find(({ id }) => id.includes('/h2'));
    assert.deepEqual(refused?.refs, { listener: 'default|80/tcp' });
  });

  it('leaves out a front that asks for what changes its meaning', () => {
    const from = service('shop/range', { port: 80, endPort: 90, protocol: 'tcp' }, { main: backend([1]) });
    const { resources, problems } = model(group(from, [], { default: to(from, 'main') }));
    assert.deepEqual(resources, []);
    assert.deepEqual(
      problems.map(({ field, value }) => [field, value]),
      [['fronts.front', '80-90']],
    );
  });

  it('gives back the same objects while nothing changed', () => {
    const [first, second] = [model(merged), model(merged)];
    assert.ok(first.resources.length > 0);
    for (const [i, resource] of first.resources.entries()) assert.equal(second.resources[i], resource);
  });
});

describe('builtin balance', () => {
  it('spreads by weight, smoothly', () => {
    const rotation = new RoundRobin();
    const candidates = [
      { key: 'a', weight: 3 },
      { key: 'b', weight: 1 },
      { key: 'c', weight: 0 },
    ];
    const text = Array.from({ length: 8 }, () => rotation.choose(candidates)?.key).join('');
    assert.equal(text, 'aabaaaba');
    assert.equal(rotation.choose([{ key: 'c', weight: 0 }]), undefined);
  });

  it('finds the least loaded for its weight', () => {
    const candidates = [
      { key: 'a', weight: 1, active: 1 },
      { key: 'b', weight: 4, active: 3 },
      { key: 'c', weight: 0, active: 0 },
    ];
    assert.equal(leastConnections(candidates, 0)?.key, 'b');
    assert.equal(leastConnections([], 0), undefined);
  });

  it('moves only the keys of a lost target', () => {
    const all = ['a', 'b', 'c'].map((key) => ({ key, weight: 1, active: 0 }));
    const keys = Array.from({ length: 300 }, (_, i) => `client-${i}`);
    const before = keys.map((key) => byHash(all, key)?.key);
    for (const name of ['a', 'b', 'c']) assert.ok(before.filter((chosen) => chosen === name).length > 60);
    const after = keys.map((key) => byHash(all.slice(0, 2), key)?.key);
    for (const [i, chosen] of before.entries()) if (chosen !== 'c') assert.equal(after[i], chosen);
  });
});

describe('builtin text rules', () => {
  it('matches paths by element, by characters and by expression', () => {
    const cases = [
      ['prefix', '/foo', '/foo', true],
      ['prefix', '/foo', '/foo/bar', true],
      ['prefix', '/foo', '/foobar', false],
      ['prefix', '/', '/anything', true],
      ['stringPrefix', '/foo', '/foobar', true],
      ['exact', '/foo', '/foo/', false],
      ['regex', '^/v[0-9]+$', '/v12', true],
      ['regex', '^/v[0-9]+$', '/v12/', false],
    ] as const;
    for (const [type, value, path, wanted] of cases)
      assert.equal(matchesPath({ type, value }, path), wanted, `${type} ${value} ${path}`);
  });

  it('rewrites prefixes without doubling or losing slashes', () => {
    const cases = [
      ['/api', '/', '/api', '/'],
      ['/api', '/', '/api/x', '/x'],
      ['/api', '/v2', '/api/x', '/v2/x'],
      ['/api/', '/v2', '/api/x', '/v2/x'],
      ['/api', '/v2/', '/api', '/v2'],
    ] as const;
    for (const [from, into, path, wanted] of cases) {
      const seen = { method: 'GET', host: '', path, query: '', client: '', headers: {} };
      assert.equal(rewrittenUri(seen, [{ type: 'rewritePrefix', from, to: into }]), wanted, `${from} ${into} ${path}`);
    }
  });

  it('rewrites by expression with groups, and takes $ as it stands', () => {
    const seen = { method: 'GET', host: '', path: '/u/42/x', query: 'q=1', client: '', headers: {} };
    const filter = { type: 'rewriteRegex', pattern: '^/u/([0-9]+)', to: '/$1/user-\\1' } as const;
    assert.equal(rewrittenUri(seen, [filter]), '/$1/user-42/x?q=1');
  });

  it('writes and reads target keys of both families', () => {
    for (const place of [
      { address: '10.0.0.7', port: 80 },
      { address: '2001:db8::7', port: 65535 },
    ]) {
      assert.deepEqual(parseTargetKey(targetKey(place.address, place.port)), place);
    }
  });
});
