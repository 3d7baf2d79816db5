import {
  inStrides,
  type Observed,
  type Resource,
  type Session,
  type Step,
  type Until,
  WeirError,
} from '../model/index.ts';
import type { Turns } from '../model/turns.ts';
import type { Clock } from './clock.ts';
import { desiredShape } from './desired-shape.ts';
import { type Failure, failureOf } from './failure.ts';
import type { Gates } from './gates.ts';
import type { KindTable } from './kind-table.ts';
import { type Outcome, overdueMessage, type Tell } from './outcome.ts';
import type { Planner } from './planner.ts';
import { isShut } from './write-gate.ts';

export interface CommitContext {
  readonly commit: NonNullable<Session['commit']>;
  readonly observe: () => Promise<readonly Observed[]>;
  readonly advance: Planner['advanceSliced'];
  readonly kinds: KindTable;
  readonly turns: Turns;
  readonly claim: (step: Step) => Promise<void>;
  readonly gates: Gates;
  readonly clock: Clock;
  readonly tell: Tell;
  readonly signal: AbortSignal;
}

/**
 * Brings a whole-state system forward by one call: every step that waits for no shut gate, and as `next` what the system
 * must then say. What stands behind a gate is planned again once the system has been read.
 */
export async function commitSteps(
  steps: readonly Step[],
  desired: readonly Resource[],
  before: readonly Observed[],
  context: CommitContext,
): Promise<Outcome> {
  const { clock, tell, turns, signal } = context;
  const { ready, waiting, failures } = choose(steps, desired, before, context);
  if (ready.length === 0) return { observed: before, applied: [], waiting, failures };
  const after = await turns.do(context.advance(before, ready));
  if (turns.due) await turns.next();
  const next = await turns.do(desiredShape(context.kinds, after, desired));
  if (turns.due) await turns.next();
  const startMs = clock.now();
  try {
    for (const step of ready) if (step.op === 'create') await context.claim(step);
    await context.commit(ready, next, signal);
    for (const step of ready) if (step.op === 'delete') await context.claim(step);
  } catch (error) {
    if (signal.aborted || isShut(error)) return { observed: before, applied: [], waiting, failures };
    const failure = failureOf(error);
    const durationMs = clock.now() - startMs;
    for (const step of ready) tell(step, 'failed', durationMs, failure);
    return { observed: before, applied: [], waiting, failures: [...failures, failure] };
  }
  const durationMs = clock.now() - startMs;
  if (turns.due) await turns.next();
  await turns.do(inStrides(ready, (step) => tell(step, 'done', durationMs)));
  return { observed: await context.observe(), applied: ready, waiting, failures };
}

interface Choice {
  readonly ready: readonly Step[];
  readonly waiting: Outcome['waiting'];
  readonly failures: readonly Failure[];
}

/**
 * The steps that may be committed together. A gate behind one of them cannot be judged yet: it and what follows is left out, unless what
 * comes is known to be ready with it.
 */
function choose(
  steps: readonly Step[],
  desired: readonly Resource[],
  before: readonly Observed[],
  { kinds, gates, tell }: CommitContext,
): Choice {
  const left = new Set<number>();
  const ready = new Map<number, Step>();
  const waiting: Outcome['waiting'][number][] = [];
  const failures: Failure[] = [];
  for (const step of steps) {
    const { until } = step;
    if (step.after.some((n) => left.has(n))) left.add(step.n);
    else if (step.op !== 'wait' || until === undefined) ready.set(step.n, step);
    else if (typeof until.of === 'number') left.add(step.n);
    else {
      const handle = until.of;
      const seen = before.find((object) => object.kind === until.kind && object.handle === handle);
      if (step.after.some((n) => ready.has(n))) {
        if (isReadyAtOnce(until, seen, desired, kinds)) tell(step, 'done', 0);
        else left.add(step.n);
        continue;
      }
      const state = gates.judge(until, handle, seen);
      tell(step, state === 'open' ? 'done' : state === 'shut' ? 'waiting' : 'failed', 0);
      if (state === 'open') continue;
      left.add(step.n);
      if (state === 'shut') waiting.push(until);
      else failures.push(failureOf(new WeirError('E_GATE_DEADLINE', overdueMessage(until))));
    }
  }
  return { ready: [...ready.values()], waiting, failures };
}

function isReadyAtOnce(
  { what, kind, set }: Until,
  seen: Observed | undefined,
  desired: readonly Resource[],
  kinds: KindTable,
): boolean {
  const atOnce = kinds.get(kind)?.sets[set]?.readyAtOnce;
  if (what !== 'ready' || atOnce === undefined || seen === undefined) return false;
  const wanted = desired.find((resource) => resource.kind === kind && resource.id === seen.id);
  return wanted !== undefined && atOnce(wanted.attrs);
}
