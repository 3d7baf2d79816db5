import type { OnStep } from '../app.ts';
import type { ApplyReport, PlanReport, ServiceState } from '../model/index.ts';
import type { CommandContext } from './deps.ts';
import { exit } from './exit.ts';
import { interruptible } from './interrupt.ts';
import type { Io } from './io.ts';
import { json, jsonLines } from './json-lines.ts';
import { placeProblems } from './place-problems.ts';
import { hasErrors, say, tell, tellProblems } from './say.ts';
import type { Output } from './shared-options.ts';
import { addressText, applyText, createStepLines, endingText, type KindsOf, planText } from './text/index.ts';

type Work = (signal: AbortSignal, onStep: OnStep, onPlan: (plan: PlanReport) => void) => Promise<ApplyReport>;

export interface Applying {
  readonly output: Output;
  readonly full: boolean;
  /** The words for the objects of each balancer. */
  readonly kinds: KindsOf;
  /** The plan was shown already, for a question. */
  readonly shown: boolean;
  /** Nothing is wanted any more: problems of the input are nobody's business. */
  readonly removes?: boolean;
  /** Services as they are at the end, for their addresses; absent: nothing is told of them. */
  readonly services?: () => readonly ServiceState[];
  /** Balancers that serve nothing any more when this command ends. Default: none. */
  readonly ending?: readonly string[];
}

/** Applies (or destroys) with plan, progress and result in the form asked for; answers the exit code. */
export async function applying(work: Work, applying: Applying, { io }: CommandContext): Promise<number> {
  const { output, full, kinds, shown, removes = false, services = () => [], ending = [] } = applying;
  const startedMs = io.now();
  const line = output === 'jsonl' ? jsonLines(io) : undefined;
  const stepLine = createStepLines(kinds);
  let planned = shown;
  const showPlan = (plan: PlanReport) => {
    line?.('plan', { plan });
    if (output === 'text' && !planned) say(io, (paint) => planText(plan, paint, { full, kinds }));
    planned = true;
  };
  const ended = await interruptible(io, (signal) =>
    work(
      signal,
      (result) => {
        line?.('step', result);
        if (output === 'text') tell(io, (paint) => stepLine(result, paint));
      },
      showPlan,
    ),
  );
  if (!('value' in ended)) return exit.interrupted;
  const report = ended.value;
  if (output === 'json') json(io, await placed(io, report));
  else if (output === 'jsonl')
    line?.('result', { failed: report.failed, waiting: report.waiting, problems: report.plan.problems });
  else {
    if (!planned) say(io, (paint) => planText(report.plan, paint, { full, kinds }));
    await tellProblems(io, report.plan.problems);
    say(
      io,
      (paint) =>
        `${addressText(services())}${endingText(ending, paint)}${applyText(report, io.now() - startedMs, paint)}`,
    );
  }
  return ended.interrupted ? exit.interrupted : codeOf(report, removes);
}

async function placed(io: Io, report: ApplyReport): Promise<ApplyReport> {
  return { ...report, plan: { ...report.plan, problems: await placeProblems(io, report.plan.problems) } };
}

/** 0: the world is as wanted. 3: something was done and something was not. 1: nothing was done that should have been. */
function codeOf(report: ApplyReport, removes: boolean): number {
  const wrong = !removes && hasErrors(report.plan.problems);
  const { failed, waiting = [] } = report;
  const lacking = failed.length + waiting.length > 0 || report.plan.summary.refused > 0 || wrong;
  if (!lacking) return exit.done;
  // Only time is lacking.
  if (failed.length === 0 && report.plan.summary.refused === 0 && !wrong) return exit.part;
  return report.results.some(({ result }) => result === 'done') ? exit.part : exit.error;
}
