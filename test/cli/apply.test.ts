import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { App } from '../../src/app.ts';
import { runCommand } from '../../src/cli/program.ts';
import { type ApplyReport, WeirError } from '../../src/model/index.ts';
import { applied, emptyPlan, fakeDeps, problem, smallPlan, step } from './fake-app.ts';
import { memoryIo, type World } from './memory-io.ts';

const done = {
  balancer: 'default',
  unit: 'u',
  step: step({ n: 1, op: 'create', kind: 'Backend', id: 'web' }),
  result: 'done',
  durationMs: 900,
} as const;
const failed = { balancer: 'default', unit: 'u', code: 'E_APPLY', message: 'no room' };

function applying(report: ApplyReport): Partial<App> {
  return {
    plan: async () => smallPlan,
    apply: async (_signal, onStep, onPlan) => {
      onPlan?.(report.plan);
      for (const result of report.results) onStep(result);
      return report;
    },
  };
}

async function run(parts: Partial<App>, argv: string[], world: World = {}) {
  const io = memoryIo(world);
  const fake = fakeDeps(parts);
  const code = await runCommand([...argv, '-f', 'a.yaml'], io, fake.deps);
  return { code, io, ...io.written, closed: fake.closed, opened: fake.opened };
}

test('exit codes: 0 done, 3 in part, 1 nothing of what should have been', async () => {
  const codeOf = async (report: Partial<ApplyReport>) =>
    (await run(applying({ ...applied, ...report }), ['apply'])).code;
  assert.equal(await codeOf({}), 0);
  assert.equal(await codeOf({ results: [done] }), 0);
  assert.equal(await codeOf({ results: [done], failed: [failed] }), 3);
  assert.equal(await codeOf({ failed: [failed] }), 1);
  const waiting = [{ balancer: 'default', unit: 'u', message: 'connections may end' }];
  assert.equal(await codeOf({ waiting }), 3);
  assert.equal(await codeOf({ waiting, failed: [failed] }), 1);
  assert.equal(await codeOf({ plan: { ...emptyPlan, problems: [problem] }, results: [done] }), 3);
  assert.equal(await codeOf({ plan: { ...emptyPlan, problems: [problem] } }), 1);
  assert.equal(await codeOf({ plan: smallPlan, results: [done] }), 3);
});

test('the plan and the end are data, the steps are progress', async () => {
  const { out, err } = await run(applying({ plan: smallPlan, results: [done], failed: [failed] }), ['apply']);
  assert.match(out, /\+ create {3}Backend/);
  assert.match(out, /failed {2}default u {2}E_APPLY: no room\nApplied: 1 step in 0 ms, 1 unit failed\.\n$/);
  assert.match(err, /done {5}900 ms {2}create Backend web/);
  assert.equal(out.split('Plan:').length, 2, 'the plan stands there once');
});

test('what is left until connections have ended is no failure, and is told with what does it', async () => {
  const waiting = [
    { balancer: 'aws', unit: 'aws/service/shop/db', message: 'waits until connections end: 60 min at most' },
  ];
  const { out } = await run(applying({ ...applied, results: [done], waiting }), ['apply']);
  assert.match(out, /^ {2}waits {3}aws service\/shop\/db {2}waits until connections end: 60 min at most$/m);
  assert.match(out, /`weir run` does the rest/);
  assert.match(out, /Applied: 1 step in 0 ms, 1 unit left to wait for\.\n$/);
});

test('what serves only while weir runs is told to have ended, with what to run instead', async () => {
  const told = async (provider: string, command: string) =>
    (
      await run({ ...applying({ ...applied, results: [done] }), destroy: async () => applied }, [
        command,
        '--provider',
        provider,
        ...(command === 'destroy' ? ['--yes'] : []),
      ])
    ).out;
  assert.match(
    await told('builtin', 'apply'),
    /^ {2}ended {3}default serves only while weir runs, .* give `weir run` in the place of/m,
  );
  assert.doesNotMatch(await told('haproxy', 'apply'), /while weir runs/);
  assert.doesNotMatch(await told('builtin', 'destroy'), /while weir runs/);
});

test('jsonl: version first, then plan, steps and result', async () => {
  const { out } = await run(applying({ ...applied, results: [done] }), ['apply', '-o', 'jsonl']);
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ type }) => type),
    ['version', 'plan', 'step', 'result'],
  );
  assert.equal(lines[0].schema, '1.0');
});

test('an interrupt stops after the current step with 130; a second one ends at once', async () => {
  const io = memoryIo();
  const { deps, closed } = fakeDeps({
    apply: async (signal, onStep) => {
      io.interrupt();
      assert.equal(signal.aborted, true);
      onStep(done);
      io.interrupt();
      return { ...applied, results: [done] };
    },
  });
  assert.equal(await runCommand(['apply', '-f', 'a.yaml'], io, deps), 130);
  assert.match(io.written.err, /stops after the current step/);
  assert.deepEqual([io.abandoned, closed], [[130], ['leave']]);
});

