import type { Observed, Step, StepResult, Until } from '../model/index.ts';
import type { Failure } from './failure.ts';

/** What became of one plan. It is never resumed: what is left is planned again from what is then known. */
export interface Outcome {
  /** What is known of the unit afterwards. */
  readonly observed: readonly Observed[];
  /** Steps done, waits not counted, in the order in which they were done. */
  readonly applied: readonly Step[];
  /** Gates that are shut. */
  readonly waiting: readonly Until[];
  readonly failures: readonly Failure[];
}

/** Told for every step as its result is known. */
export type Tell = (
  step: Step,
  result: StepResult['result'],
  durationMs: number,
  failure?: Pick<Failure, 'code' | 'message'>,
) => void;

export function overdueMessage(until: Until): string {
  const members = until.members.length === 1 ? `${until.members[0]}` : `${until.members.length} members`;
  return `${members} of ${until.kind} not ${until.what} within ${Math.round(until.deadlineMs / 1000)} s; what served before goes on serving`;
}
