import type { Command } from 'commander';
import type { App } from '../../app.ts';
import { WeirError } from '../../model/index.ts';
import { applying } from '../applying.ts';
import type { CommandContext } from '../deps.ts';
import { exit } from '../exit.ts';
import { interruptible } from '../interrupt.ts';
import { loadKinds } from '../load-kinds.ts';
import { loadFor, withApp } from '../open-app.ts';
import { say } from '../say.ts';
import { addShared, outputOption, readOutput } from '../shared-options.ts';
import { type KindsOf, planText } from '../text/index.ts';

/** `weir destroy`: removes exactly what is ours. Asks on a terminal; elsewhere it needs --yes. */
export function addDestroy(program: Command, context: CommandContext): void {
  const command = addShared(program.command('destroy'), {
    settings: ['instance', 'stateDir', 'gateDeadline', 'policy'],
  })
    .description('remove everything that weir made, and nothing else')
    .addOption(outputOption(['text', 'json', 'jsonl']))
    .option('-y, --yes', 'do not ask')
    .option('--full', 'every object, however many are alike, every member and tag')
    .action(async () => {
      const yes = command.opts().yes === true;
      if (!yes && !context.io.terminal.in) {
        throw new WeirError(
          'E_USAGE',
          'destroy asks before it removes, and there is no terminal to ask on: give --yes',
        );
      }
      const loaded = await loadFor(command, context, { provider: 'runnable' });
      const kinds = await loadKinds(loaded.config, context.deps.providers);
      let code: number = exit.error;
      const work = async (app: App) => {
        code = await destroy(app, yes, kinds, command, context).catch(toldHowToStop);
      };
      // A proxy goes down only behind everything that it served.
      await withApp(loaded, context, {}, work, () => (code === exit.done ? 'withdraw' : 'leave'));
      context.finish(code);
    });
}

/** While a weir runs it would make anew what is removed. */
function toldHowToStop(error: unknown): never {
  if (!(error instanceof WeirError) || error.code !== 'E_LOCKED') throw error;
  const hint = 'Stop the running weir first (`weir run`, maybe as a system service), then destroy.';
  throw new WeirError(error.code, error.message, { cause: error, hint });
}

async function destroy(
  app: App,
  yes: boolean,
  kinds: KindsOf,
  command: Command,
  context: CommandContext,
): Promise<number> {
  const { io } = context;
  const full = command.opts().full === true;
  if (!yes) {
    const ended = await interruptible(io, (signal) => app.planDestroy(signal), 'interrupted: nothing was removed\n');
    if (!('value' in ended)) return exit.interrupted;
    const plan = ended.value;
    say(io, (paint) => planText(plan, paint, { full, kinds }));
    if (plan.units.every(({ steps }) => steps.length === 0)) return exit.done;
    if (!(await io.ask('Remove all of this?'))) {
      io.err('nothing was removed\n');
      return exit.error;
    }
  }
  const mode = { output: readOutput(command), full, kinds, shown: !yes, removes: true };
  return applying((signal, onStep, onPlan) => app.destroy(signal, onStep, onPlan), mode, context);
}
