import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { provider } from '../../providers/haproxy/index.ts';
import { merge } from '../../src/front/index.ts';
import type { ExportedService, Front, FrontGroup, PathMatch, Route } from '../../src/model/index.ts';
import { cert, http, https, route, service, tcp } from './make-service.ts';

const few = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const fallback = { type: 'forward', to: [{ backend: 'web', weight: 1 }] } as const;

const anyPath: fc.Arbitrary<PathMatch> = fc.record({
  type: few('exact', 'prefix', 'stringPrefix'),
  value: few('/', '/a', '/a/', '/a/b'),
});

const anyRoute: fc.Arbitrary<Route> = fc
  .tuple(fc.subarray(['x.example', 'y.example', '*.example', '']), anyPath, fc.boolean())
  .map(([hosts, path, conditional]) =>
    route(
      hosts.filter((host) => host !== ''),
      path,
      conditional ? { methods: ['GET'] } : {},
    ),
  );

const routes = fc.array(anyRoute, { maxLength: 3 });
const certs = fc.subarray([
  cert('aa', ['x.example']),
  cert('bb', ['x.example', 'y.example']),
  cert('cc', ['*.example']),
]);

const anyFront: fc.Arbitrary<Front> = fc.oneof(
  fc
    .tuple(few(80, 81), routes, fc.boolean())
    .map(([port, list, rest]) => http(list, { port, ...(rest ? { default: fallback } : {}) })),
  fc.tuple(few(80, 443), routes, certs).map(([port, list, some]) => https(list, some, { port })),
  few(80, 81, 443).map((port) => tcp(port)),
);

const anyServices: fc.Arbitrary<readonly ExportedService[]> = fc
  .array(fc.tuple(fc.array(anyFront, { minLength: 1, maxLength: 3 }), fc.option(few(1, 2, 3), { nil: undefined })), {
    maxLength: 6,
  })
  .map((list) => list.map(([fronts, createdMs], i) => service(`ns/${i}`, fronts, { createdMs })));

/** Everything that a provider reads, without the objects themselves. */
function readable(groups: readonly FrontGroup[]): string {
  return JSON.stringify(groups, (key, value) => {
    if (key === 'service' && typeof value === 'object') return value.id;
    if (key === 'services') return value.map(({ id }: ExportedService) => id);
    if (key === 'front') return value.key;
    return value;
  });
}

/** The same service with another target, and sometimes at other ports or with a backend that no proxy serves. */
function changed(one: ExportedService, how: 'targets' | 'fronts' | 'refused'): ExportedService {
  if (how === 'fronts') return { ...one, fronts: one.fronts.map((front) => ({ ...front, port: front.port ^ 1 })) };
  const backends = Object.fromEntries(
    Object.entries(one.backends).map(([key, backend]) => [
      key,
      how === 'refused'
        ? ({ ...backend, protocol: 'udp' } as const)
        : { ...backend, targets: [{ address: '10.9.9.9', port: 9, weight: 1, state: 'ready' } as const] },
    ]),
  );
  return { ...one, backends };
}

