import { render } from './cloud-state.ts';
import { execute } from './execute.ts';
import type { Case } from './scenarios.ts';

/**
 * A plan ends somewhere, and another one is made; before its first step the targets that it saw on their way have become ready. Who is
 * served by then must not be lost: neither on the way to what was wanted, nor, with `back`, to what was there at first.
 */
export function readBeforeHealth(one: Case, back: boolean): void {
  const desired = back ? render(one.pair.before) : one.desired;
  const world = one.start.copy();
  const first = one.oracle(world);
  const { steps } = one.first;
  const run = execute(world, steps, first, { random: one.random, limit: one.random.below(steps.length + 1) });
  if (run.gate !== undefined) return;
  const oracle = one.oracle(world, desired);
  for (const step of run.done) oracle.excuse(step);
  const plan = one.plan(world.observe(), 'sync', desired);
  world.tick();
  oracle.look(world);
  const last = execute(world, plan.steps, oracle, { random: one.random });
  if (!back) one.finish(world, last, plan);
}
