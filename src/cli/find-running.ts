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
 * running weir goes on with an earlier one. What stands under `api` counts although other fields are wrong; where it cannot be read
 * either, flags, variables and defaults do. Without `--api` that is told.
 */
export async function findRunning(command: Command, context: CommandContext): Promise<Running> {
  const given: unknown = command.opts().api;
  const options = { provider: 'haproxy', optional: true } as const;
  try {
    const loaded = await loadFor(command, context, options);
    return { api: await findApi(given, loaded.config.api, context.io), loaded };
  } catch (error) {
    if (!unusable(error)) throw error;
    const { config } = await loadApi(command, context);
    const api = await findApi(given, config.api, context.io);
    if (given === undefined) {
      context.io.err(`warning the configuration cannot be used (\`weir validate\` tells why): asking ${api.url}\n`);
    }
    return { api };
  }
}

async function loadApi(command: Command, context: CommandContext): Promise<Loaded> {
  const options = { provider: 'haproxy', optional: true } as const;
  try {
    return await loadFor(command, context, { ...options, file: 'api' });
  } catch (error) {
    if (!unusable(error)) throw error;
    // What is wrong with a flag is wrong without the file too, and is told then.
    return loadFor(command, context, { ...options, file: 'none' });
  }
}

function unusable(error: unknown): boolean {
  return error instanceof ConfigError || (error instanceof WeirError && error.code === 'E_CONFIG');
}
