import { untold } from '../../src/model/index.ts';
import { planWith } from '../../src/plan/plan.ts';
import { execute } from './execute.ts';
import { Violation } from './oracle.ts';
import type { Case } from './scenarios.ts';

/** A source cannot be read, and with it whoever has a part in a listener or balancer unseen: of those nothing is taken. */
export function readWithoutSource(one: Case): void {
  const world = one.start.copy();
  const { kinds } = one.start.options;
  const shared = [...one.start.things.values()].filter(
    ({ kind, foreign }) => !foreign && world.specs.get(kind)?.shared !== undefined,
  );
  const incomplete = (service: string): boolean => service === untold;
  const plan = planWith(one.rules, kinds, one.desired, world.observe(), { policy: 'sync', incomplete });
  execute(world, plan.steps, one.oracle(world, one.desired, false), { random: one.random });
  for (const { handle, id, sets } of shared) {
    const now = world.things.get(handle);
    if (now === undefined) throw new Violation(`${id} is gone, and a source could not be read`);
    for (const cert of sets.get('certs')?.keys() ?? [])
      if (now.sets.get('certs')?.has(cert) !== true)
        throw new Violation(`${id} has lost ${cert}, and a source could not be read`);
  }
  one.untouched(world);
}
