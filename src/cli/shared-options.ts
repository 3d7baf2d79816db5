import { type Command, InvalidArgumentError, Option } from 'commander';
import { configOptions, type Quick } from '../config/index.ts';

const settings = 'Settings (also in weir.yaml, and as WEIR_ variables):';

/** Adds the options that every command takes which reads a configuration: -c, -f, the quick balancer, every setting. */
export function addShared(command: Command, files: 'many' | 'one each' = 'many'): Command {
  const list = files === 'many' ? '<path...>' : '<path>';
  command
    .option(
      '-c, --config <file>',
      'configuration (default: WEIR_CONFIG, ./weir.yaml, $XDG_CONFIG_HOME/weir/, /etc/weir/)',
    )
    .addOption(
      new Option(`-f, --files ${list}`, 'service files and directories, in place of the configured sources').argParser(
        collect,
      ),
    )
    .option('--provider <name>', 'provider of the one balancer made without -c; with -c: only its balancers')
    .addOption(new Option('--group <name>', 'take services of this group only (may be given again)').argParser(collect))
    .option('--class <name>', 'take services of this class only');
  for (const option of configOptions) {
    const value = option.values === undefined ? option.kind : option.values.join('|');
    const standard =
      option.default === undefined ? '' : ` (default: ${option.default === '' ? 'none' : option.default})`;
    command.addOption(new Option(`--${option.flag} <${value}>`, option.description + standard).helpGroup(settings));
  }
  return command;
}

function collect(value: string, before: unknown): readonly string[] {
  return Array.isArray(before) ? [...before.map(String), value] : [value];
}

/** What was given on the command line. */
export interface Shared {
  readonly config?: string;
  readonly quick: Quick;
  /** Settings by option key; only those given. */
  readonly flags: ReadonlyMap<string, unknown>;
}

export function readShared(command: Command): Shared {
  const values: Readonly<Record<string, unknown>> = command.opts();
  const config = text(values.config);
  const provider = text(values.provider);
  const taken = text(values.class);
  const flags = configOptions.flatMap((option): [string, unknown][] => {
    const name = new Option(`--${option.flag}`).attributeName();
    return values[name] === undefined ? [] : [[option.key, values[name]]];
  });
  return {
    ...(config === undefined ? {} : { config }),
    quick: {
      files: texts(values.files),
      groups: texts(values.group),
      ...(provider === undefined ? {} : { provider }),
      ...(taken === undefined ? {} : { class: taken }),
    },
    flags: new Map(flags),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

export type Output = 'text' | 'json' | 'jsonl';

/** `-o`: what the data on stdout looks like. */
export function outputOption(allowed: readonly Output[] = ['text', 'json']): Option {
  return new Option(`-o, --output <${allowed.join('|')}>`, 'form of the data on stdout')
    .default('text')
    .argParser((value) => oneOf(value, allowed));
}

/** Parses an argument of few allowed values; the message names them. */
export function oneOf<T extends string>(value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new InvalidArgumentError(`use ${allowed.join(' or ')}`);
  return found;
}

export function readOutput(command: Command): Output {
  const value: unknown = command.opts().output;
  return value === 'json' || value === 'jsonl' ? value : 'text';
}
