import type { ApplyReport, StepResult } from '../../model/index.ts';
import type { Paint } from './paint.ts';
import { count, span } from './words.ts';

/** One finished step: result, time, what it was. */
export function stepLine(done: StepResult, paint: Paint): string {
  const { step } = done;
  const word = { done: paint.good, waiting: paint.weak, failed: paint.bad, skipped: paint.warn }[done.result];
  const members = step.members === undefined ? '' : ` ${count(step.members.length, 'member')}`;
  const set = step.set === undefined ? '' : ` ${step.set}`;
  const failed =
    done.message === undefined ? '' : `   ${done.code === undefined ? '' : `${done.code}: `}${done.message}`;
  return `  ${word(done.result.padEnd(7))} ${span(done.durationMs).padStart(7)}  ${step.op} ${step.kind} ${step.id}${set}${members}${failed}\n`;
}

/** The end of an apply: what was done, what failed and why; last line greppable. */
export function applyText(report: ApplyReport, durationMs: number, paint: Paint): string {
  const done = report.results.filter(({ result, step }) => result === 'done' && step.op !== 'wait').length;
  const failures = report.failed.map(
    ({ balancer, unit, code, message }) => `  ${paint.bad('failed')}  ${balancer} ${unit}  ${code}: ${message}\n`,
  );
  const end = report.failed.length === 0 ? '' : `, ${count(report.failed.length, 'unit')} failed`;
  return `${failures.join('')}Applied: ${count(done, 'step')} in ${span(durationMs)}${end}.\n`;
}
