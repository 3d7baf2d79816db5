import { type CloudState, render, type ServiceState } from './cloud-state.ts';
import { execute } from './execute.ts';
import { Violation } from './oracle.ts';
import type { Case } from './scenarios.ts';

/**
 * A rollout while a gate is shut: what is new does not become ready for a while, meanwhile every target of every service is replaced
 * and the old ones die. What serves until the gate opens must have got the new targets. Then the gate opens, and all is as wanted.
 */
export function rollOutDuringGate(one: Case): void {
  const { pair } = one;
  const world = one.start.copy();
  world.slowNew = true;
  const oracle = one.oracle(world);
  const run = execute(world, one.first.steps, oracle);
  if (run.gate === undefined) return;
  const rolled = replaceTargets(pair.after);
  const desired = render(rolled);
  const during = one.oracle(world, desired);
  for (const step of run.done) during.excuse(step);
  for (let round = 0; round < 3; round++) {
    during.look(world);
    const plan = one.plan(world.observe(), 'sync', desired);
    execute(world, plan.steps, during);
    world.tick();
    during.check(world, `during the rollout, round ${round}`);
  }
  const wanted = new Set(desired.filter(({ kind }) => kind === 'TargetGroup').map(({ id }) => id));
  // Of a service that shall be served by other groups altogether nobody can tell what the old ones should hold: its targets live on.
  const moved = [...world.things.values()].filter(({ kind, id }) => kind === 'TargetGroup' && !wanted.has(id));
  const spared = new Set(moved.flatMap(({ tags }) => tags));
  for (const { name, targets } of rolled.services) if (targets.length === 0) spared.add(name);
  for (const { name, targets } of [...pair.after.services, ...pair.before.services]) {
    if (!spared.has(name)) for (const target of targets) world.sick.add(target);
  }
  world.settle();
  during.check(world, 'after the old targets died');
  world.slowNew = false;
  world.slow.clear();
  for (let round = 0; round < 6; round++) {
    during.look(world);
    const plan = one.plan(world.observe(), 'sync', desired);
    if (plan.steps.length === 0) return;
    const last = execute(world, plan.steps, during);
    if (last.gate !== undefined && last.done.every(({ op }) => op === 'wait')) return;
  }
  throw new Violation('does not end after the rollout');
}

function replaceTargets(state: CloudState): CloudState {
  return {
    ...state,
    services: state.services.map((service): ServiceState => {
      const targets = service.targets.map((_, place) => `${service.name}-r${place}`);
      return { ...service, targets, gone: [] };
    }),
  };
}
