import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logEvents, textEvents } from '../../src/cli/run-events.ts';
import type { AppliedPlan, Step, StepResult } from '../../src/model/index.ts';
import { memoryIo } from './memory-io.ts';

const of = { balancer: 'edge', unit: 'edge@a' };

function results(messages: readonly (string | undefined)[]): readonly StepResult[] {
  return messages.map((message, i): StepResult => {
    const step: Step = {
      n: i + 1,
      op: 'create',
      kind: 'Backend',
      id: `b${i}`,
      unit: of.unit,
      why: 'is new',
      serves: [],
      after: [],
    };
    const outcome =
      message === undefined ? { result: 'done' as const } : { result: 'failed' as const, code: 'E_X', message };
    return { ...of, step, durationMs: 1, ...outcome };
  });
}

const end: AppliedPlan = {
  ...{ id: 'p', ...of, startedMs: 0, durationMs: 5, cause: 'a test', steps: [], refused: [] },
  ...{ result: 'failed', message: 'E_X: away' },
};

test('steps that fail together say why once, in the log and on a terminal', () => {
  const lines: string[] = [];
  const at = (level: string) => (_: object, message?: string) => void lines.push(`${level} ${message}`);
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const io = memoryIo();
  for (const { step, applied } of [logEvents(log), textEvents(io, () => [])]) {
    for (const result of results(['away', 'away', 'away', 'other', undefined, 'other'])) step?.(result);
    applied?.(end);
    for (const result of results(['other'])) step?.(result);
  }
  assert.deepEqual(lines, [
    'warn step failed',
    'debug step failed, too',
    'debug step failed, too',
    'warn step failed',
    'debug step',
    'warn step failed',
    'warn apply failed',
    'warn step failed',
  ]);
  assert.equal(io.written.err.match(/away/g)?.length, 2);
  assert.match(io.written.err, /and 2 steps more, for the same reason\n/);
});

test('a problem that is gone is told with what it was', () => {
  const lines: object[] = [];
  const log = { debug: () => {}, info: (fields: object) => void lines.push(fields), warn: () => {}, error: () => {} };
  const source = 'source/east';
  const problem = { code: 'E_KUBE_READ', severity: 'error', source, message: 'Services cannot be read' } as const;
  logEvents(log).problems?.([], [problem]);
  assert.deepEqual(lines, [{ code: 'E_KUBE_READ', source, reason: 'Services cannot be read' }]);
});
