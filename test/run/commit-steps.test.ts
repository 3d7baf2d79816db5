import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Attrs,
  type KindSpec,
  type Observed,
  type Resource,
  type Sliced,
  type Step,
  type Until,
  WeirError,
} from '../../src/model/index.ts';
import { Turns } from '../../src/model/turns.ts';
import { type CommitContext, commitSteps } from '../../src/run/commit-steps.ts';
import { Gates } from '../../src/run/gates.ts';
import { kindTable } from '../../src/run/kind-table.ts';
import { object, step } from './steps.ts';
import { VirtualClock } from './virtual-clock.ts';

const kinds: KindSpec[] = [
  {
    kind: 'Thing',
    claim: 'name',
    immutable: [],
    refs: { up: { to: 'Thing' } },
    sets: { to: { batch: 9, to: 'Thing' } },
  },
];

function* answered(observed: readonly Observed[]): Sliced<readonly Observed[]> {
  yield;
  return observed;
}

function stage(options: Partial<CommitContext> = {}) {
  const clock = new VirtualClock();
  const commits: { steps: readonly Step[]; next: readonly Resource[] }[] = [];
  const told: string[] = [];
  const context: CommitContext = {
    commit: async (steps, next) => void commits.push({ steps, next }),
    observe: async () => [],
    advance: answered,
    kinds: kindTable(kinds),
    turns: new Turns(clock),
    claim: async () => {},
    gates: new Gates(clock),
    clock,
    tell: (s, result, _ms, failure) => told.push(`${s.n} ${result}${failure === undefined ? '' : ` ${failure.code}`}`),
    signal: new AbortController().signal,
    ...options,
  };
  return { commits, told, context, clock };
}

const until: Until = { what: 'ready', kind: 'Thing', of: 'tg', set: 't', members: ['a'], min: 1, deadlineMs: 1000 };
const shut: Observed = object('tg', {
  sets: { t: new Map([['a', { attrs: {} }]]) },
  health: { t: new Map([['a', 'initial']]) },
});
const numbers = (steps: readonly Step[]) => steps.map(({ n }) => n);

describe('committing steps', () => {
  it('commits all at once, in their order, and reads what came of it', async () => {
    const after = [object('x')];
    const { context, commits } = stage({ observe: async () => after });
    const outcome = await commitSteps([step(1, 'create'), step(2, 'update', { after: [1] })], [], [], context);
    assert.deepEqual(
      commits.map(({ steps }) => numbers(steps)),
      [[1, 2]],
    );
    assert.equal(outcome.observed, after);
  });

  it('leaves out what stands behind a shut gate, and only that', async () => {
    const { context, commits, told } = stage();
    const steps = [
      step(1, 'wait', { until }),
      step(2, 'remove', { after: [1] }),
      step(3, 'delete', { after: [2] }),
      step(4, 'update'),
    ];
    const outcome = await commitSteps(steps, [], [shut], context);
    assert.deepEqual(
      commits.map(({ steps }) => numbers(steps)),
      [[4]],
    );
    assert.deepEqual(outcome.waiting, [until]);
    assert.deepEqual(told, ['1 waiting', '4 done']);
  });

  it('does not judge a gate on something that is yet to be committed', async () => {
    const { context, commits } = stage();
    const steps = [
      step(1, 'add'),
      step(2, 'wait', { until: { ...until, of: 'tg' }, after: [1] }),
      step(3, 'set', { after: [2] }),
    ];
    const outcome = await commitSteps(steps, [], [shut], context);
    assert.deepEqual(
      commits.map(({ steps }) => numbers(steps)),
      [[1]],
    );
    assert.deepEqual(outcome.waiting, []);
  });

  it('goes through a gate where what comes is ready at once, because nothing looks at it', async () => {
    const steps = [
      step(1, 'add'),
      step(2, 'wait', { until, after: [1] }),
      step(3, 'remove', { after: [2] }),
      step(4, 'wait', { until: { ...until, what: 'drained' }, after: [1] }),
      step(5, 'delete', { after: [4] }),
    ];
    const spec = { batch: 9, readyAtOnce: ({ check }: Attrs) => check === undefined };
    const [plain] = kinds;
    if (plain === undefined) throw new Error('no kind');
    const table = kindTable([{ ...plain, sets: { t: spec } }]);
    const { handle: _, owned: __, facts: ___, health: ____, ...wanted } = { ...shut, unit: 'u' };
    for (const [attrs, expected] of [
      [{}, [1, 3]],
      [{ check: {} }, [1]],
    ] as const) {
      const { context, commits, told } = stage({ kinds: table });
      const outcome = await commitSteps(steps, [{ ...wanted, attrs }], [shut], context);
      assert.deepEqual(
        commits.map((commit) => numbers(commit.steps)),
        [expected],
      );
      assert.deepEqual(outcome.waiting, []);
      assert.equal(told.includes('2 done'), expected.length === 2);
    }
  });

  it('fails at the deadline of a gate without calling', async () => {
    const { context, commits, clock } = stage();
    const steps = [step(1, 'wait', { until }), step(2, 'remove', { after: [1] })];
    await commitSteps(steps, [], [shut], context);
    await clock.pass(1000);
    const outcome = await commitSteps(steps, [], [shut], context);
    assert.equal(outcome.failures[0]?.code, 'E_GATE_DEADLINE');
    assert.deepEqual(commits, []);
  });

  it('a commit that fails tells every step, and what was known stays known', async () => {
    const commit = async () => {
      throw new WeirError('E_HAPROXY_RELOAD', 'no');
    };
    const { context, told } = stage({ commit });
    const before = [object('x')];
    const outcome = await commitSteps([step(1, 'create'), step(2, 'delete')], [], before, context);
    assert.deepEqual(told, ['1 failed E_HAPROXY_RELOAD', '2 failed E_HAPROXY_RELOAD']);
    assert.equal(outcome.observed, before);
    assert.equal(outcome.failures[0]?.code, 'E_HAPROXY_RELOAD');
  });

  it('says what must stand afterwards in logical ids, without what is not ours, and by the wanted objects where they fit', async () => {
    const wanted: Resource = {
      kind: 'Thing',
      id: 'a',
      unit: 'u',
      serves: ['s'],
      attrs: { x: 1 },
      refs: { up: 'b' },
      sets: {},
    };
    const a = object('h-a', { id: 'a', attrs: { x: 1 }, refs: { up: 'h-b' } });
    const b = object('h-b', { id: 'b', sets: { to: new Map([['h-a', { attrs: { weight: 1 } }]]) } });
    const { context, commits } = stage({ advance: () => answered([a, b, object('theirs', { owned: false })]) });
    await commitSteps([step(1, 'update')], [wanted], [], context);
    const [first, second, ...more] = commits[0]?.next ?? [];
    assert.equal(first, wanted);
    assert.deepEqual(second?.sets.to, new Map([['a', { attrs: { weight: 1 } }]]));
    assert.deepEqual(more, []);
  });
});