describe('merge, any services', () => {
  test('after a change the result is as if it were the first, and names the services of now', () => {
    const how = few<'keep' | 'targets' | 'fronts' | 'refused'>('keep', 'targets', 'targets', 'fronts', 'refused');
    fc.assert(
      fc.property(anyServices, fc.array(how, { minLength: 6, maxLength: 6 }), (list, hows) => {
        const before = merge(list, provider.capabilities);
        const now = list.map((one, i) => {
          const way = hows[i] ?? 'keep';
          return way === 'keep' ? one : changed(one, way);
        });
        const next = merge(now, provider.capabilities, before);
        // Another list of the same services: nothing is remembered of it.
        const first = merge([...now], provider.capabilities);
        assert.deepEqual(next.groups, first.groups);
        assert.deepEqual(next.problems, first.problems);
        const known = new Set(now);
        for (const { services, listeners } of next.groups) {
          for (const one of services) assert.ok(known.has(one));
          for (const { fronts, hosts, default: rest } of listeners) {
            const named = [...fronts, ...hosts.flatMap(({ rules }) => rules), ...hosts.flatMap((h) => h.default ?? [])];
            for (const one of [...named, ...(rest === undefined ? [] : [rest])]) assert.ok(known.has(one.service));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a host whose services are as they were stays the same object', () => {
    const list = ['a', 'b'].map((name) => service(`ns/${name}`, [http([route([`${name}.example`])])]));
    const before = merge(list, provider.capabilities);
    const [a, b] = list;
    assert.ok(a !== undefined && b !== undefined);
    const next = merge([changed(a, 'targets'), b], provider.capabilities, before);
    const hosts = (groups: readonly FrontGroup[]) => groups[0]?.listeners[0]?.hosts ?? [];
    assert.notEqual(hosts(next.groups)[0], hosts(before.groups)[0]);
    assert.equal(hosts(next.groups)[1], hosts(before.groups)[1]);
    assert.equal(
      merge([changed(a, 'targets'), b], provider.capabilities, next).groups[0]?.listeners[0]?.certs,
      next.groups[0]?.listeners[0]?.certs,
    );
  });

  test('the order of the input does not matter', () => {
    fc.assert(
      fc.property(
        anyServices.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray([...list], { minLength: list.length })),
        ),
        ([list, shuffled]) => {
          const one = merge(list, provider.capabilities);
          const two = merge(shuffled, provider.capabilities);
          assert.equal(readable(two.groups), readable(one.groups));
          assert.deepEqual(two.problems, one.problems);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('taking away a service that got nothing changes nothing for the others', () => {
    let seen = 0;
    fc.assert(
      fc.property(anyServices, (list) => {
        const { groups } = merge(list, provider.capabilities);
        const served = new Set(groups.flatMap((group) => group.services));
        for (const loser of list.filter((one) => !served.has(one))) {
          seen++;
          const without = merge(
            list.filter((one) => one !== loser),
            provider.capabilities,
          );
          // A group that nobody is in any more has nothing to listen to either.
          assert.equal(readable(without.groups.filter(busy)), readable(groups.filter(busy)));
        }
      }),
      { numRuns: 300 },
    );
    assert.ok(seen > 50, `only ${seen} losers seen`);
  });

  test('every loss is told, and nobody is told who lost nothing', () => {
    fc.assert(
      fc.property(anyServices, (list) => {
        const { groups, problems } = merge(list, provider.capabilities);
        const served = new Set(groups.flatMap((group) => group.services.map(({ id }) => id)));
        const told = new Set(problems.map((problem) => problem.service));
        for (const { id } of list) if (!served.has(id)) assert.ok(told.has(id), `${id} is out without a word`);
        for (const problem of problems) {
          assert.ok(problem.field !== undefined && problem.value !== undefined && problem.message !== '');
        }
      }),
      { numRuns: 300 },
    );
  });

  test('the result before does not change the result', () => {
    fc.assert(
      fc.property(anyServices, anyServices, (first, second) => {
        const before = merge(first, provider.capabilities);
        const shared = merge([...second], provider.capabilities, before);
        assert.equal(readable(shared.groups), readable(merge([...second], provider.capabilities).groups));
      }),
      { numRuns: 200 },
    );
  });

  test('no name breaks it', () => {
    const names = fc.oneof(fc.string(), few('__proto__', 'constructor', 'toString', '', ' ', '\n', '../..', '\u202e'));
    fc.assert(
      fc.property(names, names, names, (name, host, path) => {
        const front = http([route([host], { type: 'prefix', value: path })], { key: name });
        const list = [
          service(`ns/${name}`, [front]),
          service(`other/${name}`, [front], { createdMs: 2, groups: [name] }),
        ];
        const { groups, problems } = merge(list, provider.capabilities);
        assert.equal(groups[0]?.services.length, 1);
        assert.deepEqual(
          problems.map(({ code }) => code),
          ['E_ROUTE_CONFLICT'],
        );
        for (const problem of problems) assert.doesNotMatch(problem.value ?? '', /[\n\u202e]/);
      }),
      { numRuns: 200 },
    );
  });
});

function busy(group: FrontGroup): boolean {
  return group.listeners.length > 0;
}

describe('merge, many services', () => {
  test('twice the services take about twice the time, not four times', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) =>
        service(`ns/${i}`, [http([route([`h${i % 500}.example`], { type: 'prefix', value: `/p${i}` })])]),
      );
    const steps = (count: number): number => {
      // Work is counted, not timed: every comparison of ages reads `origin`.
      let reads = 0;
      const get = (target: ExportedService, key: string | symbol): unknown => {
        reads++;
        return Reflect.get(target, key);
      };
      const list = many(count).map((one) => new Proxy(one, { get }));
      merge(list, provider.capabilities);
      return reads;
    };
    assert.ok(steps(8_000) < 2.6 * steps(4_000));
  });
});
