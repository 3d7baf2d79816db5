import type { Command } from 'commander';
import type { AppDeps } from '../../app.ts';
import { layer2Controller } from '../../compat/metallb/index.ts';
import { type Config, ConfigError } from '../../config/index.ts';
import type { Problem } from '../../model/index.ts';
import type { CommandContext } from '../deps.ts';
import { readEnvironments } from '../environments.ts';
import { exit } from '../exit.ts';
import { interruptible } from '../interrupt.ts';
import { json } from '../json-lines.ts';
import { loadFor, withApp } from '../open-app.ts';
import { placeProblems } from '../place-problems.ts';
import { hasErrors, say, tellProblems } from '../say.ts';
import { addShared, outputOption, readOutput } from '../shared-options.ts';
import { count } from '../text/index.ts';

interface Validated {
  readonly services: number;
  /** Kind → objects that were read and passed over. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly problems: readonly Problem[];
}

/** `weir validate`: every problem of configuration and services that can be known offline. Exit 1 when one is an error. */
export function addValidate(program: Command, context: CommandContext): void {
  const command = addShared(program.command('validate'), { settings: ['instance'] })
    .description('check configuration and services, offline')
    .addOption(outputOption())
    .option(
      '--environment <file>',
      'JSON: provider name to what discovery would yield (weir schema --environment NAME)',
    )
    .action(async () => {
      const { io } = context;
      const ended = await interruptible(io, (signal) => validate(command, context, signal), 'interrupted\n');
      if (!('value' in ended)) return context.finish(exit.interrupted);
      const { services, skipped, problems } = ended.value;
      const valid = !hasErrors(problems);
      if (readOutput(command) === 'json')
        json(io, { valid, services, skipped, problems: await placeProblems(io, problems) });
      else {
        await tellProblems(io, problems);
        const errors = problems.filter(({ severity }) => severity === 'error').length;
        const found = `${count(errors, 'error')}, ${count(problems.length - errors, 'warning')}`;
        const read = `${count(services, 'service')}${skippedText(skipped)}`;
        say(io, (paint) => `${valid ? paint.good('Valid') : paint.bad('Invalid')}: ${read}; ${found}.\n`);
      }
      context.finish(valid ? exit.done : exit.error);
    });
}

async function validate(command: Command, context: CommandContext, signal: AbortSignal): Promise<Validated> {
  try {
    const path: unknown = command.opts().environment;
    const { io, deps } = context;
    const offline = typeof path === 'string' ? { environments: await readEnvironments(path, io, deps.providers) } : {};
    const loaded = await loadFor(command, context, { provider: 'haproxy' });
    const check = (config: Config, deps: AppDeps) =>
      withApp({ ...loaded, config }, context, { ...offline, checksPools: true, ...deps }, async (app) => {
        const problems = await app.validate(signal);
        return { services: app.services().length, skipped: app.skipped(), problems, pools: app.leavesPools() };
      });
    const checked = await check(loaded.config, {});
    if (!checked.pools || loaded.file !== undefined) return checked;
    // Without a configuration nobody has said where services listen, nor who announces: where there are pools, it is out of them.
    const balancers = loaded.config.balancers.map((balancer) => ({ ...balancer, fromPools: true }));
    return await check({ ...loaded.config, balancers }, { standsFor: [layer2Controller] });
  } catch (error) {
    if (error instanceof ConfigError) return { services: 0, skipped: {}, problems: error.problems };
    throw error;
  }
}

/** `; skipped 3 objects of kinds Deployment, Pod`: what stands in the files and is not read is told, so that nobody waits for it. */
function skippedText(skipped: Validated['skipped']): string {
  const names = Object.keys(skipped).sort();
  if (names.length === 0) return '';
  const n = Object.values(skipped).reduce((sum, objects) => sum + objects, 0);
  return `; skipped ${count(n, 'object')} of ${names.length === 1 ? 'kind' : 'kinds'} ${names.join(', ')}`;
}
