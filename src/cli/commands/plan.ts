import type { Command } from 'commander';
import type { PlanReport } from '../../model/index.ts';
import type { CommandContext } from '../deps.ts';
import { readEnvironments } from '../environments.ts';
import { exit } from '../exit.ts';
import { failOnOption, findUnwanted } from '../fail-on.ts';
import { interruptible } from '../interrupt.ts';
import { json } from '../json-lines.ts';
import { loadKinds } from '../load-kinds.ts';
import { loadFor, withApp } from '../open-app.ts';
import { placeProblems } from '../place-problems.ts';
import { hasErrors, say, tell, tellProblems } from '../say.ts';
import { addShared, outputOption, readOutput } from '../shared-options.ts';
import { planText } from '../text/index.ts';

/** `weir plan`: what `apply` would do, in order, with reasons and gaps. Writes nothing. */
export function addPlan(program: Command, context: CommandContext): void {
  const command = addShared(program.command('plan'), { settings: ['instance', 'stateDir', 'policy', 'gateDeadline'] })
    .description('show what would change, in order, with reasons and gaps')
    .addOption(outputOption())
    .addOption(failOnOption())
    .option('--detailed-exitcode', 'exit 0: no change, 2: changes, 1: everything else')
    .option('--full', 'every object, however many are alike, every member and tag')
    .option(
      '--environment <file>',
      'contact nothing and start from nothing: JSON, provider name to what discovery would yield (weir schema --environment NAME)',
    )
    .action(async () => {
      const path: unknown = command.opts().environment;
      const { io, deps } = context;
      const offline =
        typeof path === 'string' ? { environments: await readEnvironments(path, io, deps.providers) } : {};
      const loaded = await loadFor(command, context, { provider: 'haproxy' });
      // Files given by hand are judged as they are; a configuration is planned as `run` would go on from where it stands.
      const recall = loaded.file !== undefined;
      const ended = await withApp(loaded, context, { recall, ...offline }, (app) =>
        interruptible(context.io, (signal) => app.plan(signal), 'interrupted\n'),
      );
      if (!('value' in ended)) return context.finish(exit.interrupted);
      const plan = ended.value;
      const kinds = await loadKinds(loaded.config, deps.providers);
      if (readOutput(command) === 'json') json(io, { ...plan, problems: await placeProblems(io, plan.problems) });
      else {
        await tellProblems(context.io, plan.problems);
        say(context.io, (paint) => planText(plan, paint, { full: command.opts().full === true, kinds }));
      }
      context.finish(codeOf(plan, command, context));
    });
}

function codeOf(plan: PlanReport, command: Command, { io }: CommandContext): number {
  const unwanted = findUnwanted(plan, command.opts().failOn);
  if (unwanted.length > 0) tell(io, (paint) => `${paint.bad('failed')} on ${unwanted.join(', ')} (--fail-on)\n`);
  if (unwanted.length > 0 || hasErrors(plan.problems)) return exit.error;
  if (command.opts().detailedExitcode !== true) return exit.done;
  if (plan.units.some(({ steps }) => steps.length > 0)) return exit.changes;
  return plan.units.some(({ refused }) => refused.length > 0) ? exit.error : exit.done;
}
