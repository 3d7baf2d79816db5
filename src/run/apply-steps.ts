import { type Handle, type Observed, type Session, type Step, type StepOp, WeirError } from '../model/index.ts';
import type { Clock } from './clock.ts';
import { type Failure, failureOf } from './failure.ts';
import type { Gates } from './gates.ts';
import type { Limiter } from './limiter.ts';
import { withHealth } from './observed-cache.ts';
import { type Outcome, overdueMessage, type Tell } from './outcome.ts';
import type { Planner } from './planner.ts';
import { resolveStep } from './resolve-step.ts';
import { StepQueue } from './step-queue.ts';
import { isShut } from './write-gate.ts';

export interface ApplyContext {
  readonly apply: NonNullable<Session['apply']>;
  /** Reads the unit anew. */
  readonly observe: () => Promise<readonly Observed[]>;
  readonly advance: Planner['advance'];
  /** Undefined: no token is needed. */
  readonly rateClass: (kind: string) => string | undefined;
  /** Ownership that the system cannot hold: written down before a create, crossed out after a delete. */
  readonly claim: (step: Step) => Promise<void>;
  readonly limiter: Limiter;
  readonly gates: Gates;
  readonly clock: Clock;
  readonly tell: Tell;
  /** True: start nothing more (a newer desired state, or the end). What has been started is finished. */
  readonly stop: () => boolean;
  readonly signal: AbortSignal;
  /** Calls side by side. */
  readonly parallel: number;
  /** What was read just before: serves the gates that are reached before the first write. */
  readonly reading?: readonly Observed[];
}

/** Rooms first, then things, then changes; what takes away comes last. */
export const priorities: Readonly<Record<StepOp, number>> = {
  add: 5,
  create: 4,
  wait: 4,
  update: 3,
  set: 3,
  order: 3,
  remove: 2,
  delete: 1,
};

/** Failures after which no further step is started: the system, not an object, is at fault. */
const tolerated = 8;

/**
 * Runs the steps of a plan, side by side where `after` allows. A step that fails, and a gate that is shut, hold back what waits
 * for them and nothing else: any order that `after` allows is safe, so the rest may go on.
 */
export async function applySteps(
  steps: readonly Step[],
  before: readonly Observed[],
  context: ApplyContext,
): Promise<Outcome> {
  const { gates, clock, tell, signal } = context;
  const queue = new StepQueue(steps, (step) => priorities[step.op]);
  const handles = new Map<number, Handle>();
  const applied: Step[] = [];
  const failures: Failure[] = [];
  const waiting: Outcome['waiting'][number][] = [];
  let reading = context.reading === undefined ? undefined : Promise.resolve(context.reading);
  let readAfter = 0;

  const fail = (step: Step, error: unknown, durationMs: number): void => {
    if (signal.aborted || isShut(error)) return;
    const failure = failureOf(error);
    failures.push({ ...failure, message: `${step.op} ${step.kind} ${step.id}: ${failure.message}` });
    tell(step, 'failed', durationMs, failure);
    for (const held of queue.block(step)) tell(held, 'skipped', 0);
  };

  const gate = async (step: Step): Promise<void> => {
    const { until } = step;
    if (until === undefined || typeof until.of !== 'string')
      throw new WeirError('E_BUG', `wait ${step.n} has no object`);
    // One reading serves every gate that is reached before the next write.
    if (reading === undefined || readAfter !== applied.length) {
      readAfter = applied.length;
      reading = context.observe();
    }
    const handle = until.of;
    const seen = (await reading).find((object) => object.kind === until.kind && object.handle === handle);
    const state = gates.judge(until, handle, seen);
    if (state === 'overdue') throw new WeirError('E_GATE_DEADLINE', overdueMessage(until));
    if (state === 'open') {
      queue.done(step);
      tell(step, 'done', 0);
      return;
    }
    waiting.push(until);
    queue.block(step);
    tell(step, 'waiting', 0);
  };

  const write = async (step: Step, startMs: number): Promise<void> => {
    const rateClass = context.rateClass(step.kind);
    if (rateClass !== undefined) await context.limiter.take(rateClass, priorities[step.op], signal);
    if (step.op === 'create') await context.claim(step);
    const handle = await context.apply(step, signal);
    if (step.op === 'create') {
      if (handle === undefined) throw new WeirError('E_BUG', 'the provider answered a create without a handle');
      handles.set(step.n, handle);
    }
    if (step.op === 'delete') await context.claim(step);
    applied.push(step);
    queue.done(step);
    tell(step, 'done', clock.now() - startMs);
  };

  const run = async (step: Step): Promise<void> => {
    const startMs = clock.now();
    try {
      const resolved = resolveStep(step, handles);
      await (step.op === 'wait' ? gate(resolved) : write(resolved, startMs));
    } catch (error) {
      fail(step, error, clock.now() - startMs);
    }
  };

  const running = new Set<Promise<void>>();
  for (;;) {
    const going = !context.stop() && !signal.aborted && failures.length < tolerated;
    const step = going && running.size < context.parallel ? queue.next() : undefined;
    if (step !== undefined) {
      const task: Promise<void> = run(step).finally(() => running.delete(task));
      running.add(task);
    } else if (running.size > 0) await Promise.race(running);
    else break;
  }
  const known = reading === undefined ? before : withHealth(before, await reading.catch(() => []));
  return { observed: context.advance(known, applied, handles), applied, waiting, failures };
}
