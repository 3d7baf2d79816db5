import type { Command } from 'commander';
import type { CommandContext } from '../deps.ts';
import { readEnvironments } from '../environments.ts';
import { exit } from '../exit.ts';
import { interruptible } from '../interrupt.ts';
import { json } from '../json-lines.ts';
import { loadFor, withApp } from '../open-app.ts';
import { placeProblems } from '../place-problems.ts';
import { hasErrors, say, tellProblems } from '../say.ts';
import { addShared, outputOption, readOutput } from '../shared-options.ts';
import { renderText } from '../text/index.ts';

/** `weir render`: the desired state, offline. Text prints the files that would be written. */
export function addRender(program: Command, context: CommandContext): void {
  const command = addShared(program.command('render'), { settings: ['instance'] })
    .description('print the desired state without contacting anything')
    .addOption(outputOption())
    .option(
      '--environment <file>',
      'JSON: provider name to what discovery would yield (weir schema --environment NAME)',
    )
    .action(async () => {
      const { io, deps } = context;
      const path: unknown = command.opts().environment;
      const environments = typeof path === 'string' ? await readEnvironments(path, io, deps.providers) : undefined;
      const loaded = await loadFor(command, context, { provider: 'haproxy' });
      const appDeps = environments === undefined ? {} : { environments };
      const ended = await withApp(loaded, context, appDeps, (app) =>
        interruptible(io, (signal) => app.render(signal), 'interrupted\n'),
      );
      if (!('value' in ended)) return context.finish(exit.interrupted);
      const report = ended.value;
      if (readOutput(command) === 'json') json(io, { ...report, problems: await placeProblems(io, report.problems) });
      else {
        await tellProblems(io, report.problems);
        say(io, (paint) => renderText(report, paint));
      }
      context.finish(hasErrors(report.problems) ? exit.error : exit.done);
    });
}