test('work that throws on interrupt ends with 130, without an error of its own', async () => {
  const io = memoryIo();
  const { deps } = fakeDeps({
    apply: async (signal) => {
      io.interrupt();
      signal.throwIfAborted();
      return applied;
    },
  });
  assert.equal(await runCommand(['apply', '-f', 'a.yaml'], io, deps), 130);
  assert.doesNotMatch(io.written.err, /error\[/);
});

test('--confirm asks on a terminal; no is no; without a terminal it is wrong usage', async () => {
  const yes = await run(applying(applied), ['apply', '--confirm'], { answer: true });
  assert.deepEqual([yes.code, yes.io.asked], [0, ['Apply?']]);
  const parts = { ...applying(applied), apply: async () => assert.fail('applied') };
  const no = await run(parts, ['apply', '--confirm'], { answer: false });
  assert.deepEqual([no.code, no.err.includes('nothing was applied')], [1, true]);
  assert.equal((await run(applying(applied), ['apply', '--confirm'])).code, 2);
});

test('--fail-on applies nothing', async () => {
  const parts = { plan: async () => smallPlan, apply: async () => assert.fail('applied') };
  const { code, err } = await run(parts, ['apply', '--fail-on', 'gap']);
  assert.equal(code, 1);
  assert.match(err, /nothing was applied/);
});

test('destroy needs --yes where nobody can be asked; proxies go down only after success', async () => {
  const parts = (report: ApplyReport) => ({ planDestroy: async () => smallPlan, destroy: async () => report });
  assert.equal((await run(parts(applied), ['destroy'])).code, 2);
  const forced = await run(parts(applied), ['destroy', '--yes']);
  assert.deepEqual([forced.code, forced.closed], [0, ['withdraw']]);
  const failing = await run(parts({ ...applied, failed: [failed] }), ['destroy', '--yes']);
  assert.deepEqual([failing.code, failing.closed], [1, ['leave']]);
  const no = await run(parts(applied), ['destroy'], { answer: false });
  assert.deepEqual([no.code, no.closed, no.io.asked], [1, ['leave'], ['Remove all of this?']]);
});

test('destroy says what stays in the state directory; steps done in one go tell their time once', async () => {
  const several = ['a', 'b', 'c'].map((id) => ({ ...done, durationMs: 114, step: { ...done.step, id } }));
  const told = async (left: ApplyReport['left']) => {
    const report: ApplyReport = { ...applied, ...(left === undefined ? {} : { left }) };
    const parts: Partial<App> = {
      destroy: async (_signal, onStep) => {
        for (const step of several) onStep(step);
        return report;
      },
    };
    const { out, err } = await run(parts, ['destroy', '--yes']);
    assert.equal(err.split('114 ms').length, 2, err);
    return out;
  };
  assert.match(await told({ stateDir: '/x', secrets: false, others: [] }), /left in \/x: .*keys are gone\n/);
  assert.match(await told({ stateDir: '/x', secrets: true, others: ['b'] }), /with their keys .* for balancers b\n/);
  assert.doesNotMatch(await told(undefined), /left in/);
});

test('destroy is done when everything is gone, whatever is wrong with the input; a running weir is to be stopped first', async () => {
  const report = { ...applied, plan: { ...emptyPlan, problems: [problem] } };
  assert.equal((await run({ destroy: async () => report }, ['destroy', '--yes'])).code, 0);
  assert.equal((await run({ apply: async () => report }, ['apply'])).code, 1);
  const destroy = async () => {
    throw new WeirError('E_LOCKED', 'stateDir /x is in use by process 7');
  };
  const locked = await run({ destroy }, ['destroy', '--yes']);
  assert.equal(locked.code, 1);
  assert.match(
    locked.err,
    /error\[E_LOCKED\] stateDir \/x is in use by process 7\n {2}Stop the running weir first .* then destroy/,
  );
});

test('the provider of the quick balancer: haproxy where it can be run, else builtin, and it says so', async () => {
  const without = await run(applying(applied), ['apply']);
  assert.equal(without.opened[0]?.balancers[0]?.provider, 'builtin');
  assert.match(without.err, /haproxy is not installed: using provider builtin/);
  const withIt = await run(applying(applied), ['apply'], { programs: ['haproxy'] });
  assert.equal(withIt.opened[0]?.balancers[0]?.provider, 'haproxy');
  assert.equal(withIt.err, '');
});

test('steps that fail for one reason tell it once', async () => {
  const fail = (id: string, message: string) =>
    ({ ...done, result: 'failed', code: 'E_APPLY', message, step: { ...done.step, id } }) as const;
  const results = [fail('a', 'no room'), fail('b', 'no room'), fail('a', 'no right'), fail('a', 'no room')];
  const { err } = await run(applying({ ...applied, results }), ['apply', '--provider', 'builtin']);
  const reasons = err
    .trimEnd()
    .split('\n')
    .map((line) => /E_APPLY: (.*)$/.exec(line)?.[1] ?? '');
  assert.deepEqual(reasons, ['no room', '', 'no right', 'no room']);
});
