import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logEvents, textEvents } from '../../src/cli/run-events.ts';
import type { AppliedPlan, Problem, Step, StepResult } from '../../src/model/index.ts';
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

test('a thousand services that lose their addresses at once are one line, and one when they are back; what differs is told apart', () => {
  const lines: { level: string; fields: object; message: string | undefined }[] = [];
  const at = (level: string) => (fields: object, message?: string) => void lines.push({ level, fields, message });
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const lost = (n: number, address: string): Problem => ({
    ...{ code: 'E_L2_QUORUM', severity: 'error', source: `Service/shop/s${n}`, service: `shop/s${n}` },
    message: `nobody answers for ${address}: of the machines that decide only a is heard here.`,
  });
  const many = Array.from({ length: 1000 }, (_, n) =>
    lost(n, n % 2 === 0 ? `10.0.${n >> 8}.${n & 255}` : `fd09::${n}`),
  );
  const other = { ...lost(1000, '10.9.9.9'), message: 'something else' };
  const events = logEvents(log);
  events.problems?.([...many, other], []);
  events.problems?.([], many);
  assert.deepEqual(
    lines.map(({ level, message }) => `${level} ${message}`),
    [
      'error nobody answers for 10.0.0.0: of the machines that decide only a is heard here. The same of Service/shop/s1, Service/shop/s2, Service/shop/s3, Service/shop/s4, Service/shop/s5 and 994 more',
      'error something else',
      'info problems gone',
    ],
  );
  for (const at of [0, 2]) assert.partialDeepStrictEqual(lines[at]?.fields, { code: 'E_L2_QUORUM', alike: 999 });
  events.problems?.(many.slice(0, 3), []);
  assert.equal(lines.length, 6, 'few have a line each');
});
