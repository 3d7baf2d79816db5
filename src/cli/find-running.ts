import type { Command } from 'commander';
import { ConfigError, type Loaded } from '../config/index.ts';
import { WeirError } from '../model/index.ts';
import { type ApiAddress, findApi } from './api-client.ts';
import type { CommandContext } from './deps.ts';
import { loadFor } from './open-app.ts';

export interface Running {
  readonly api: ApiAddress;
  /** What was read on the way; absent: the configuration cannot be used. */
  readonly loaded?: Loaded;
}

/**
 * Where the running weir answers: `--api`, else `api.listen`. A configuration that cannot be used now is no reason not to ask: the
 * running weir goes on with an earlier one. Without `--api` the settings are then those of flags, variables and defaults, with a warning.
 */
export async function findRunning(command: Command, context: CommandContext): Promise<Running> {
  const given: unknown = command.opts().api;
  const options = { provider: 'haproxy', optional: true } as const;
  try {
    const loaded = await loadFor(command, context, options);
    return { api: await findApi(given, loaded.config.api, context.io), loaded };
  } catch (error) {
    const unusable = error instanceof ConfigError || (error instanceof WeirError && error.code === 'E_CONFIG');
    if (!unusable) throw error;
    // What is wrong with a flag is wrong without the file too, and is told then.
    const { config } = await loadFor(command, context, { ...options, withoutFile: true });
    const api = await findApi(given, config.api, context.io);
    if (given === undefined) {
      context.io.err(`warning the configuration cannot be used (\`weir validate\` tells why): asking ${api.url}\n`);
    }
    return { api };
  }
}
