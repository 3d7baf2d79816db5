import type { Command } from 'commander';
import { fetchState, findApi } from '../api-client.ts';
import type { CommandContext } from '../deps.ts';
import { json } from '../json-lines.ts';
import { loadFor } from '../open-app.ts';
import { say } from '../say.ts';
import { addShared, outputOption, readOutput } from '../shared-options.ts';
import { statusText } from '../text/index.ts';

/** `weir status`: what the running weir serves and what fails, failing first. */
export function addStatus(program: Command, context: CommandContext): void {
  const command = addShared(program.command('status'))
    .description('ask the running weir what it serves and what fails')
    .addOption(outputOption())
    .option('--api <url>', 'the running weir (default: api.listen of the configuration)')
    .option('--all', 'list healthy services too')
    .action(async () => {
      const loaded = await loadFor(command, context, { provider: 'haproxy', optional: true });
      const state = await fetchState(await findApi(command.opts().api, loaded.config.api, context.io));
      if (readOutput(command) === 'json') json(context.io, state);
      else say(context.io, (paint) => statusText(state, context.io.now(), paint, command.opts().all === true));
    });
}
