import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand } from '../../src/cli/program.ts';
import type { Step } from '../../src/model/index.ts';
import { emptyPlan, fakeDeps, problem, smallPlan, step } from './fake-app.ts';
import { memoryIo } from './memory-io.ts';

async function plan(report: typeof emptyPlan, ...argv: string[]) {
  const io = memoryIo({ files: { 'shop.yaml': 'a:\n  port: 70000\n' } });
  const { deps, closed } = fakeDeps({ plan: async () => report });
  const code = await runCommand(['plan', '-f', 'shop.yaml', ...argv], io, deps);
  assert.deepEqual(closed, ['leave']);
  return { code, ...io.written };
}

test('text: symbols with a word, reasons, gap, refusal, unchanged, the summary last', async () => {
  const { code, out, err } = await plan(smallPlan);
  assert.equal(code, 0);
  assert.equal(err, '');
  assert.equal(
    out,
    [
      'default  u',
      '    + create   Backend   web  wanted',
      '        servers  + a',
      '    - delete   Backend   old  not wanted',
      '        GAP: interrupts shop/old',
      '    ! refused  Frontend  x    delete: not ours: Frontend x',
      '  = 3 objects unchanged',
      'Plan: 1 to create, 0 to update, 0 to replace, 1 to delete, 1 refused, 1 gap; 3 unchanged. 2 steps.',
      '',
    ].join('\n'),
  );
});

test('JSON is the report itself', async () => {
  const { out } = await plan(smallPlan, '-o', 'json');
  assert.deepEqual(JSON.parse(out), JSON.parse(JSON.stringify(smallPlan)));
});

test('exit codes: 0 with changes, by --detailed-exitcode 0, 2 and 1', async () => {
  assert.equal((await plan(smallPlan)).code, 0);
  assert.equal((await plan(emptyPlan, '--detailed-exitcode')).code, 0);
  assert.equal((await plan(smallPlan, '--detailed-exitcode')).code, 2);
  const onlyRefused = { ...smallPlan, units: smallPlan.units.map((unit) => ({ ...unit, steps: [] })) };
  assert.equal((await plan(onlyRefused, '--detailed-exitcode')).code, 1);
  assert.equal((await plan({ ...smallPlan, problems: [problem] }, '--detailed-exitcode')).code, 1);
  assert.equal((await plan({ ...emptyPlan, problems: [{ ...problem, severity: 'warning' }] })).code, 0);
});

test('a problem is shown with its line, on stderr, and makes the exit code 1', async () => {
  const { code, err } = await plan({ ...emptyPlan, problems: [problem] });
  assert.equal(code, 1);
  assert.equal(
    err,
    [
      'error[E_PORT] shop/web ports[0].port: must be a whole number from 1 to 65535',
      '  --> shop.yaml:2:9',
      '    2 |   port: 70000',
      '      |         ^',
      '  Write a whole number from 1 to 65535.   weir explain E_PORT',
      '',
    ].join('\n'),
  );
});

test('--fail-on stops CI for gaps, risks, deletes, releases and refusals, each by its name alone', async () => {
  for (const reason of ['gap', 'delete', 'refused', 'gap,refused']) {
    const { code, err } = await plan(smallPlan, '--fail-on', reason);
    assert.equal(code, 1);
    assert.match(err, new RegExp(`failed on ${reason.replace(',', ', ')}`));
  }
  assert.equal((await plan(emptyPlan, '--fail-on', 'gap,delete,refused')).code, 0);
  const planOf = (one: Step) => ({ ...smallPlan, units: [{ balancer: 'u', unit: 'u', steps: [one], refused: [] }] });
  const risky = planOf(step({ n: 1, op: 'update', kind: 'Front', id: 'f', risk: ['shop/web'] }));
  assert.equal((await plan(risky, '--fail-on', 'gap')).code, 0);
  assert.match((await plan(risky, '--fail-on', 'gap,risk')).err, /failed on risk/);
  const released = planOf(step({ n: 1, op: 'delete', kind: 'Front', id: 'f', borrowed: true }));
  assert.equal((await plan(released, '--fail-on', 'delete')).code, 0);
  assert.equal((await plan(released, '--fail-on', 'release')).code, 1);
  const emptied = planOf(step({ n: 2, op: 'delete', kind: 'Front', id: 'f', handle: 'f-1', borrowed: true }));
  emptied.units[0]?.steps.unshift(step({ n: 1, op: 'remove', kind: 'Front', id: 'f', handle: 'f-1', set: 'targets' }));
  for (const reason of ['delete', 'release']) assert.equal((await plan(emptied, '--fail-on', reason)).code, 1);
  const wrong = await runCommand(['plan', '--fail-on', 'gaps'], memoryIo(), fakeDeps().deps);
  assert.equal(wrong, 2);
});
