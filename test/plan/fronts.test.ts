/** Fronts hand their services over: the old one goes when the new one is ready; circles are broken, and say so. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { balancer, group, lines, listener, plain, planFor, refusals, rule, seen } from './cloud.ts';

const a = balancer('a');

describe('fronts', () => {
  test('a service leaves a front after its new front is ready', () => {
    const b = balancer('b');
    const observed = [seen(a), seen(b), seen(group('s', '1')), seen(listener('a:80', { s: 1 }))];
    const plan = planFor([a, b, group('s@b', '1'), listener('b:80', { 's@b': 1 })], observed);
    assert.deepEqual(lines(plan), [
      'create Group s@b',
      'add Group s@b 1',
      'create Listener b:80',
      'wait Group s@b 1/1 ready',
      'delete Listener a:80',
      'delete Group s',
    ]);
  });

  test('a front of ill targets keeps nobody waiting: existence is enough', () => {
    const observed = [seen(a), seen(group('s', '1'), { ready: 'none', others: 'unhealthy' }), seen(plain('a:80', 's'))];
    assert.deepEqual(lines(planFor([a, group('s', '1'), plain('a:81', 's')], observed)), [
      'create Plain a:81',
      'delete Plain a:80',
    ]);
  });

  test('targets that were on their way may have arrived: they are given up like ready ones', () => {
    const observed = [seen(a), seen(group('s', '1'), { ready: 'none' }), seen(plain('a:80', 's'))];
    assert.deepEqual(lines(planFor([a, group('s', '1'), plain('a:81', 's')], observed)), [
      'create Plain a:81',
      'wait Group s 1/1 ready',
      'delete Plain a:80',
    ]);
  });

  test('two services that change places: one turns first, and has a gap', () => {
    const observed = [
      seen(a),
      seen(group('s', '1')),
      seen(group('t', '2')),
      seen(plain('a:80', 's')),
      seen(plain('a:81', 't')),
    ];
    const plan = planFor([a, group('s', '1'), group('t', '2'), plain('a:80', 't'), plain('a:81', 's')], observed);
    assert.deepEqual(
      plan.steps.flatMap(({ gap = [] }) => gap),
      ['s'],
    );
  });

  test('a front of another kind at the same place is the successor', () => {
    const observed = [seen(a), seen(group('s', '1')), seen(listener('a:80', { s: 1 }))];
    assert.deepEqual(lines(planFor([a, group('s', '1'), plain('a:80', 's')], observed)), [
      'delete Listener a:80 [gap s]',
      'create Plain a:80',
    ]);
  });

  test('a new rule takes its place from the default at once: who it serves is at risk', () => {
    const observed = [seen(a), seen(group('s', '1')), seen(listener('a:80', { s: 1 }))];
    const desired = [a, group('s', '1'), group('t', '2'), listener('a:80', { s: 1 }), rule('a:80', 'x', 1, 't')];
    assert.deepEqual(lines(planFor(desired, observed)), [
      'create Group t',
      'add Group t 2',
      'create Rule a:80/x [risk t]',
    ]);
  });

  test('rules: new ones enter lowest, one call brings the order, then the dead go', () => {
    const observed = [
      seen(a),
      seen(group('s', '1')),
      seen(listener('a:80', { s: 1 })),
      seen(rule('a:80', 'y', 1, 's')),
      seen(rule('a:80', 'z', 5, 's')),
    ];
    const desired = [
      a,
      group('s', '1'),
      listener('a:80', { s: 1 }),
      rule('a:80', 'x', 1, 's'),
      rule('a:80', 'y', 2, 's'),
    ];
    const plan = planFor(desired, observed);
    assert.deepEqual(lines(plan), ['create Rule a:80/x', 'order Rule a:80 1=1 A:80/Y=2', 'delete Rule a:80/z']);
    assert.equal(plan.steps[0]?.attrs?.priority, 6);
  });

  test('a rule that is not ready rises by a second call, behind its gate', () => {
    const observed = [
      seen(a),
      seen(group('s', '1')),
      seen(group('t', '2'), { ready: 'none' }),
      seen(listener('a:80', { s: 1 })),
      seen(rule('a:80', 'all', 1, 's')),
      seen(rule('a:80', 'x', 2, 't')),
    ];
    const desired = [
      a,
      group('s', '1'),
      group('t', '2'),
      listener('a:80', { s: 1 }),
      rule('a:80', 'x', 1, 't'),
      rule('a:80', 'all', 2, 's'),
    ];
    assert.deepEqual(lines(planFor(desired, observed)), [
      'wait Group t 1/1 ready',
      'order Rule a:80 A:80/X=1 A:80/ALL=2',
    ]);
  });

  test('only the order counts, not the number', () => {
    const kept = [group('s', '1'), listener('a:80', { s: 1 })];
    const observed = [
      seen(a),
      ...kept.map((one) => seen(one)),
      seen(rule('a:80', 'x', 7, 's')),
      seen(rule('a:80', 'y', 30, 's')),
    ];
    assert.deepEqual(lines(planFor([a, ...kept, rule('a:80', 'x', 1, 's'), rule('a:80', 'y', 2, 's')], observed)), []);
  });
});

describe('what is refused', () => {
  const observed = [seen(a), seen(group('s', '1')), seen(listener('a:80', { s: 1 }))];

  test('a place that somebody else holds; and what waits for it', () => {
    const other = seen({ ...listener('a:81', {}), id: 'other' }, { owned: false, handle: 'X' });
    const plan = planFor([a, group('s', '1'), listener('a:81', { s: 1 })], [...observed, other]);
    assert.deepEqual(refusals(plan), [
      'create Listener a:81: slot by Listener X',
      'delete Listener a:80: blocked by create Listener a:81',
    ]);
    assert.deepEqual(plan.steps, []);
  });

  test('two who want one name: the first gets it', () => {
    const desired = [a, group('s', '1', { name: 'n' }), group('t', '2', { name: 'n' })];
    assert.deepEqual(refusals(planFor(desired, [seen(a)])), [
      'create Group t: slot by Group s',
      'add Group t: blocked by create Group t',
    ]);
  });

  test('what a foreign object uses is not deleted', () => {
    const other = seen({ ...plain('a:9', 's'), id: 'other' }, { owned: false });
    const plan = planFor([a], [seen(a), seen(group('s', '1')), other]);
    assert.deepEqual(refusals(plan), ['delete Group s: in use by Plain OTHER']);
  });

  test('what refers to nothing stops itself and nothing else', () => {
    const plan = planFor([a, plain('a:80', 'missing'), group('t', '1'), plain('a:81', 't')], [seen(a)]);
    assert.deepEqual(refusals(plan), ['create Plain a:80: blocked by Group missing, which does not exist']);
    assert.deepEqual(lines(plan), ['create Group t', 'add Group t 1', 'create Plain a:81']);
  });

  test('incomplete: nothing that serves an unread service is taken away', () => {
    assert.deepEqual(refusals(planFor([a], observed, { incomplete: 's' })), [
      'delete Listener a:80: incomplete by s',
      'delete Group s: incomplete by s',
    ]);
    const moved = planFor([a, group('t', '2'), listener('a:80', { t: 1 })], observed, { incomplete: 's' });
    assert.ok(refusals(moved).includes('set Listener a:80: incomplete by s'));
  });

  test('upsert-only deletes nothing, create-only changes nothing that exists', () => {
    assert.deepEqual(lines(planFor([a], observed, { policy: 'upsert-only' })), []);
    const desired = [a, group('s', '2'), listener('a:80', { s: 1 }), listener('a:81', { s: 1 })];
    assert.deepEqual(lines(planFor(desired, observed, { policy: 'create-only' })), ['create Listener a:81']);
    assert.deepEqual(
      lines(planFor([a, group('s', '2'), listener('a:80', { s: 1 })], observed, { policy: 'upsert-only' })),
      ['add Group s 2', 'wait Group s 1/1 ready', 'remove Group s 1 out'],
    );
  });
});
