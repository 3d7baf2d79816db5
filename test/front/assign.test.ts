import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assign } from '../../src/front/index.ts';
import { service, tcp } from './make-service.ts';

const one = (id: string, more = {}) => service(id, [tcp(80)], more);
const ids = (taken: ReadonlyMap<string, readonly { readonly id: string }[]>, name: string) =>
  taken.get(name)?.map(({ id }) => id);

describe('assign', () => {
  test('one balancer without a selection takes everything', () => {
    const { taken, problems } = assign(
      [one('a/a'), one('a/b', { class: 'x', groups: ['g'] })],
      [{ name: 'default', shared: false }],
    );
    assert.deepEqual(ids(taken, 'default'), ['a/a', 'a/b']);
    assert.deepEqual(problems, []);
  });

  test('groups and class select; both must fit', () => {
    const balancers = [
      { name: 'external', groups: ['external'], shared: false },
      { name: 'internal', groups: ['internal', 'mesh'], class: 'haproxy', shared: false },
    ];
    const services = [
      one('a/out', { groups: ['external'] }),
      one('a/in', { groups: ['mesh'], class: 'haproxy' }),
      one('a/classless', { groups: ['mesh'] }),
    ];
    const { taken, problems } = assign(services, balancers);
    assert.deepEqual(ids(taken, 'external'), ['a/out']);
    assert.deepEqual(ids(taken, 'internal'), ['a/in']);
    assert.deepEqual(
      problems.map(({ code, service: id, field, value }) => ({ code, id, field, value })),
      [{ code: 'E_BALANCER_NONE', id: 'a/classless', field: 'groups', value: 'mesh' }],
    );
  });

  test('who only gives addresses takes who asks for one; others without a class are not its matter', () => {
    const address = { families: ['ipv4'] as const, held: [] };
    const services = [
      one('a/any', { address: { ...address, fromPool: [] } }),
      one('a/pool', { address: { ...address, pool: 'p' } }),
      one('a/list', { address: { ...address, list: ['192.0.2.1'] } }),
      one('a/none'),
      one('a/class', { class: 'x', address }),
    ];
    const alone = assign(services, [{ name: 'vip', shared: false, addressed: true }]);
    assert.deepEqual(ids(alone.taken, 'vip'), ['a/any', 'a/pool', 'a/list']);
    assert.deepEqual(
      alone.problems.map(({ code, service: id }) => [code, id]),
      [['E_BALANCER_NONE', 'a/class']],
    );
    const both = assign(services, [
      { name: 'vip', shared: true, addressed: true },
      { name: 'edge', shared: true },
    ]);
    assert.deepEqual(ids(both.taken, 'edge'), ['a/any', 'a/pool', 'a/list', 'a/none', 'a/class']);
    assert.deepEqual([ids(both.taken, 'vip')?.length, both.problems], [3, []]);
  });

  test('names in the service come before every selection', () => {
    const balancers = [
      { name: 'one', groups: ['x'], shared: false },
      { name: 'two', class: 'y', shared: false },
    ];
    const { taken, problems } = assign([one('a/a', { balancers: ['two', 'one', 'two'] })], balancers);
    assert.deepEqual(ids(taken, 'one'), ['a/a']);
    assert.deepEqual(ids(taken, 'two'), ['a/a']);
    assert.deepEqual(problems, []);
  });

  test('an unknown name is told with the likely one, the known names still hold', () => {
    const balancers = [{ name: 'public', shared: false }];
    const { taken, problems } = assign([one('a/a', { balancers: ['publik', 'public'] })], balancers);
    assert.deepEqual(ids(taken, 'public'), ['a/a']);
    assert.equal(problems.length, 1);
    assert.match(problems[0]?.message ?? '', /did you mean "public"/);
  });

  test('two takers: nobody gets it, unless all are shared', () => {
    const two = assign(
      [one('a/a')],
      [
        { name: 'one', shared: true },
        { name: 'two', shared: false },
      ],
    );
    assert.deepEqual([...two.taken.values()], [[], []]);
    assert.equal(two.problems[0]?.code, 'E_BALANCER_MANY');
    assert.match(two.problems[0]?.message ?? '', /"one", "two"/);
    const shared = assign(
      [one('a/a')],
      [
        { name: 'one', shared: true },
        { name: 'two', shared: true },
      ],
    );
    assert.deepEqual(ids(shared.taken, 'one'), ids(shared.taken, 'two'));
    assert.deepEqual(shared.problems, []);
  });
});
