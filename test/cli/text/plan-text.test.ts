import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findUnwanted } from '../../../src/cli/fail-on.ts';
import { createPaint } from '../../../src/cli/text/paint.ts';
import { planText } from '../../../src/cli/text/plan-text.ts';
import { printable } from '../../../src/cli/text/printable.ts';
import type { PlanReport, Step } from '../../../src/model/index.ts';
import { emptyPlan, step } from '../fake-app.ts';

const paint = createPaint(false);

function planOf(...steps: Step[]): PlanReport {
  return {
    ...emptyPlan,
    units: [{ balancer: 'u', unit: 'u', steps, refused: [] }],
    summary: { ...emptyPlan.summary, unchanged: 0 },
  };
}

/** The lines of one unit without the summary. */
function lines(plan: PlanReport, full = false): readonly string[] {
  return planText(plan, paint, { full }).trimEnd().split('\n').slice(0, -1);
}

test('a replacement is one object: +/- without and -/+ with a gap', () => {
  const create = step({ n: 1, op: 'create', kind: 'TargetGroup', id: 'web', why: 'protocol cannot be changed' });
  const wait = step({
    n: 2,
    op: 'wait',
    kind: 'TargetGroup',
    id: 'web',
    until: {
      what: 'ready',
      kind: 'TargetGroup',
      of: 1,
      set: 'targets',
      members: ['a', 'b', 'c'],
      min: 3,
      deadlineMs: 300_000,
    },
  });
  const gone = step({ n: 3, op: 'delete', kind: 'TargetGroup', id: 'web', handle: 'tg-1' });
  assert.deepEqual(lines(planOf(create, wait, gone)), [
    '  +/- replace  TargetGroup  web  protocol cannot be changed',
    '        wait for ready members: 3 of 3, at most 5 min',
  ]);
  assert.match(lines(planOf({ ...create, gap: ['s/a'] }, gone))[0] ?? '', /^ {2}-\/\+ replace/);
});

test('an update shows only what changes; members by name over all batches; a handle to be is told by name', () => {
  const steps = [
    step({ n: 1, op: 'create', kind: 'Backend', id: 'new' }),
    step({
      n: 2,
      op: 'update',
      kind: 'Frontend',
      id: 'f',
      handle: 'h',
      attrs: { idle: 120, name: null },
      refs: { backend: 1, ca: null },
    }),
    step({
      n: 3,
      op: 'add',
      kind: 'Backend',
      id: 'b',
      handle: 'h',
      set: 'servers',
      members: [
        ['x', { attrs: {} }],
        ['y', { attrs: {} }],
      ],
    }),
    step({ n: 4, op: 'add', kind: 'Backend', id: 'b', handle: 'h', set: 'servers', members: [['z', { attrs: {} }]] }),
    step({ n: 5, op: 'remove', kind: 'Backend', id: 'b', handle: 'h', set: 'servers', members: [['o', null]] }),
  ];
  assert.deepEqual(
    lines(planOf(...steps)).map((line) => line.trimEnd()),
    [
      '    + create        Backend   new',
      '    ~ update        Frontend  f',
      '        idle  120',
      '        name  nothing',
      '        backend  -> new',
      '        ca  -> nothing',
      '    > move members  Backend   b',
      '        servers  + x  + y  + z  - o',
    ],
  );
});

test('more than 20 objects with the same change are one line, --full lists them', () => {
  const steps = Array.from({ length: 30 }, (_, n) =>
    step({ n, op: 'delete', kind: 'Rule', id: `r${n}`, why: 'not wanted' }),
  );
  assert.deepEqual(lines(planOf(...steps)), [
    '    - delete  Rule  30 objects: r0, r1, r2 and 27 more (--full)  not wanted',
  ]);
  assert.equal(lines(planOf(...steps), true).length, 30);
  assert.equal(lines(planOf(...steps.slice(0, 20))).length, 20);
});

