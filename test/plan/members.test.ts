/** Members of a set: add before remove, remove ready ones when enough others are ready. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Resource } from '../../src/model/index.ts';
import { balancer, group, lines, listener, plain, planFor, seen } from './cloud.ts';

const a = balancer('a');
const front = listener('a:80', { s: 1 });

function change(now: string, want: string, ready?: string): readonly string[] {
  const observed = [seen(a), seen(group('s', now), ready === undefined ? {} : { ready }), seen(front)];
  return lines(planFor([a, group('s', want), front], observed));
}

describe('members', () => {
  test('a rollout waits until half of the new ones are ready', () => {
    assert.deepEqual(change('1 2', '3 4'), ['add Group s 3 4', 'wait Group s 1/2 ready', 'remove Group s 1 out 2 out']);
  });

  test('no gate where enough ready ones stay', () => {
    assert.deepEqual(change('1 2 3', '1 2 4'), ['add Group s 4', 'remove Group s 3 out']);
  });

  test('what is gone or not ready leaves at once when a ready one stays', () => {
    const [first, second] = change('1 2', '2 3', '2');
    assert.deepEqual([first, second], ['add Group s 3', 'remove Group s 1 out']);
    assert.deepEqual(change('1 2 3', '2 3 1!'), ['remove Group s 1 out']);
  });

  test('a call takes no more than a batch', () => {
    assert.deepEqual(change('', '1 2 3 4'), ['add Group s 1 2 3', 'add Group s 4']);
  });

  test('a full set rolls: half leaves, what fits comes in, and after a gate the rest', () => {
    assert.deepEqual(change('1 2 3 4 5 6', '7 8 9 10 11 12'), [
      'remove Group s 1 out 2 out 3 out',
      'add Group s 7 8 9',
      'wait Group s 3/6 ready',
      'remove Group s 4 out 5 out 6 out',
      'add Group s 10 11 12',
    ]);
  });

  test('a service without targets loses them at once, which interrupts it where one was ready', () => {
    assert.deepEqual(change('1', ''), ['remove Group s 1 out [gap s]']);
    assert.deepEqual(change('1 2', '2'), ['remove Group s 1 out']);
    const ill = [seen(a), seen(group('s', '1'), { ready: '', others: 'unhealthy' }), seen(listener('a:80', { s: 1 }))];
    assert.deepEqual(lines(planFor([a, group('s', ''), listener('a:80', { s: 1 })], ill)), ['remove Group s 1 out']);
    const idle = [seen(a), seen(group('s', '1')), seen(group('t', '2')), seen(listener('a:80', { s: 0, t: 1 }))];
    const wanted = [a, group('s', ''), group('t', '2'), listener('a:80', { s: 0, t: 1 })];
    assert.deepEqual(lines(planFor(wanted, idle)), ['remove Group s 1 out']);
  });

  test('a front that serves and turns to what has nobody is interrupted, and one that begins or ends to forward is not', () => {
    const groups = [group('s', '1'), group('s@b', '')];
    const there = [seen(a), ...groups.map((one) => seen(one))];
    const gapsOf = (want: Resource, have: Resource) =>
      lines(planFor([a, ...groups, want], [...there, seen(have)])).filter((line) => line.includes('[gap s]'));
    assert.deepEqual(gapsOf(plain('a:80', 's@b'), plain('a:80', 's')), ['update Plain a:80 [gap s]']);
    assert.deepEqual(gapsOf(plain('a:80', 's'), plain('a:80', 's@b')), []);
    assert.deepEqual(gapsOf(listener('a:80', { 's@b': 1 }), listener('a:80', { s: 1 })), [
      'remove Listener a:80 S out [gap s]',
    ]);
    assert.deepEqual(gapsOf(listener('a:80', { s: 1 }), listener('a:80', { s: 1, 's@b': 1 })), []);
  });

  test('the last ready ones go after everybody has turned away', () => {
    const observed = [
      seen(a),
      seen(group('s', '1')),
      seen(group('t', '2')),
      seen(plain('a:80', 's')),
      seen(plain('a:81', 't')),
    ];
    const plan = planFor([a, group('s', ''), group('t', '2'), plain('a:80', 't'), plain('a:81', 't')], observed);
    assert.deepEqual(lines(plan), ['update Plain a:80', 'remove Group s 1 out']);
    assert.deepEqual(plan.steps[1]?.after, [1]);
  });

  test('certificates: the new one is in before the old one is out', () => {
    const observed = [seen(a), seen(group('s', '1')), seen(listener('a:80', { s: 1 }, 'old'))];
    assert.deepEqual(lines(planFor([a, group('s', '1'), listener('a:80', { s: 1 }, 'new')], observed)), [
      'add Listener a:80 new',
      'remove Listener a:80 old out',
    ]);
  });

  test('a raised share waits for what it is raised for', () => {
    const observed = [
      seen(a),
      seen(group('s', '1')),
      seen(group('t', '2'), { ready: 'none' }),
      seen(listener('a:80', { s: 1, t: 0 })),
    ];
    assert.deepEqual(
      lines(planFor([a, group('s', '1'), group('t', '2'), listener('a:80', { s: 0, t: 1 })], observed)),
      ['wait Group t 1/1 ready', 'set Listener a:80 S=0 T=1'],
    );
  });
});
