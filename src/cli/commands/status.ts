import type { Command } from 'commander';
import { fetchState } from '../api-client.ts';
import type { CommandContext } from '../deps.ts';
import { exit } from '../exit.ts';
import { findRunning } from '../find-running.ts';
import { json } from '../json-lines.ts';
import { say } from '../say.ts';
import { addShared, outputOption, readOutput } from '../shared-options.ts';
import { isWell, statusText } from '../text/index.ts';

const exits = `
Exit codes: 0 everything is in sync and nothing is wrong but warnings; 1 something is out of sync, fails, or no weir answers.
`;

/** `weir status`: what the running weir serves and what fails, failing first. */
export function addStatus(program: Command, context: CommandContext): void {
  const command = addShared(program.command('status'), { settings: ['api.listen', 'api.tokenFile'], services: false })
    .description('ask the running weir what it serves and what fails')
    .addOption(outputOption())
    .option('--api <url>', 'the running weir (default: api.listen of the configuration)')
    .option('--all', 'list healthy services and every problem too')
    .addHelpText('after', exits)
    .action(async () => {
      const state = await fetchState((await findRunning(command, context)).api);
      if (readOutput(command) === 'json') json(context.io, state);
      else say(context.io, (paint) => statusText(state, context.io.now(), paint, command.opts().all === true));
      context.finish(isWell(state) ? exit.done : exit.error);
    });
}
