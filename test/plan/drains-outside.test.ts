/** What holds its connections itself leaves its fronts at once; only its end waits, for as long as the system lets them live. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Observed, Resource } from '../../src/model/index.ts';
import { plan } from '../../src/plan/index.ts';
import { balancer, group, lines, listener, kinds as plainKinds, seen } from './cloud.ts';

const kinds = plainKinds.map((spec) =>
  spec.kind === 'Group' ? { ...spec, drainMs: ({ attrs }: Pick<Resource, 'attrs'>) => Number(attrs.drainMs) } : spec,
);
const planFor = (desired: readonly Resource[], observed: readonly Observed[]) =>
  plan(kinds, desired, observed, { policy: 'sync', incomplete: () => false, gateDeadlineMs: 1000 });
const a = balancer('a');
const slow = { drainMs: 3_600_000 };

describe('a thing that holds its connections itself', () => {
  test('is out of the set with the turn; its delete waits, beyond the deadline of gates', () => {
    const observed = [seen(a), seen(group('s', '1 2', slow)), seen(listener('a:80', { s: 1 }), { draining: '' })];
    const made = planFor([a, group('s', '1 2', { ...slow, protocol: 'tcp' }), listener('a:80', { s: 1 })], observed);
    assert.deepEqual(lines(made), [
      'create Group s',
      'add Group s 1 2',
      'add Listener a:80 #1=0',
      'wait Group s 1/2 ready',
      'set Listener a:80 #1=1 S out',
      'wait Listener a:80 1/1 drained',
      'delete Group s',
    ]);
    const { until } = made.steps[5] ?? {};
    assert.deepEqual([until?.deadlineMs, until?.ends, until?.set], [3_600_000, true, 'forward']);
    assert.equal(made.steps[3]?.until?.deadlineMs, 1000);
  });

  test('is waited for by a plan that is made after the turn', () => {
    const left = seen(group('s@old', '1', slow), { handle: 'OLD' });
    const front = seen(listener('a:80', { s: 1 }), { draining: 'OLD' });
    const made = planFor(
      [a, group('s', '1', slow), listener('a:80', { s: 1 })],
      [seen(a), seen(group('s', '1', slow)), left, front],
    );
    assert.deepEqual(lines(made), ['wait Listener a:80 1/1 drained', 'delete Group s@old']);
    assert.equal(made.steps[0]?.until?.ends, true);
  });

  test('that stays, or whose health nobody tells, is not waited for', () => {
    const rest = [seen(a), seen(group('s', '1', slow)), seen(group('t', '1', slow)), seen(listener('b:80', { s: 1 }))];
    const want = [
      a,
      group('s', '1', slow),
      group('t', '1', slow),
      listener('b:80', { s: 1 }),
      listener('a:80', { t: 1 }),
    ];
    const known = planFor(want, [...rest, seen(listener('a:80', { s: 1 }), { draining: '' })]);
    assert.equal(
      lines(known).some((line) => line.includes('drained')),
      false,
    );
    const gone = planFor(
      [a, group('t', '1', slow), listener('a:80', { t: 1 })],
      [seen(a), seen(group('s', '1', slow)), seen(group('t', '1', slow)), seen(listener('a:80', { s: 1 }))],
    );
    assert.ok(lines(gone).includes('delete Group s'));
    assert.equal(
      lines(gone).some((line) => line.includes('drained')),
      false,
    );
  });

  test('stays for as long as a front that goes and has sent to it before', () => {
    const left = seen(group('s@old', '1', slow), { handle: 'OLD' });
    const front = seen(listener('a:80', { s: 1 }), { draining: 'OLD' });
    const made = planFor([a], [seen(a), left, seen(group('s', '1', slow)), front]);
    const of = (text: string) => lines(made).indexOf(text);
    assert.equal(lines(made).length, 3);
    assert.deepEqual(made.steps[of('delete Group s@old')]?.after, [made.steps[of('delete Listener a:80')]?.n]);
  });

  test('of a front that goes as a whole nothing is waited for', () => {
    const made = planFor(
      [a],
      [seen(a), seen(group('s', '1', slow)), seen(listener('a:80', { s: 1 }), { draining: '' })],
    );
    assert.deepEqual(lines(made), ['delete Listener a:80', 'delete Group s']);
  });
});
