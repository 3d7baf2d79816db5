import type { Observed, Refusal, Step, StepOp, StepResult, Unit } from '../model/index.ts';
import type { Turns } from '../model/turns.ts';
import { applySteps } from './apply-steps.ts';
import { commitSteps } from './commit-steps.ts';
import type { Connection } from './connection.ts';
import type { Contests } from './contests.ts';
import { converge, type Verdict } from './converge.ts';
import { type Failure, failureOf } from './failure.ts';
import type { KindTable } from './kind-table.ts';
import type { LaneOptions, Wanted } from './lane-options.ts';
import { withHealth } from './observed-cache.ts';
import type { Outcome, Tell } from './outcome.ts';
import { unitsOf, withReading } from './picture.ts';
import type { UnitGroup } from './planner.ts';
import type { UnitRecord } from './unit-record.ts';

/** Calls of one unit side by side; the limiter bounds them over all units. */
const parallel = 8;

export interface Order {
  readonly group: UnitGroup;
  readonly record: UnitRecord;
  readonly wanted: Wanted;
  readonly why: 'change' | 'drift' | 'gate' | 'retry';
  /** Read the unit before planning: what is known of it may be old. */
  readonly read: boolean;
  readonly cause: string;
  /** Whether what is planned is also done: its turn began while this weir led. */
  readonly leads: boolean;
  /** A newer desired state of the unit is there. */
  readonly superseded: () => boolean;
}

export interface WorkContext {
  readonly options: LaneOptions;
  readonly kinds: KindTable;
  readonly connection: Connection;
  readonly incomplete: Wanted['incomplete'];
  readonly contests: Contests;
  readonly turns: Turns;
  /** Start nothing more. */
  readonly signal: AbortSignal;
  /** End also what is under way. */
  readonly hard: AbortSignal;
}

/** One turn of one unit, to where it goes no further now. Never throws: what goes wrong is the verdict. */
export async function workOnUnit(order: Order, context: WorkContext): Promise<Verdict> {
  const { options, connection, hard, signal } = context;
  const { group, cause } = order;
  const units = unitsOf(group);
  // What is wanted may follow what is there.
  const outside = order.why === 'drift' || (order.why === 'change' && order.record.seen?.wanted === order.wanted);
  const stop = () => signal.aborted || order.superseded() || (order.leads && !options.gate.open);
  // A state that is written as a whole has no part that could be left to others.
  const contests = options.provider.capabilities.writes === 'apply' ? context.contests : undefined;
  let observed = group.observed;
  try {
    let fresh: readonly Observed[] | undefined;
    if (order.read) {
      // Behind a gate stand our own fresh writes: a system that answers late must not undo them.
      const ownWrites = order.why === 'gate' && options.provider.capabilities.writes === 'apply';
      fresh = await connection.observe(units, hard, ownWrites ? 'health' : 'complete');
      observed = ownWrites ? withHealth(group.observed, fresh) : withReading(group, fresh);
    }
    const execute = executor(order, context, units, stop, fresh);
    const verdict = await converge(
      { ...group, observed },
      {
        planner: options.planner,
        turns: context.turns,
        kinds: options.provider.kinds,
        policy: options.policy(),
        gateDeadlineMs: options.gateDeadlineMs,
        incomplete: context.incomplete,
        clock: options.clock,
        execute,
        sift: (steps) => contests?.sift(steps) ?? steps,
        leads: order.leads,
        stop,
        planned: async (steps, refused) => {
          if (steps.length > 0 && order.leads) order.record.state = 'changing';
          countPlan(options, steps, refused);
          if (order.leads && isNews(order.record, steps, refused)) {
            await options.events.planned({ balancer: options.name, unit: group.unit, steps, refused });
          }
        },
        applied: (plan) => {
          if (outside) contests?.note(plan.steps);
          options.events.applied({ ...plan, balancer: options.name, cause });
        },
      },
    );
    tellStuck(order, verdict, options);
    return verdict;
  } catch (error) {
    if (hard.aborted) return ended(observed, 'stopped');
    const failure = failureOf(error);
    if (failure.class === 'bug') options.log.error({ unit: group.unit, error }, failure.message);
    return ended(observed, 'failed', failure);
  }
}

/** A plan that does nothing but wait and refuse is made again at each look: it is told when it is another one. */
function isNews(record: UnitRecord, steps: readonly Step[], refused: readonly Refusal[]): boolean {
  const text = steps.every(({ op }) => op === 'wait') ? JSON.stringify([steps, refused]) : undefined;
  const again = text !== undefined && text === record.toldPlan;
  record.toldPlan = text;
  return !again && steps.length + refused.length > 0;
}

