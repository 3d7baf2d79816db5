import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Handle, type Observed, type Step, type Until, WeirError } from '../../src/model/index.ts';
import { type ApplyContext, applySteps } from '../../src/run/apply-steps.ts';
import { Gates } from '../../src/run/gates.ts';
import { object, step } from './steps.ts';
import { settled, VirtualClock } from './virtual-clock.ts';

/** An apply context that writes down what is called, and lets a test decide when and how each call ends. */
function stage(options: Partial<ApplyContext> & { manual?: true; answer?: (s: Step) => Handle | undefined } = {}) {
  const clock = new VirtualClock();
  const calls: Step[] = [];
  const told: string[] = [];
  const claims: string[] = [];
  const open = new Map<number, { done: () => void; fail: (error: Error) => void }>();
  const context: ApplyContext = {
    async apply(s) {
      calls.push(s);
      if (options.manual) await new Promise<void>((done, fail) => open.set(s.n, { done, fail }));
      return s.op === 'create' ? (options.answer?.(s) ?? `h${s.n}`) : undefined;
    },
    observe: async () => [],
    advance: (observed) => observed,
    rateClass: (kind) => kind,
    claim: async (s) => void claims.push(`${s.op} ${s.id}`),
    limiter: { take: async () => {}, throttled: () => {} },
    gates: new Gates(clock),
    clock,
    tell: (s, result, _ms, failure) => told.push(`${s.n} ${result}${failure === undefined ? '' : ` ${failure.code}`}`),
    stop: () => false,
    signal: new AbortController().signal,
    parallel: 8,
    ...options,
  };
  const numbers = () => calls.map(({ n }) => n);
  return { clock, calls, numbers, told, claims, open, context };
}

const until: Until = {
  what: 'ready',
  kind: 'Thing',
  of: 'tg',
  set: 'targets',
  members: ['a', 'b'],
  min: 1,
  deadlineMs: 60_000,
};

function group(health: Record<string, 'initial' | 'ready'>): Observed {
  const targets = new Map(Object.keys(health).map((key) => [key, { attrs: {} }]));
  return object('tg', { sets: { targets }, health: { targets: new Map(Object.entries(health)) } });
}

describe('applying steps', () => {
  it('begins a step when those before it are done, and not earlier', async () => {
    const { context, numbers, open } = stage({ manual: true });
    const run = applySteps([step(1, 'create'), step(2, 'create'), step(3, 'update', { after: [1, 2] })], [], context);
    await settled();
    assert.deepEqual(numbers(), [1, 2]);
    open.get(1)?.done();
    await settled();
    assert.deepEqual(numbers(), [1, 2]);
    open.get(2)?.done();
    await settled();
    assert.deepEqual(numbers(), [1, 2, 3]);
    open.get(3)?.done();
    assert.deepEqual(
      (await run).applied.map(({ n }) => n),
      [1, 2, 3],
    );
  });

  it('keeps to the number of calls side by side, and gives room to additions before deletes', async () => {
    const { context, numbers, open } = stage({ manual: true, parallel: 2 });
    const steps = [step(1, 'delete'), step(2, 'remove'), step(3, 'create'), step(4, 'add')];
    const run = applySteps(steps, [], context);
    await settled();
    assert.deepEqual(numbers(), [4, 3]);
    for (const n of [4, 3, 2, 1]) {
      open.get(n)?.done();
      await settled();
    }
    await run;
    assert.deepEqual(numbers(), [4, 3, 2, 1]);
  });

  it('puts the handles of created objects into everything that refers to them', async () => {
    const { context, calls } = stage();
    const member = { attrs: { weight: 1 } };
    await applySteps(
      [
        step(1, 'create'),
        step(2, 'create', { after: [1], refs: { lb: 1, old: 'x', none: null }, sets: { forward: [[1, member]] } }),
        step(3, 'set', { after: [2], handle: 2, set: 'forward', members: [[1, null]] }),
        step(4, 'order', {
          after: [2],
          ranks: [
            [2, 10],
            ['x', 20],
          ],
        }),
      ],
      [],
      context,
    );
    const [, second, third, fourth] = calls.sort((a, b) => a.n - b.n);
    assert.deepEqual(second?.refs, { lb: 'h1', old: 'x', none: null });
    assert.deepEqual(second?.sets, { forward: [['h1', member]] });
    assert.equal(third?.handle, 'h2');
    assert.deepEqual(third?.members, [['h1', null]]);
    assert.deepEqual(fourth?.ranks, [
      ['h2', 10],
      ['x', 20],
    ]);
  });

  it('after a failure goes on with what does not wait for it', async () => {
    const { context, told } = stage({
      apply: async (s) => {
        if (s.n === 1) throw new WeirError('E_HELD', 'name is taken');
        return `h${s.n}`;
      },
    });
    const steps = [
      step(1, 'create'),
      step(2, 'add', { after: [1] }),
      step(3, 'delete', { after: [2] }),
      step(4, 'create'),
    ];
    const outcome = await applySteps(steps, [], context);
    assert.deepEqual(
      outcome.applied.map(({ n }) => n),
      [4],
    );
    assert.deepEqual(told.sort(), ['1 failed E_HELD', '2 skipped', '3 skipped', '4 done']);
    assert.equal(outcome.failures[0]?.message, 'create Thing thing-1: name is taken');
  });

  it('gives up when nothing works any more', async () => {
    const steps = Array.from({ length: 100 }, (_, i) => step(i, 'update'));
    const failing = async () => {
      throw new WeirError('E_APPLY', 'no answer');
    };
    const { context } = stage({ apply: failing, parallel: 1 });
    assert.equal((await applySteps(steps, [], context)).failures.length, 8);
  });

  it('what a provider throws without a code is a bug, and told as one', async () => {
    const failing = async () => {
      throw new TypeError('x is undefined');
    };
    const outcome = await applySteps([step(1, 'update')], [], stage({ apply: failing }).context);
    assert.equal(outcome.failures[0]?.code, 'E_BUG');
    assert.match(outcome.failures[0]?.message ?? '', /TypeError: x is undefined/);
  });

  it('starts nothing more when told to stop, and finishes what it has started', async () => {
    let stopped = false;
    const { context, numbers, open } = stage({ manual: true, parallel: 1, stop: () => stopped });
    const run = applySteps([step(1, 'create'), step(2, 'create')], [], context);
    await settled();
    stopped = true;
    open.get(1)?.done();
    assert.deepEqual(
      (await run).applied.map(({ n }) => n),
      [1],
    );
    assert.deepEqual(numbers(), [1]);
  });

  it('claims before a create and lets go after a delete', async () => {
    const { context, claims } = stage();
    await applySteps([step(1, 'create'), step(2, 'delete'), step(3, 'update')], [], context);
    assert.deepEqual(claims.sort(), ['create thing-1', 'delete thing-2']);
  });

  it('does not create what it could not claim', async () => {
    const claim = async () => {
      throw new WeirError('E_JOURNAL', 'no space left');
    };
    const { context, numbers } = stage({ claim });
    const outcome = await applySteps([step(1, 'create')], [], context);
    assert.deepEqual(numbers(), []);
    assert.equal(outcome.failures[0]?.code, 'E_JOURNAL');
  });
});

