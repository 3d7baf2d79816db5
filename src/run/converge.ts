import { createHash } from 'node:crypto';
import {
  type AppliedPlan,
  inStrides,
  type Observed,
  type Policy,
  type Refusal,
  type Resource,
  type ServiceId,
  type Sliced,
  type Step,
  type Until,
  WeirError,
} from '../model/index.ts';
import type { Turns } from '../model/turns.ts';
import type { Clock } from './clock.ts';
import { type Failure, failureOf, worstFailure } from './failure.ts';
import type { Outcome } from './outcome.ts';
import type { Planner, UnitGroup } from './planner.ts';

export interface ConvergeContext {
  readonly planner: Planner;
  readonly turns: Turns;
  readonly kinds: Parameters<Planner['plan']>[0];
  readonly policy: Policy;
  readonly gateDeadlineMs: number;
  readonly incomplete: (service: ServiceId) => boolean;
  /** Leaves out of a plan what is not to be done at present. */
  readonly sift: (steps: readonly Step[]) => readonly Step[];
  /** Runs a plan as far as it goes now. */
  readonly execute: (
    steps: readonly Step[],
    desired: readonly Resource[],
    observed: readonly Observed[],
  ) => Promise<Outcome>;
  readonly clock: Clock;
  /** False: what is planned is the leader's to do. */
  readonly leads: boolean;
  /** True: a newer desired state is there, or the end. */
  readonly stop: () => boolean;
  readonly planned: (steps: readonly Step[], refused: readonly Refusal[]) => void | Promise<void>;
  readonly applied: (plan: Omit<AppliedPlan, 'balancer' | 'cause'>) => void;
}

/** Where a unit stands after it was brought as far as it goes. */
export interface Verdict {
  readonly state: 'in sync' | 'waiting' | 'failed' | 'stopped' | 'following';
  readonly observed: readonly Observed[];
  readonly refused: readonly Refusal[];
  readonly waiting: readonly Until[];
  readonly failure?: Failure;
  /** What failed is that steps for these services were done and are not seen: doing them once more brings nothing else. */
  readonly stuck?: ReadonlySet<ServiceId>;
  /** Steps done. */
  readonly applied: number;
  /** Steps that are left to the leader. */
  readonly left?: number;
}

/** Plans in a row that write: a provider that needs more does not show what is written to it. */
const maxTurns = 200;

/** Plans and executes one unit until nothing is left to do, everything that is left waits, something fails, or `stop` says so. */
export async function converge(group: UnitGroup, context: ConvergeContext): Promise<Verdict> {
  const { planner, clock, turns } = context;
  let observed = group.observed;
  let applied = 0;
  let last = '';
  for (let turn = 0; ; turn++) {
    if (turns.due) await turns.next();
    const whole = await turns.do(planner.planSliced(context.kinds, group.desired, observed, context));
    const [steps, { refused }] = [context.sift(whole.steps), whole];
    const verdict = (state: Verdict['state'], rest: Partial<Verdict> = {}): Verdict => ({
      state,
      observed,
      refused,
      waiting: [],
      applied,
      ...rest,
    });
    if (turns.due) await turns.next();
    if (turn === 0 || steps.length > 0) await context.planned(steps, refused);
    if (steps.length === 0) return verdict('in sync');
    if (context.stop()) return verdict('stopped');
    if (!context.leads) return verdict('following', { left: steps.length });
    if (turns.due) await turns.next();
    const id = await turns.do(planId(steps));
    if (id === last || turn >= maxTurns)
      return verdict('failed', { failure: noProgress(steps), stuck: servedBy(steps) });
    if (turns.due) await turns.next();
    const started = { ms: clock.now(), wallMs: clock.wall() };
    const outcome = await context.execute(steps, group.desired, observed);
    observed = outcome.observed;
    applied += outcome.applied.length;
    const failure = worstFailure(outcome.failures);
    if (outcome.applied.length > 0 || failure !== undefined) {
      last = outcome.applied.length > 0 ? id : '';
      context.applied({
        id,
        unit: group.unit,
        startedMs: started.wallMs,
        durationMs: Math.round(clock.now() - started.ms),
        steps: outcome.applied,
        refused,
        result: failure === undefined ? 'done' : 'failed',
        ...(failure === undefined ? {} : { message: `${failure.code}: ${failure.message}` }),
      });
    }
    if (failure !== undefined) return verdict('failed', { failure, observed, applied });
    if (outcome.applied.length > 0) continue;
    if (outcome.waiting.length > 0) return verdict('waiting', { waiting: outcome.waiting, observed });
    if (context.stop()) return verdict('stopped', { observed });
    // Every step was a gate that is open: the planner, told by a new reading, goes on behind them.
    if (id === last) return verdict('failed', { failure: noProgress(steps), stuck: servedBy(steps), observed });
    last = id;
  }
}

/** Short hash of the steps: the same plan has the same name everywhere. */
export function* planId(steps: readonly Step[]): Sliced<string> {
  const hash = createHash('sha256');
  yield* inStrides(steps, (step) => hash.update(JSON.stringify(step)));
  return hash.digest('hex').slice(0, 12);
}

function servedBy(steps: readonly Step[]): ReadonlySet<ServiceId> {
  return new Set(steps.flatMap(({ serves }) => serves));
}

function noProgress(steps: readonly Step[]): Failure {
  const [first] = steps;
  const step = first === undefined ? 'a step' : `${first.op} ${first.kind} ${first.id}`;
  return failureOf(
    new WeirError('E_APPLY', `${step} was done but is not seen (${steps.length} steps planned again unchanged)`),
  );
}
