import type { KubernetesSourceConfig, SourceConfig } from '../config/index.ts';
import { type Source, turnsOf } from '../model/index.ts';
import type { SourceContext } from './contract.ts';

type Open = (config: SourceConfig, context: SourceContext) => Promise<Source>;

/** The sources of a configuration, in its order; clusters that are merged are one source, at the place of the first of them. */
export async function openSources(
  configs: readonly SourceConfig[],
  context: SourceContext,
  open: Open = openSource,
): Promise<readonly Source[]> {
  const opened = await Promise.all(configs.map(async (config) => ({ config, source: await open(config, context) })));
  const members = opened.flatMap(({ config, source }) => {
    if (config.type !== 'kubernetes' || !config.merge) return [];
    const weight = config.weight === undefined ? {} : { weight: config.weight };
    return [{ source, cluster: config.cluster ?? config.name, ...weight }];
  });
  const [first, ...others] = members;
  if (first === undefined || (others.length === 0 && first.weight === undefined))
    return opened.map(({ source }) => source);
  const { mergeClusters } = await import('../sources/merge-clusters.ts');
  const merged = mergeClusters(members, context.clock);
  return opened.flatMap(({ source }) => {
    if (source === first.source) return [merged];
    return others.some((other) => other.source === source) ? [] : [source];
  });
}

/** One source by its type. Reads and contacts nothing. */
const openSource: Open = async (config, context) => {
  if (config.type === 'kubernetes') return openCluster(config, context);
  const { openFileSource } = await import('../sources/file/index.ts');
  const { ownController } = await import('../sources/kubernetes/index.ts');
  const { controllers, checksPools = false, stateDir, memory } = context;
  return openFileSource(config, {
    stateDir,
    memory,
    turns: turnsOf(context.clock),
    kubernetes: {
      controllers: [ownController, ...controllers],
      checksPools,
      ...(config.classes === undefined ? {} : { classes: config.classes }),
    },
  });
};

async function openCluster(config: KubernetesSourceConfig, context: SourceContext): Promise<Source> {
  // Only here: who reads files alone needs no session to a cluster.
  const { openKubernetesSource } = await import('../sources/kubernetes/live.ts');
  const { clock, log, metrics, memory, stateDir, controllers, ownClasses, onReread } = context;
  const beside = context.beside?.(config);
  const finalizer = context.finalizer?.(config);
  return openKubernetesSource(config, {
    async open() {
      const kube = await import('../kube/index.ts');
      const { kubeconfig, context: named, cluster } = config;
      return kube.openCluster({
        clock,
        log,
        ...(cluster === undefined ? {} : { name: cluster }),
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
        ...(named === undefined ? {} : { context: named }),
        ...(onReread === undefined ? {} : { onReread }),
      });
    },
    clock,
    metrics,
    memory,
    stateDir,
    controllers,
    ownClasses,
    ...(finalizer === undefined ? {} : { finalizer }),
    ...(finalizer === undefined || context.holds !== true ? {} : { holdsBy: finalizer }),
    ...(beside === undefined ? {} : { beside, podGates: context.podGates === true }),
  });
}