test('where members move, each direction has its reason; many members are counted, --full names them', () => {
  const set = (n: number, op: 'add' | 'remove', why: string, ...names: string[]) =>
    step({ n, op, why, kind: 'Backend', id: 'b', set: 'servers', members: names.map((name) => [name, null] as const) });
  const move = planOf(set(1, 'add', 'is new', '10.0.0.2:80'), set(2, 'remove', 'is no longer wanted', '10.0.0.1:80'));
  assert.deepEqual(lines(move), [
    '    > move members  Backend  b  + is new, - is no longer wanted',
    '        servers  + 10.0.0.2:80  - 10.0.0.1:80',
  ]);
  const many = planOf(set(1, 'add', 'is new', 'a', 'b', 'c', 'd', 'e'));
  assert.deepEqual(lines(many), ['    > move members  Backend  b  is new', '        servers +5 (--full)']);
  assert.equal(lines(many, true)[1], '        servers  + a  + b  + c  + d  + e');
  const weight = step({
    n: 1,
    op: 'set',
    kind: 'Backend',
    id: 'b',
    set: 'servers',
    members: [['a', { attrs: { weight: 0 } }]],
  });
  assert.equal(lines(planOf(weight))[1], '        servers  ~ a weight 0');
});

test('colour changes nothing but colour', () => {
  const plan = planOf(step({ n: 1, op: 'create', kind: 'Backend', id: 'b', gap: ['s'], risk: ['t'] }));
  const coloured = planText(plan, createPaint(true));
  assert.notEqual(coloured, planText(plan, paint));
  assert.equal(coloured.replace(/\u001b\[\d+m/g, ''), planText(plan, paint));
});

test('nothing that a service says can steer the terminal', () => {
  assert.equal(printable('a\u001b[2Jb\u0007\r\u202ec\n'), 'a\\u001b[2Jb\\u0007\\u000d\\u202ec\n');
  assert.equal(
    printable('\u0007\u001b[31mx\u001b[39m\u001b]0;t\u0007', true),
    '\\u0007\u001b[31mx\u001b[39m\\u001b]0;t\\u0007',
  );
});

test('a balancer that could not be read is named: an empty plan is not a plan to do nothing', () => {
  const problem = {
    code: 'E_CLOUD_UNREACHABLE',
    severity: 'error',
    source: 'balancer/aws',
    message: 'no answer',
  } as const;
  const text = planText({ ...emptyPlan, problems: [problem] }, paint);
  assert.match(text, /! not planned {2}balancer aws: it could not be read, see the error\n/);
  assert.match(text, /^Plan: 0 to create.* Not all could be planned: 1 error\.\n$/m);
  assert.doesNotMatch(planText({ ...emptyPlan, problems: [{ ...problem, severity: 'warning' }] }, paint), /[Nn]ot /);
});

test('services that move to other addresses are named, with both, and are a gap', () => {
  const moves = [
    { service: 'shop/web', from: ['192.0.2.1'], to: ['198.51.100.0'] },
    { service: 'shop/long-name', from: ['192.0.2.2', '2001:db8::2'], to: [] },
  ];
  assert.deepEqual(lines({ ...planOf(), moves }), [
    '    ! move  address  shop/web        192.0.2.1 -> 198.51.100.0',
    '    ! move  address  shop/long-name  192.0.2.2, 2001:db8::2 -> none: it waits for one',
    '        GAP: who knows the old address reaches nobody there',
  ]);
  assert.deepEqual(findUnwanted({ ...planOf(), moves }, ['gap', 'delete']), ['gap']);
});

test('that nobody moves is told where somebody has an address out of a pool', () => {
  assert.match(planText({ ...emptyPlan, moves: [] }, paint), /^ {2}= no address moves\n/);
  assert.doesNotMatch(planText(emptyPlan, paint), /address/);
  assert.match(
    planText({ ...emptyPlan, unasked: 2 }, paint),
    /^ {2}= 2 services with a new address: the machines agree /,
  );
  assert.deepEqual(findUnwanted({ ...emptyPlan, moves: [] }, ['gap']), []);
});
