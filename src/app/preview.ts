import {
  atOnce,
  type KindSpec,
  type PlanReport,
  type PlanUnit,
  type Problem,
  type Provider,
  type Sliced,
} from '../model/index.ts';
import { nameHandles, summarizeSliced } from '../plan/index.ts';
import { failureOf } from '../run/index.ts';
import type { Balancer } from './balancer.ts';
import { parseGateDeadline } from './durations.ts';
import { allProblems } from './make-state.ts';
import type { Runtime } from './runtime.ts';

/** What would be done now: sources and balancers are read, nothing is written to a balancer. A balancer that cannot be read is a problem. */
export async function preview(runtime: Runtime, signal: AbortSignal): Promise<PlanReport> {
  const { balancers, feeds } = runtime.parts;
  const gathered = await runtime.readSources(signal);
  runtime.accept(gathered, 'asked for');
  const looked = await Promise.all(balancers.map((balancer) => lookAt(runtime, balancer, signal)));
  signal.throwIfAborted();
  const failed = looked.flatMap(({ problem }) => problem ?? []);
  // To take everything away nobody has to read what is wrong with the input; what is left alone they do.
  const known = runtime.emptied
    ? balancers.flatMap(({ lane }) => lane.problems().filter(({ severity }) => severity === 'warning'))
    : // Of a balancer that cannot be read, that says it all.
      allProblems({ feeds, balancers, gathered }).filter(({ source }) => !failed.some((one) => one.source === source));
  const { incomplete, moves = [], addresses } = gathered;
  // That nobody moves can be said of those who hold something, as far as all of them are known.
  const judged = moves.length > 0 || (incomplete.length === 0 && (addresses?.size ?? 0) > 0);
  const plan = planReport(
    looked.flatMap(({ units }) => units),
    [...failed, ...known],
    incomplete,
    judged && !runtime.emptied ? moves : undefined,
  );
  const unasked = runtime.emptied ? 0 : runtime.unasked;
  return unasked === 0 ? plan : { ...plan, unasked };
}

/** A unit's plan with what its summary counts by. */
export interface CountedUnit extends PlanUnit {
  readonly kinds: readonly KindSpec[];
  readonly calls?: Provider['calls'];
  /** Resources wanted; absent: what is unchanged is not counted. */
  readonly desired?: number;
}

export function planReport(
  counted: readonly CountedUnit[],
  problems: readonly Problem[],
  incomplete: PlanReport['incomplete'],
  moves?: PlanReport['moves'],
): PlanReport {
  return atOnce(planReportSliced(counted, problems, incomplete, moves));
}

/** As `planReport`, in slices. */
export function* planReportSliced(
  counted: readonly CountedUnit[],
  problems: readonly Problem[],
  incomplete: PlanReport['incomplete'],
  moves?: PlanReport['moves'],
): Sliced<PlanReport> {
  const units = counted.map(
    ({ balancer, unit, steps, refused, names }): PlanUnit => ({
      balancer,
      unit,
      steps,
      refused,
      ...(names === undefined ? {} : { names }),
    }),
  );
  const summary = yield* summarizeSliced(counted);
  return { units, ...(moves === undefined ? {} : { moves }), problems, incomplete, summary };
}

async function lookAt(
  runtime: Runtime,
  { name, lane, provider }: Balancer,
  signal: AbortSignal,
): Promise<{ units: readonly CountedUnit[]; problem?: Problem }> {
  const { planner, config } = runtime.parts;
  const options = { policy: config.policy, incomplete: lane.incomplete, gateDeadlineMs: parseGateDeadline(config) };
  try {
    const groups = await lane.look(signal);
    const { kinds } = provider;
    const calls = provider.calls?.bind(provider);
    const units = groups.map((group): CountedUnit => {
      const plan = planner.plan(kinds, group.desired, group.observed, options);
      return {
        balancer: name,
        unit: group.unit,
        ...plan,
        names: nameHandles(plan.steps, group.observed),
        kinds,
        ...(calls === undefined ? {} : { calls }),
        desired: group.desired.length,
      };
    });
    return { units };
  } catch (error) {
    if (signal.aborted) throw error;
    const { code, message } = failureOf(error);
    return { units: [], problem: { code, severity: 'error', source: `balancer/${name}`, message } };
  }
}
