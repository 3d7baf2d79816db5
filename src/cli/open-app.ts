import type { Command } from 'commander';
import type { App, AppDeps } from '../app.ts';
import { type Loaded, loadConfig } from '../config/index.ts';
import type { CommandContext } from './deps.ts';
import { readShared } from './shared-options.ts';

export interface LoadOptions {
  /** For the one balancer that is made without a configuration: `haproxy` always, or only where its program is there. */
  readonly provider: 'haproxy' | 'runnable';
  /** The command works without any configuration. */
  readonly optional?: boolean;
  /** How much of the file counts: only where the running weir answers, or nothing (flags, variables and defaults alone). Default: all. */
  readonly file?: 'api' | 'none';
}

/** The configuration that a command line means; its warnings go to stderr. */
export async function loadFor(command: Command, context: CommandContext, options: LoadOptions): Promise<Loaded> {
  const { io } = context;
  const shared = readShared(command);
  const loaded = await reload(command, context, options);
  for (const warning of loaded.warnings) io.err(`warning ${warning}\n`);
  const [balancer] = loaded.config.balancers;
  if (options.provider === 'runnable' && balancer?.provider === 'builtin' && shared.quick.provider === undefined) {
    if (loaded.file === undefined)
      io.err('haproxy is not installed: using provider builtin, a small relay in this process\n');
  }
  return loaded;
}

/** The same without a word to anybody: its warnings are the caller's. */
export async function reload(command: Command, { io, deps }: CommandContext, options: LoadOptions): Promise<Loaded> {
  const { config, ...shared } = readShared(command);
  const { WEIR_CONFIG, ...variables } = io.env;
  const withoutFile = options.file === 'none';
  return loadConfig({
    ...shared,
    defaultProvider: options.provider === 'haproxy' || (await io.runnable('haproxy')) ? 'haproxy' : 'builtin',
    env: withoutFile || WEIR_CONFIG === undefined ? variables : { ...variables, WEIR_CONFIG },
    hostname: io.hostname,
    folder: io.folder,
    providers: {
      names: deps.providers.names,
      options: async (name) => (await deps.providers.schemas(name))?.options,
    },
    read: async (path) => (withoutFile ? undefined : io.read(path)),
    ...(withoutFile || config === undefined ? {} : { config }),
    ...(options.file === 'api' ? { section: 'api' } : {}),
    ...(options.optional === undefined ? {} : { optional: options.optional }),
  });
}

/** Opens the app, hands it to `work` and closes it whatever happens; proxies go on serving unless `how` says otherwise. */
export async function withApp<T>(
  loaded: Loaded,
  { deps }: CommandContext,
  appDeps: AppDeps,
  work: (app: App) => Promise<T>,
  how: () => 'leave' | 'withdraw' = () => 'leave',
): Promise<T> {
  const app = await deps.open(loaded.config, { version: deps.version, ...appDeps });
  try {
    return await work(app);
  } finally {
    await app.close(how());
  }
}
