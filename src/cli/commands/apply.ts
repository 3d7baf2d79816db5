import type { Command } from 'commander';
import type { App } from '../../app.ts';
import type { Config } from '../../config/index.ts';
import { WeirError } from '../../model/index.ts';
import { applying } from '../applying.ts';
import type { CommandContext, Providers } from '../deps.ts';
import { exit } from '../exit.ts';
import { failOnOption, findUnwanted } from '../fail-on.ts';
import { interruptible } from '../interrupt.ts';
import { loadKinds } from '../load-kinds.ts';
import { loadFor, withApp } from '../open-app.ts';
import { say, tell, tellProblems } from '../say.ts';
import { addShared, outputOption, readOutput } from '../shared-options.ts';
import { type KindsOf, planText } from '../text/index.ts';

/** `weir apply`: plans and applies once, until the world is as wanted or a unit has failed. */
export function addApply(program: Command, context: CommandContext): void {
  const command = addShared(program.command('apply'), { settings: ['instance', 'stateDir', 'policy', 'gateDeadline'] })
    .description('plan and apply once')
    .addOption(outputOption(['text', 'json', 'jsonl']))
    .addOption(failOnOption())
    .option('--confirm', 'show the plan and ask first (on a terminal)')
    .option('-y, --yes', 'never ask')
    .option('--full', 'every object, however many are alike, every member and tag')
    .action(async () => {
      const loaded = await loadFor(command, context, { provider: 'runnable' });
      const kinds = await loadKinds(loaded.config, context.deps.providers);
      const ending = await findEnding(loaded.config, context.deps.providers);
      await withApp(loaded, context, {}, async (app) =>
        context.finish(await apply(app, kinds, ending, command, context)),
      );
    });
}

/** Balancers that serve in the process of weir itself. */
async function findEnding({ balancers }: Pick<Config, 'balancers'>, providers: Providers): Promise<readonly string[]> {
  const found = balancers.map(async ({ name, provider }) =>
    (await providers.schemas(provider))?.capabilities?.whileRunning === true ? [name] : [],
  );
  return (await Promise.all(found)).flat();
}

async function apply(
  app: App,
  kinds: KindsOf,
  ending: readonly string[],
  command: Command,
  context: CommandContext,
): Promise<number> {
  const { confirm, yes, failOn, full } = command.opts();
  const asks = confirm === true && yes !== true;
  if (asks && !context.io.terminal.in)
    throw new WeirError('E_USAGE', '--confirm asks, and there is no terminal to ask on');
  if (asks || failOn !== undefined) {
    const refused = await preview(app, asks, kinds, command, context);
    if (refused !== undefined) return refused;
  }
  const mode = {
    output: readOutput(command),
    full: full === true,
    kinds,
    shown: asks,
    services: () => app.state().services,
    ending,
  };
  return applying((signal, onStep, onPlan) => app.apply(signal, onStep, onPlan), mode, context);
}

/** The plan before the first step; an exit code when it shall not be applied. */
async function preview(
  app: App,
  asks: boolean,
  kinds: KindsOf,
  command: Command,
  { io }: CommandContext,
): Promise<number | undefined> {
  const ended = await interruptible(io, (signal) => app.plan(signal), 'interrupted: nothing was applied\n');
  if (!('value' in ended)) return exit.interrupted;
  const plan = ended.value;
  const unwanted = findUnwanted(plan, command.opts().failOn);
  if (unwanted.length > 0 || asks) {
    await tellProblems(io, plan.problems);
    const print = asks && readOutput(command) === 'text' ? say : tell;
    print(io, (paint) => planText(plan, paint, { full: command.opts().full === true, kinds }));
  }
  if (unwanted.length > 0) {
    tell(io, (paint) => `${paint.bad('failed')} on ${unwanted.join(', ')} (--fail-on); nothing was applied\n`);
    return exit.error;
  }
  if (!asks || plan.units.every(({ steps }) => steps.length === 0) || (await io.ask('Apply?'))) return undefined;
  io.err('nothing was applied\n');
  return exit.error;
}
