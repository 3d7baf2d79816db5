import { dirname, isAbsolute, join, resolve } from 'node:path';
import { closest, type FieldPath, type Problem, WeirError } from '../model/index.ts';
import { type Config, configSchema, type SourceConfig } from './config.ts';
import { ConfigError } from './config-error.ts';
import { type ConfigDocument, readDocument } from './document.ts';
import { places } from './find.ts';
import { flattenIssues, problemOf } from './issues.ts';
import { toJsonSchema } from './json-schema.ts';
import { type ConfigOption, configOptions } from './options.ts';
import { type Override, overrides, setAt } from './overrides.ts';
import { checkProviders, type ProviderLookup, settleFiles } from './providers.ts';
import { namesSources, type Quick, quickConfig } from './quick.ts';

export interface LoadInput {
  /** `--config`. */
  readonly config?: string;
  /** Flags by option key (`api.listen`). */
  readonly flags: ReadonlyMap<string, unknown>;
  readonly quick: Quick;
  /** Provider of the one balancer that is made when the file has none. */
  readonly defaultProvider: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  /** Working directory, absolute. */
  readonly folder: string;
  readonly providers: ProviderLookup;
  /** Text of a file; undefined when there is none. Other failures throw. */
  readonly read: (path: string) => Promise<string | undefined>;
  /** The command works without a configuration file and without `-f`. */
  readonly optional?: boolean;
  /** Only this section of the file counts: for who needs nothing else of a file that has mistakes elsewhere. */
  readonly section?: string;
}

export interface Loaded {
  readonly config: Config;
  /** The file that was read, as named. */
  readonly file?: string;
  /** Option key → `--flag`, `WEIR_VARIABLE`, `weir.yaml:3:5` or `default`. */
  readonly origins: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** Finds, reads, merges (flag > variable > file > default) and checks the configuration. Throws ConfigError with every problem found. */
export async function loadConfig(input: LoadInput): Promise<Loaded> {
  const document = await findDocument(input);
  if (document !== undefined && document.problems.length > 0) throw new ConfigError(document.problems);
  const given = overrides(configOptions, input.flags, input.env);
  const data = given.reduce<unknown>(
    (merged, { option, value }) => setAt(merged, option.path, value),
    sectionOf(document?.data, input.section) ?? {},
  );
  const place = placer(document, given);
  const parsed = configSchema.safeParse(data, { reportInput: true });
  if (!parsed.success) {
    const findings = flattenIssues(parsed.error.issues, toJsonSchema(configSchema));
    throw new ConfigError(
      inFileOrder(findings.map((found) => place(found.path, problemOf(found, data, 'configuration'), found.unknown))),
    );
  }
  const settled = settle(parsed.data, document?.file, given, input);
  const config = quickConfig(settled, input.quick, input.defaultProvider);
  // Positions of balancers hold only while they are those of the file.
  const placed = settled.balancers.length === config.balancers.length ? place : placer(undefined, given);
  const problems = await checkProviders(config, input.providers, placed);
  if (problems.length > 0) throw new ConfigError(inFileOrder(problems));
  const file = document?.file;
  const placedAt = (path: string) => resolve(input.folder, file === undefined ? '' : dirname(file), path);
  return {
    config: { ...config, balancers: await settleFiles(config.balancers, input.providers, placedAt) },
    ...(document === undefined ? {} : { file: document.file }),
    origins: new Map(configOptions.map((option) => [option.key, originOf(option, given, document)])),
    warnings: strangeVariables(input.env),
  };
}

function sectionOf(data: unknown, section: string | undefined): unknown {
  if (section === undefined || typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).filter(([key]) => key === section));
}

