/** What cannot change in place is replaced: create beside, enter, wait, turn, drain, remove, delete. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { balancer, group, lines, listener, plain, planFor, seen } from './cloud.ts';

const a = balancer('a');

describe('replacement', () => {
  test('in a set of shares the new one enters without a share, and turns when it is ready', () => {
    const observed = [seen(a), seen(group('s', '1 2')), seen(listener('a:80', { s: 1 }), { draining: '' })];
    const plan = planFor([a, group('s', '1 2', { protocol: 'tcp' }), listener('a:80', { s: 1 })], observed);
    assert.deepEqual(lines(plan), [
      'create Group s',
      'add Group s 1 2',
      'add Listener a:80 #1=0',
      'wait Group s 1/2 ready',
      'set Listener a:80 #1=1 S=0',
      'wait Listener a:80 1/1 drained',
      'remove Listener a:80 S out',
      'delete Group s',
    ]);
    assert.equal(plan.steps[0]?.why, 'protocol cannot be changed in place');
  });

  test('where no gate can stand before the turn, the step says who is at risk', () => {
    const observed = [seen(a), seen(group('s', '1 2')), seen(plain('a:80', 's'))];
    assert.deepEqual(lines(planFor([a, group('s', '1 2', { protocol: 'tcp' }), plain('a:80', 's')], observed)), [
      'create Group s',
      'add Group s 1 2',
      'update Plain a:80 [risk s]',
      'delete Group s',
    ]);
  });

  test('a name that only one can have makes a gap, which the plan says', () => {
    const observed = [seen(a), seen(group('s', '1', { name: 'n' })), seen(listener('a:80', { s: 1 }))];
    const desired = [a, group('s', '1', { name: 'n', protocol: 'tcp' }), listener('a:80', { s: 1 })];
    assert.deepEqual(lines(planFor(desired, observed)), [
      'delete Listener a:80 [gap s]',
      'delete Group s',
      'create Group s',
      'add Group s 1',
      'create Listener a:80',
    ]);
  });

  test('beside another member only the one in the way is dropped', () => {
    const observed = [
      seen(a),
      seen(group('s', '1', { name: 'n' })),
      seen(group('t', '2')),
      seen(listener('a:80', { s: 1, t: 1 })),
    ];
    const desired = [
      a,
      group('s', '1', { name: 'n', protocol: 'tcp' }),
      group('t', '2'),
      listener('a:80', { s: 1, t: 1 }),
    ];
    assert.equal(lines(planFor(desired, observed))[0], 'remove Listener a:80 S out [gap s]');
  });

  test('a full set of shares changes at once, and says who is at risk', () => {
    const observed = [seen(a), seen(group('s', '1')), seen(group('t', '2')), seen(listener('a:80', { s: 1, t: 1 }))];
    const plan = planFor([a, group('x', '3'), group('y', '4'), listener('a:80', { x: 1, y: 1 })], observed);
    assert.ok(lines(plan).includes('set Listener a:80 #1=1 #2=1 S out T out [risk x y]'));
  });

  test('a group whose users sit at another balancer is another generation', () => {
    const b = balancer('b');
    const observed = [seen(a), seen(b), seen(group('s', '1')), seen(listener('a:80', { s: 1 }))];
    assert.deepEqual(lines(planFor([a, b, group('s', '1'), listener('b:80', { s: 1 })], observed)), [
      'create Group s',
      'add Group s 1',
      'create Listener b:80',
      'wait Group s 1/1 ready',
      'delete Listener a:80',
      'delete Group s',
    ]);
  });

  test('of two generations the one that fits is kept', () => {
    const old = seen(group('s', '1', { protocol: 'tcp' }), { handle: 'OLD' });
    const observed = [seen(a), old, seen(group('s', '1')), seen(listener('a:80', { s: 1 }))];
    const plan = planFor([a, group('s', '1'), listener('a:80', { s: 1 })], observed);
    assert.deepEqual(lines(plan), ['delete Group s']);
    assert.equal(plan.steps[0]?.handle, 'OLD');
  });

  test('a condemned generation that still serves follows the wanted members', () => {
    const observed = [seen(a), seen(group('s', '1 2')), seen(listener('a:80', { s: 1 }))];
    const plan = planFor([a, group('s', '3', { protocol: 'tcp' }), listener('a:80', { s: 1 })], observed);
    const old = plan.steps.find(({ op, handle }) => op === 'add' && handle === 'S');
    assert.deepEqual(old?.members, [['3', { attrs: {} }]]);
    assert.deepEqual(old?.after, []);
  });

  for (const [from, to] of [
    ['address', 'machine'],
    ['machine', 'address'],
  ] as const) {
    for (const users of [1, 2]) {
      test(`a condemned generation takes no member of another kind: ${from} to ${to}, ${users} users`, () => {
        const fronts = ['a:80', 'a:81'].slice(0, users).map((place) => listener(place, { s: 1 }));
        const observed = [seen(a), seen(group('s', '1 2', { holds: from })), ...fronts.map((front) => seen(front))];
        const { steps } = planFor([a, group('s', 'x y', { holds: to }), ...fronts], observed);
        const members = steps.filter(({ set }) => set === 'targets').map(({ op, handle }) => `${op} ${handle}`);
        assert.deepEqual(members, ['add 1']);
      });
    }
  }

  test('connections told to be ending are waited for in a later plan, too', () => {
    const observed = [
      seen(a),
      seen(group('s', '1')),
      seen(group('t', '2')),
      seen(plain('a:80', 't'), { draining: 'S' }),
    ];
    assert.deepEqual(lines(planFor([a, group('t', '2'), plain('a:80', 't')], observed)), [
      'wait Plain a:80 1/1 drained',
      'delete Group s',
    ]);
  });
});