describe('gates', () => {
  const steps = [step(1, 'wait', { until }), step(2, 'remove', { after: [1] }), step(3, 'add')];

  it('shut: what stands behind is left for a later plan, the rest goes on', async () => {
    const { context, numbers, told } = stage({ observe: async () => [group({ a: 'initial', b: 'initial' })] });
    const outcome = await applySteps(steps, [], context);
    assert.deepEqual(numbers(), [3]);
    assert.deepEqual(outcome.waiting, [until]);
    assert.ok(told.includes('1 waiting') && !told.some((line) => line.startsWith('2')));
  });

  it('open: goes through', async () => {
    const { context, numbers } = stage({ observe: async () => [group({ a: 'initial', b: 'ready' })] });
    const outcome = await applySteps(steps, [], context);
    assert.deepEqual(numbers().sort(), [2, 3]);
    assert.deepEqual(outcome.waiting, []);
  });

  it('members that are not named do not count', async () => {
    const { context } = stage({ observe: async () => [group({ old: 'ready', a: 'initial' })] });
    assert.equal((await applySteps(steps, [], context)).waiting.length, 1);
  });

  it('one reading serves all gates between two writes', async () => {
    let readings = 0;
    const observe = async () => {
      readings++;
      return [group({ a: 'ready' })];
    };
    const { context } = stage({ observe });
    const gates = [1, 2, 3].map((n) => step(n, 'wait', { until }));
    await applySteps(
      [...gates, step(4, 'add', { after: [1, 2, 3] }), step(5, 'wait', { until, after: [4] })],
      [],
      context,
    );
    assert.equal(readings, 2);
  });

  it('at the deadline it fails, however often the plan was made anew; other members begin their own time', async () => {
    const { context, clock } = stage({ observe: async () => [group({ a: 'initial', b: 'initial', c: 'initial' })] });
    assert.equal((await applySteps(steps, [], context)).waiting.length, 1);
    await clock.pass(59_999);
    assert.equal((await applySteps(steps, [], context)).waiting.length, 1);
    await clock.pass(1);
    const outcome = await applySteps(steps, [], context);
    assert.equal(outcome.failures[0]?.code, 'E_GATE_DEADLINE');
    const other = [step(1, 'wait', { until: { ...until, members: ['c'] } })];
    assert.equal((await applySteps(other, [], context)).waiting.length, 1);
  });

  it('drained: open when no named member drains, and at the deadline', async () => {
    const draining = object('tg', { sets: {}, health: { targets: new Map([['a', 'draining'] as const]) } });
    const drain = [step(1, 'wait', { until: { ...until, what: 'drained' } }), step(2, 'delete', { after: [1] })];
    const { context, clock, numbers } = stage({ observe: async () => [draining] });
    assert.equal((await applySteps(drain, [], context)).waiting.length, 1);
    await clock.pass(60_000);
    const outcome = await applySteps(drain, [], context);
    assert.deepEqual(outcome.failures, []);
    assert.deepEqual(numbers(), [2]);
  });

  it('drained, where the system itself ends what drains: open then, however late, and no failure', async () => {
    let state: 'draining' | 'ready' = 'draining';
    const observe = async () => [object('tg', { sets: {}, health: { targets: new Map([['a', state] as const]) } })];
    const waits = { ...until, what: 'drained', ends: true } as const;
    const drain = [step(1, 'wait', { until: waits }), step(2, 'delete', { after: [1] })];
    const { context, clock, numbers } = stage({ observe });
    assert.equal((await applySteps(drain, [], context)).waiting.length, 1);
    await clock.pass(600_000);
    const late = await applySteps(drain, [], context);
    assert.deepEqual([late.waiting.length, late.failures], [1, []]);
    state = 'ready';
    await applySteps(drain, [], context);
    assert.deepEqual(numbers(), [2]);
  });
});