/** Each step said that it was done: nothing else in the log tells. Once, however often it is tried again. */
function tellStuck({ group, record }: Order, { stuck, failure }: Verdict, { log, name }: LaneOptions): void {
  if (stuck === undefined || failure === undefined || record.message === failure.message) return;
  log.error({ balancer: name, unit: group.unit, code: failure.code }, failure.message);
}

function ended(observed: readonly Observed[], state: Verdict['state'], failure?: Failure): Verdict {
  const verdict = { state, observed, refused: [], waiting: [], applied: 0 };
  return failure === undefined ? verdict : { ...verdict, failure };
}

/** Runs a plan the way the provider takes it: by one call for each step, or all at once. */
function executor(
  order: Order,
  context: WorkContext,
  units: readonly Unit[],
  stop: () => boolean,
  reading: readonly Observed[] | undefined,
): Parameters<typeof converge>[1]['execute'] {
  const { options, connection, kinds, hard } = context;
  const { clock, claims, gate, planner, limiter } = options;
  const { gates } = order.record;
  const session = connection.session;
  let fresh = reading;
  // Between calls only gates look; who commits a whole state looks at all of it.
  const observe = () => connection.observe(units, hard, session?.commit === undefined ? 'health' : 'complete');
  const claim = async (step: Step): Promise<void> => {
    if (kinds.get(step.kind)?.claim !== 'journal') return;
    if (step.op === 'create') gate.check();
    await (step.op === 'create' ? claims.claim(step.kind, step.id) : claims.release(step.kind, step.id));
  };
  const tell = teller(order, options);
  const shared = { observe, claim, gates, clock, tell, signal: hard };
  return async (steps, desired, observed): Promise<Outcome> => {
    const first = fresh;
    fresh = undefined;
    if (session?.commit !== undefined) {
      const { commit } = session;
      const guarded: typeof commit = (...args) => {
        gate.check();
        return commit.apply(session, args);
      };
      const readAll = async () => {
        const fresh = await observe();
        if (context.turns.due) await context.turns.next();
        return withReading({ ...order.group, observed }, fresh);
      };
      return commitSteps(steps, desired, observed, {
        ...shared,
        commit: guarded,
        kinds,
        turns: context.turns,
        advance: planner.advanceSliced,
        observe: readAll,
      });
    }
    const { apply } = session ?? {};
    if (session === undefined || apply === undefined)
      throw new TypeError(`provider ${options.provider.name} can neither apply nor commit`);
    return applySteps(steps, observed, {
      ...shared,
      advance: planner.advance,
      // Whatever a step has waited for: it begins while this weir leads, or not at all.
      apply: async (step, signal) => {
        gate.check();
        return apply.call(session, step, signal);
      },
      limiter,
      stop,
      parallel,
      // A provider that counts the calls of a step takes its tokens itself.
      rateClass: (kind) => (options.provider.calls === undefined ? (kinds.get(kind)?.rateClass ?? kind) : undefined),
      ...(first === undefined ? {} : { reading: first }),
    });
  };
}

/** Tells and counts each step. A gate that goes on waiting is told once, not at every look. */
function teller({ group, record }: Order, { name, events, metrics, provider }: LaneOptions): Tell {
  return (step, result, durationMs, failure) => {
    if (result === 'waiting' && !record.gates.firstTold(step)) return;
    const told: StepResult = { balancer: name, unit: group.unit, step, result, durationMs, ...failure };
    events.step(told);
    if (step.op !== 'wait') metrics.count('weir_apply_steps_total', { op: step.op, result, code: failure?.code ?? '' });
    if (result === 'done' && step.gap !== undefined)
      metrics.count('weir_gaps_total', { provider: provider.name }, step.gap.length);
  };
}

const ops: readonly StepOp[] = ['create', 'update', 'add', 'set', 'remove', 'delete', 'order', 'wait'];
const refusals: readonly Refusal['why'][] = ['policy', 'foreign', 'slot', 'incomplete', 'blocked', 'in use', 'guarded'];

/** What the last plan held, zeros too: a gauge that is not set keeps its last value. */
function countPlan({ metrics, provider }: LaneOptions, steps: readonly Step[], refused: readonly Refusal[]): void {
  const labels = { provider: provider.name };
  const done = tally(steps, ({ op }) => op);
  for (const op of ops) metrics.set('weir_plan_steps', done.get(op) ?? 0, { ...labels, op });
  const held = tally(refused, ({ why }) => why);
  for (const why of refusals) metrics.set('weir_refused', held.get(why) ?? 0, { ...labels, why });
}

function tally<T, K>(items: readonly T[], by: (item: T) => K): ReadonlyMap<K, number> {
  const counts = new Map<K, number>();
  for (const item of items) counts.set(by(item), (counts.get(by(item)) ?? 0) + 1);
  return counts;
}