async function findDocument(input: LoadInput): Promise<ConfigDocument | undefined> {
  const tried = places(input.config, input.env, !namesSources(input.quick));
  for (const { path, named, why } of tried) {
    let text: string | undefined;
    try {
      text = await input.read(path);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new WeirError('E_CONFIG', `${path} (${why}) cannot be read: ${reason}`, { cause: error });
    }
    if (text !== undefined) return readDocument(path, text);
    if (named) throw new WeirError('E_CONFIG', `there is no file ${path} (${why})`);
  }
  if (input.optional !== true && !namesSources(input.quick)) {
    const looked = tried.map(({ path }) => path).join(', ');
    throw new WeirError(
      'E_CONFIG',
      `no configuration: looked for ${looked}; name one with --config, services with -f, or a cluster with --kubeconfig`,
    );
  }
  return undefined;
}

/** Adds to a problem where its value came from: a flag, a variable, or a place in the file. */
function placer(document: ConfigDocument | undefined, given: readonly Override[]) {
  return (path: FieldPath, problem: Problem, unknown: boolean): Problem => {
    const key = path.join('.');
    const override = given.find(({ option }) => key === option.key || key.startsWith(`${option.key}.`));
    if (override !== undefined) return { ...problem, source: override.origin };
    if (document === undefined) return problem;
    const at = unknown ? document.keyAt(path) : document.valueAt(path);
    return { ...problem, source: document.file, file: document.file, ...at };
  };
}

function inFileOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

function originOf(option: ConfigOption, given: readonly Override[], document: ConfigDocument | undefined): string {
  const override = given.find((candidate) => candidate.option === option);
  if (override !== undefined) return override.origin;
  const at = document?.keyIfPresent(option.path);
  return document === undefined || at === undefined ? 'default' : `${document.file}:${at.line}:${at.column}`;
}

/** Fills what depends on the machine, and reads relative paths of the file from the file's own directory. */
function settle(config: Config, file: string | undefined, given: readonly Override[], input: LoadInput): Config {
  const fromFile = (path: string, key: string) =>
    file === undefined || isAbsolute(path) || given.some(({ option }) => option.key === key)
      ? path
      : join(dirname(file), path);
  const { tokenFile } = config.api;
  const { kubeconfig } = config.leader;
  return {
    ...config,
    instance: config.instance ?? input.hostname,
    // Absolute: programs that weir starts read it from folders of their own.
    stateDir: resolve(
      input.folder,
      config.stateDir === undefined ? stateDir(input.env) : fromFile(config.stateDir, 'stateDir'),
    ),
    sources: config.sources.map((source) => withPaths(source, (path) => fromFile(path, ''))),
    leader:
      kubeconfig === undefined
        ? config.leader
        : { ...config.leader, kubeconfig: fromFile(kubeconfig, 'leader.kubeconfig') },
    api: tokenFile === undefined ? config.api : { ...config.api, tokenFile: fromFile(tokenFile, 'api.tokenFile') },
  };
}

function withPaths(source: SourceConfig, settled: (path: string) => string): SourceConfig {
  if (source.type === 'file') return { ...source, paths: source.paths.map(settled) };
  return source.kubeconfig === undefined ? source : { ...source, kubeconfig: settled(source.kubeconfig) };
}

function stateDir(env: LoadInput['env']): string {
  // systemd lists several directories with colons; the unit's first one is ours.
  const [systemd] = (env.STATE_DIRECTORY ?? '').split(':');
  if (systemd !== undefined && systemd !== '') return systemd;
  if (env.XDG_STATE_HOME) return join(env.XDG_STATE_HOME, 'weir');
  return join(env.HOME || '/var/lib', env.HOME ? '.local/state/weir' : 'weir');
}

/** Misspelt variables only: Kubernetes puts WEIR_SERVICE_HOST and the like into every pod beside a service named weir. */
function strangeVariables(env: LoadInput['env']): readonly string[] {
  const known = ['WEIR_CONFIG', ...configOptions.map(({ variable }) => variable)];
  return Object.keys(env).flatMap((name) => {
    if (!name.startsWith('WEIR_') || known.includes(name)) return [];
    const near = closest(name, known);
    return near === undefined ? [] : [`variable ${name} is not known; did you mean ${near}?`];
  });
}
