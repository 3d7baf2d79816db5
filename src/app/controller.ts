import { inStrides, type PlanUnit, type Problem, type ServiceId, type Sliced } from '../model/index.ts';
import { turnsOf } from '../model/turns.ts';
import type { RunEvents } from './contract.ts';
import { distinctProblems, problemKey } from './distinct-problems.ts';
import { driveLanes } from './drive.ts';
import { allProblems } from './make-state.ts';
import { planReportSliced } from './preview.ts';
import type { Runtime } from './runtime.ts';
import type { StatusInput } from './status-service.ts';
import { blindOf } from './unread.ts';

/**
 * The controller: follows the sources and keeps the balancers as they say, until the signal aborts.
 * Each change goes to the balancers at once; which units it touches they find themselves.
 */
export async function runController(runtime: Runtime, signal: AbortSignal, events: RunEvents): Promise<void> {
  const { balancers, clock, feeds, leader, stage, status } = runtime.parts;
  await runtime.prepare(true);
  events.begun?.();
  const lanes = balancers.map(({ lane }) => lane);
  for (const lane of lanes) lane.restart();
  // A weir before this one may have ended in its drain.
  await runtime.drain(false);
  const turns = turnsOf(clock);
  const tell = createProblemTeller(events);
  const problemsNow = () => allProblems({ feeds, balancers, leader, status, gathered: runtime.gathered });
  let begun = false;
  let ready = false;
  stage.audience = {
    step: (result) => events.step?.(result),
    applied: (plan) => events.applied?.(plan),
    async planned(unit: PlanUnit) {
      if (events.planned === undefined) return;
      const kinds = balancers.find(({ name }) => name === unit.balancer)?.provider.kinds ?? [];
      const problems = await turns.do(problemsOf(runtime, unit));
      const incomplete = runtime.gathered?.incomplete ?? [];
      events.planned(await turns.do(planReportSliced([{ ...unit, kinds }], problems, incomplete)));
    },
    feedChanged(feed) {
      runtime.accept(runtime.gather(), feed.cause, feed.changedAtMs);
      status?.ring();
      begun ||= feeds.every((other) => other.synced || other.problems.length > 0);
    },
    agreementChanged() {
      runtime.accept(runtime.gather(), 'machines agree on addresses');
      status?.ring();
    },
    stateChanged() {
      status?.ring();
      tell(problemsNow());
      if (ready || !begun || runtime.gathered?.agreeing === true || feeds.some((feed) => !feed.synced)) return;
      if (!lanes.every((lane) => lane.started) || blindOf(balancers).length > 0) return;
      ready = true;
      events.ready?.();
    },
  };
  runtime.agree();
  if (feeds.length === 0) {
    runtime.accept(runtime.gather(), 'no source');
    begun = true;
  }
  runtime.stand();
  try {
    const input: StatusInput = {
      balancers,
      gathered: () => runtime.gathered,
      problems: () => problemsNow(),
      pools: () => runtime.pools(),
      admissionChanged: () => runtime.accept(runtime.gather(), 'objects are held'),
      told: stage.stateChanged,
    };
    const written = status?.run(input, signal);
    await Promise.all([driveLanes(lanes, signal, clock), ...feeds.map((feed) => feed.run(signal)), written]);
  } finally {
    stage.audience = {};
    await status?.close();
    await runtime.resign();
  }
}

/** Problems of the services that a plan is about. */
function* problemsOf(runtime: Runtime, { steps, refused }: PlanUnit): Sliced<readonly Problem[]> {
  const { balancers, feeds } = runtime.parts;
  const all = allProblems({ feeds, balancers, gathered: runtime.gathered });
  const told = all.filter(({ service }) => service !== undefined);
  if (told.length === 0) return told;
  const services = new Set<ServiceId>();
  yield* inStrides(steps, ({ serves }) => {
    for (const service of serves) services.add(service);
  });
  for (const refusal of refused) for (const service of refusal.services) services.add(service);
  return told.filter(({ service = '' }) => services.has(service));
}

/** Tells problems when they appear and when they are gone, once each. */
function createProblemTeller(events: RunEvents): (problems: readonly Problem[]) => void {
  let before: ReadonlyMap<string, Problem> = new Map();
  return (problems) => {
    const now = new Map(distinctProblems(problems).map((problem) => [problemKey(problem), problem]));
    const appeared = [...now].filter(([key]) => !before.has(key)).map(([, problem]) => problem);
    const gone = [...before].filter(([key]) => !now.has(key)).map(([, problem]) => problem);
    before = now;
    if (appeared.length + gone.length > 0) events.problems?.(appeared, gone);
  };
}
