import { WeirError } from '../model/index.ts';
import {
  type BalancerConfig,
  type Config,
  fileSource,
  type KubernetesSourceConfig,
  kubernetesSource,
  type SourceConfig,
} from './config.ts';

/** What a command line says about sources and balancers, instead of a file or to narrow one. */
export interface Quick {
  /** `-f`: files and directories that stand in for every source of the file, read as the one of their type says. */
  readonly files: readonly string[];
  /** `--kubeconfig`, `--context` …: as `files`, and beside them: a cluster. */
  readonly cluster?: QuickCluster;
  readonly provider?: string;
  readonly groups: readonly string[];
  readonly class?: string;
}

export interface QuickCluster {
  readonly kubeconfig: string;
  readonly context?: string;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly withoutClass: boolean;
}

/** Whether the command line says where services come from. */
export function namesSources({ files, cluster }: Quick): boolean {
  return files.length > 0 || cluster !== undefined;
}

/** Lays a command line over a parsed configuration. `fallback` is the provider of the one balancer that is made when there is none. */
export function quickConfig(config: Config, quick: Quick, fallback: string): Config {
  const sources = namesSources(quick) ? sourcesOf(config.sources, quick) : config.sources;
  return { ...config, sources, balancers: balancersOf(config, quick, fallback) };
}

/** What the command line names, each read as the one configured source of its type says: by the same classes, pools, namespaces. */
function sourcesOf(configured: readonly SourceConfig[], { files, cluster }: Quick): SourceConfig[] {
  const sources: SourceConfig[] = [];
  if (files.length > 0) {
    const [only, ...more] = configured.filter(({ type }) => type === 'file');
    const settings = more.length === 0 ? only : undefined;
    sources.push(fileSource.parse({ ...settings, type: 'file', paths: files }));
  }
  if (cluster !== undefined) sources.push(clusterOf(configured, cluster));
  return sources;
}

function clusterOf(configured: readonly SourceConfig[], named: QuickCluster): KubernetesSourceConfig {
  const clusters = configured.filter((source) => source.type === 'kubernetes');
  const [only, ...more] = clusters;
  if (more.length > 0) {
    const have = clusters.map(({ name, cluster }) => cluster ?? name).join(', ');
    const remedy = 'set kubeconfig at each of them, or leave -c out';
    throw new WeirError(
      'E_USAGE',
      `--kubeconfig names one cluster, and the configuration has several: ${have}; ${remedy}`,
    );
  }
  // A context is one of its own file.
  const { context: _, ...settings } = only ?? { type: 'kubernetes' };
  const { namespaces, withoutClass, ...rest } = named;
  return kubernetesSource.parse({
    ...settings,
    ...rest,
    ...(namespaces.length === 0 ? {} : { namespaces }),
    ...(withoutClass ? { withoutClass } : {}),
  });
}

function balancersOf(config: Config, quick: Quick, fallback: string): BalancerConfig[] {
  if (config.balancers.length === 0) {
    const made: BalancerConfig = {
      name: 'default',
      provider: quick.provider ?? fallback,
      shared: false,
      fromPools: false,
      options: {},
    };
    if (quick.groups.length > 0) made.groups = [...quick.groups];
    if (quick.class !== undefined) made.class = quick.class;
    return [made];
  }
  const kept = config.balancers.flatMap((balancer) => narrow(balancer, quick));
  if (kept.length > 0) return kept;
  const asked = [
    ...(quick.provider === undefined ? [] : [`--provider ${quick.provider}`]),
    ...quick.groups.map((group) => `--group ${group}`),
    ...(quick.class === undefined ? [] : [`--class ${quick.class}`]),
  ].join(' ');
  const have = config.balancers.map(({ name, provider }) => `${name} (${provider})`).join(', ');
  throw new WeirError('E_USAGE', `${asked} leaves none of the balancers of the configuration: ${have}`);
}

function narrow(balancer: BalancerConfig, quick: Quick): BalancerConfig[] {
  if (quick.provider !== undefined && quick.provider !== balancer.provider) return [];
  if (quick.class !== undefined && balancer.class !== undefined && quick.class !== balancer.class) return [];
  const groups = balancer.groups;
  const both = groups === undefined ? quick.groups : quick.groups.filter((group) => groups.includes(group));
  if (quick.groups.length > 0 && both.length === 0) return [];
  return [
    {
      ...balancer,
      ...(quick.groups.length > 0 ? { groups: [...both] } : {}),
      ...(quick.class === undefined ? {} : { class: quick.class }),
    },
  ];
}
