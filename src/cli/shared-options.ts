import { type Command, InvalidArgumentError, Option } from 'commander';
import { configOptions, type Quick } from '../config/index.ts';
import { WeirError } from '../model/index.ts';

const group = 'Settings (also in weir.yaml, and as WEIR_ variables):';

export interface SharedOptions {
  /** `-f` may be followed by several paths; `one each` where an argument stands behind. */
  readonly files?: 'many' | 'one each';
  /** Settings that the command goes by (keys, or what they begin with), as its help lists them; default: every setting. */
  readonly settings?: readonly string[];
  /** False: the command is about no services, so there is nothing to choose. */
  readonly services?: boolean;
}

/**
 * Adds the options that every command takes which reads a configuration: -c, -f, the quick balancer, every setting. A setting that has
 * no effect on a command is taken all the same, so that one set of flags does for all, but its help does not list it.
 */
export function addShared(
  command: Command,
  { files = 'many', settings, services = true }: SharedOptions = {},
): Command {
  const add = (option: Option, told: boolean) => command.addOption(told ? option : option.hideHelp());
  const list = files === 'many' ? '<path...>' : '<path>';
  command.option(
    '-c, --config <file>',
    'configuration (default: WEIR_CONFIG, ./weir.yaml, $XDG_CONFIG_HOME/weir/, /etc/weir/)',
  );
  const paths =
    'service files and directories, in place of the configured sources; other settings of a configured file source hold for them';
  add(new Option(`-f, --files ${list}`, paths).argParser(collect), services);
  const cluster =
    'a Kubernetes cluster, in place of the configured sources; other settings of a configured cluster hold for it';
  add(new Option('--kubeconfig <file>', cluster), services);
  add(new Option('--context <name>', 'context of the kubeconfig (default: its current one)'), services);
  const namespaces = 'read this namespace of the cluster only (may be given again)';
  add(new Option('--namespace <name>', namespaces).argParser(collect), services);
  const unnamed = 'also take Services of type LoadBalancer and Ingresses that name no class';
  add(new Option('--without-class', unnamed), services);
  const only = 'provider of the one balancer made without -c; with -c: only its balancers';
  add(new Option('--provider <name>', only), services);
  const groups = 'take services of this group only (may be given again)';
  add(new Option('--group <name>', groups).argParser(collect), services);
  const taken =
    'take services of this class only: the whole loadBalancerClass or ingressClassName, e.g. service.k8s.aws/nlb or alb; others, and those without a class, are not wanted then';
  add(new Option('--class <name>', taken).argParser(single), services);
  for (const option of configOptions) {
    const value = option.values === undefined ? option.kind : option.values.join('|');
    const standard =
      option.default === undefined ? '' : ` (default: ${option.default === '' ? 'none' : option.default})`;
    const used = settings?.some((key) => option.key === key || option.key.startsWith(`${key}.`)) ?? true;
    add(new Option(`--${option.flag} <${value}>`, option.description + standard).helpGroup(group), used);
  }
  return command;
}

/** The second of two would otherwise take the first one's services away. */
function single(value: string, before: unknown): string {
  if (before === undefined && !value.includes(',')) return value;
  throw new InvalidArgumentError('Name one class, or none for all; several: classes of a source in weir.yaml.');
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
  const cluster = readCluster(values);
  const flags = configOptions.flatMap((option): [string, unknown][] => {
    const name = new Option(`--${option.flag}`).attributeName();
    return values[name] === undefined ? [] : [[option.key, values[name]]];
  });
  return {
    ...(config === undefined ? {} : { config }),
    quick: {
      files: texts(values.files),
      ...(cluster === undefined ? {} : { cluster }),
      groups: texts(values.group),
      ...(provider === undefined ? {} : { provider }),
      ...(taken === undefined ? {} : { class: taken }),
    },
    flags: new Map(flags),
  };
}

function readCluster(values: Readonly<Record<string, unknown>>): Quick['cluster'] {
  const [kubeconfig, context] = [text(values.kubeconfig), text(values.context)];
  const namespaces = texts(values.namespace);
  const withoutClass = values.withoutClass === true;
  if (kubeconfig !== undefined)
    return { kubeconfig, ...(context === undefined ? {} : { context }), namespaces, withoutClass };
  const given = [
    ...(context === undefined ? [] : ['--context']),
    ...(namespaces.length === 0 ? [] : ['--namespace']),
    ...(withoutClass ? ['--without-class'] : []),
  ];
  if (given.length > 0)
    throw new WeirError('E_USAGE', `${given.join(' and ')} need --kubeconfig; in weir.yaml they stand at the source`);
  return undefined;
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
