import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';
import type { Step } from '../../src/model/index.ts';
import { advance, describe, summarize, wordOf } from '../../src/plan/index.ts';
import { balancer, group, kinds, lines, listener, plain, planFor, rule, seen } from './cloud.ts';

const a = balancer('a');
const desired = [a, group('s', '1 2'), listener('a:80', { s: 1 }, 'c'), rule('a:80', 'x', 1, 's')];

suite('advance', () => {
  test('a whole plan makes of nothing what is wanted; handles are the ids', () => {
    const after = advance([], planFor(desired, []).steps);
    assert.deepEqual(
      after.map(({ kind, handle }) => `${kind} ${handle}`),
      ['Balancer a', 'Group s', 'Listener a:80', 'Rule a:80/x'],
    );
    assert.deepEqual(lines(planFor(desired, after)), []);
  });

  test('members that were added are not known to be ready', () => {
    const after = advance([], planFor(desired, []).steps);
    const health = after.find(({ kind }) => kind === 'Group')?.health?.targets;
    assert.deepEqual(
      [...(health ?? [])],
      [
        ['1', 'initial'],
        ['2', 'initial'],
      ],
    );
  });

  test('what a front has turned away from may drain, where that is told: a plan before the next reading waits for it', () => {
    const groups = [seen(group('s', '1')), seen(group('s@b', '1'))];
    const plainFront = seen(plain('a:80', 's'), { draining: '' });
    const turned = planFor([a, group('s@b', '1'), plain('a:80', 's@b')], [seen(a), ...groups, plainFront]).steps;
    const after = advance([seen(a), ...groups, plainFront], turned.slice(0, 1));
    assert.deepEqual([...(after.find(({ kind }) => kind === 'Plain')?.health?.group ?? [])], [['S', 'draining']]);
    assert.ok(
      lines(planFor([a, group('s@b', '1'), plain('a:80', 's@b')], after)).includes('wait Plain a:80 1/1 drained'),
    );
    const front = seen(listener('a:80', { s: 1, 's@b': 1 }), { draining: '' });
    const out = {
      n: 1,
      op: 'remove',
      kind: 'Listener',
      id: 'a:80',
      unit: 'u',
      handle: 'A:80',
      set: 'forward',
    } as const;
    const left = advance([front], [{ ...out, members: [['S', null]], why: '', serves: ['s'], after: [] }]);
    assert.deepEqual([...(left[0]?.health?.forward ?? [])], [['S', 'draining']]);
    const member = { ...out, kind: 'Group', id: 's', handle: 'S', set: 'targets' } as const;
    const less = advance(groups, [{ ...member, members: [['1', null]], why: '', serves: ['s'], after: [] }]);
    assert.deepEqual([...(less[0]?.health?.targets ?? [])], []);
  });

  test('takes the handles that creates have answered', () => {
    const { steps } = planFor([a, group('s', '1')], []);
    const after = advance([], steps, new Map(steps.map(({ n }) => [n, `arn-${n}`])));
    assert.deepEqual(
      after.map(({ handle }) => handle),
      ['arn-1', 'arn-2'],
    );
  });

  test('a second generation gets a handle of its own', () => {
    const now = advance([], planFor([a, group('s', '1')], []).steps);
    const { steps } = planFor([a, group('s', '1', { protocol: 'tcp' })], now);
    const after = advance(now, steps.slice(0, 1));
    assert.deepEqual(
      after.map(({ handle }) => handle),
      ['a', 's', 's~2'],
    );
  });

  test('changes nothing of what it was given', () => {
    const observed = [seen(a), seen(group('s', '1')), seen(listener('a:80', { s: 1 }))];
    const before = JSON.stringify(observed);
    const after = advance(observed, planFor([a], observed).steps);
    assert.equal(JSON.stringify(observed), before);
    assert.deepEqual(after, [observed[0]]);
  });
});

suite('summary and words', () => {
  const observed = [seen(a), seen(group('s', '1 2')), seen(listener('a:80', { s: 1 }))];
  const plan = planFor(
    [a, group('s', '1 2', { protocol: 'tcp' }), listener('a:80', { s: 1 }), group('t', '')],
    observed,
  );

  test('a create and a delete of one id are one replacement', () => {
    const { create, update, replace, delete: gone, unchanged, calls } = summarize([{ ...plan, kinds, desired: 4 }]);
    assert.deepEqual(
      { create, update, replace, gone, unchanged },
      { create: 1, update: 1, replace: 1, gone: 0, unchanged: 1 },
    );
    assert.deepEqual(calls, { Group: 4, Listener: 2 });
  });

  test('steps cost what the provider says', () => {
    const cost = ({ kind }: Step) => (kind === 'Group' ? { write: 2, read: 1 } : { write: 1 });
    const { steps, calls } = summarize([{ ...plan, kinds, calls: cost }]);
    assert.equal(steps, 6);
    assert.deepEqual(calls, { write: 10, read: 4 });
  });

  test('every operation has a symbol and a word', () => {
    for (const { op } of plan.steps) assert.ok(wordOf(op).word.length > 0);
    const [first] = plan.steps;
    assert.ok(first !== undefined);
    assert.equal(describe(first), '+ create Group s: protocol cannot be changed in place');
  });
});
