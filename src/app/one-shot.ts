import type { ApplyReport, PlanReport, StepResult } from '../model/index.ts';
import type { OnStep } from './contract.ts';
import { driveLanes, endWith } from './drive.ts';
import { preview } from './preview.ts';
import type { Runtime } from './runtime.ts';

/** Failures in a row after which a unit is given up. */
const tries = 3;

/** Plans, tells the plan, applies it, and goes on until every unit is in sync, given up, waits for longer than any gate, or the signal aborts. Throws E_NOT_LEADER, E_LEASE. */
export async function applyOnce(
  runtime: Runtime,
  signal: AbortSignal,
  onStep: OnStep,
  onPlan?: (plan: PlanReport) => void,
): Promise<ApplyReport> {
  await runtime.prepare(true);
  runtime.stand();
  try {
    await runtime.parts.leader?.acquire(signal);
    return await applyLeading(runtime, signal, onStep, onPlan);
  } finally {
    await runtime.resign();
  }
}

async function applyLeading(
  runtime: Runtime,
  signal: AbortSignal,
  onStep: OnStep,
  onPlan?: (plan: PlanReport) => void,
): Promise<ApplyReport> {
  const { balancers, clock, stage } = runtime.parts;
  for (const { lane } of balancers) lane.restart();
  const plan = await preview(runtime, signal);
  onPlan?.(plan);
  const results: StepResult[] = [];
  const lanes = balancers.map(({ lane }) => lane);
  const end = endWith(signal);
  stage.audience = {
    step(result) {
      results.push(result);
      onStep(result);
    },
    stateChanged() {
      if (lanes.every((lane) => lane.settled(tries))) end.abort();
    },
  };
  try {
    if (lanes.length > 0) await driveLanes(lanes, end.signal, clock);
  } finally {
    stage.audience = {};
  }
  const waiting = lanes.flatMap((lane) =>
    lane.outlasting().map(({ balancer, unit, message }) => ({ balancer, unit, message })),
  );
  return { plan, results, failed: balancers.flatMap(failuresOf), ...(waiting.length === 0 ? {} : { waiting }) };
}

const notLeading = { code: 'E_NOT_LEADER', message: 'another weir has taken the lead: the rest was left to it' };

function failuresOf({ name, lane, gate }: Runtime['parts']['balancers'][number]): ApplyReport['failed'] {
  const units = lane.units().filter((unit) => unit.state === 'failed');
  const failed = units.map(({ unit, code, message }) => ({ balancer: name, unit, code: code ?? 'E_APPLY', message }));
  if (failed.length > 0) return failed;
  if (!gate.open) return [{ balancer: name, unit: name, ...notLeading }];
  const errors = lane.problems().filter(({ severity }) => severity === 'error');
  return errors.map(({ code, message }) => ({ balancer: name, unit: name, code, message }));
}
