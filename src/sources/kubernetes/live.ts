import { join } from 'node:path';
import { layer2Controller } from '../../compat/metallb/index.ts';
import { type Beside, type Cluster, KubeError } from '../../kube/index.ts';
import { type Context, type Snapshot, type Source, turnsOf, WeirError } from '../../model/index.ts';
import { parseAllowed, parseLabelSelector } from '../../net/index.ts';
import { directoryName } from '../file/open-file-source.ts';
import { type LiveKind, liveKinds } from './live-kinds.ts';
import type { LiveMetrics } from './live-metrics.ts';
import { LivePart } from './live-part.ts';
import { LiveSession } from './live-session.ts';
import { LiveState } from './live-state.ts';
import { runningSpeakers } from './running-speakers.ts';
import { readAuthorities, readCertificateFacts, sha256 } from './x509.ts';

/** An entry of `sources` of type kubernetes, as the configuration gives it. */
export interface LiveSourceConfig {
  readonly name: string;
  /** Named in origins; stands before ids unless services are merged over clusters. */
  readonly cluster?: string | undefined;
  readonly merge: boolean;
  readonly namespaces?: readonly string[] | undefined;
  readonly classes?: readonly string[] | undefined;
  readonly withoutClass: boolean;
  /** Value of IngressClass.spec.controller that is ours. */
  readonly controller: string;
  /** Where pools stand. */
  readonly poolsNamespace: string;
  /** The Service behind which the Pods of weir are that announce addresses. */
  readonly announcers?: { readonly namespace: string; readonly name: string } | undefined;
  readonly labelSelector?: string | undefined;
  readonly secrets: 'referenced' | 'all';
  readonly targets: 'pod' | 'node';
  readonly allowTargets: readonly string[];
}

export interface LiveSourceOptions {
  /** Opens the session to the API server; called anew whenever the cluster is followed or read. */
  readonly open: () => Promise<Cluster>;
  readonly clock: Context['clock'];
  /** Directory for last good state; absent: nothing is kept over a restart. */
  readonly stateDir?: string;
  /** What may be done with it at present. */
  readonly memory: () => 'none' | 'read' | 'keep';
  /** Controllers of peers that a balancer stands in for. */
  readonly controllers: readonly string[];
  /** By which objects are held for whom something was made. */
  readonly finalizer?: string;
  /** That finalizer, where something is made that outlives objects. */
  readonly holdsBy?: string;
  /** Classes that balancers name. */
  readonly ownClasses?: readonly string[];
  readonly metrics?: LiveMetrics;
  /** Who works beside the source while it follows the cluster: on the same objects, over the same session. */
  readonly beside?: Beside;
  /** Pods that wait for a load balancer to find them healthy are targets; needs `beside`, which tells them. */
  readonly podGates?: boolean;
}

/**
 * The services of a Kubernetes cluster as they are now. What cannot be read stays as it was last read, over restarts too; what was never
 * read is incomplete. Throws WeirError E_CONFIG when `allowTargets` or `labelSelector` is wrong.
 */
export function openKubernetesSource(config: LiveSourceConfig, options: LiveSourceOptions): Source {
  const { clock, memory, stateDir, controllers } = options;
  const state = new LiveState({
    readers: readersOf(config, options),
    wallMs: () => clock.wall(),
    turns: turnsOf(clock),
    atNodes: config.targets === 'node',
    memory,
    ...(stateDir === undefined ? {} : { directory: join(stateDir, 'sources', directoryName(config.name)) }),
  });
  const allSecrets = config.secrets === 'all';
  const atNodes = config.targets === 'node';
  const kinds = liveKinds({ controllers, allSecrets, atNodes });
  const parts = kinds.flatMap((kind) =>
    kind.home === true
      ? [new LivePart({ kind, namespace: config.poolsNamespace, ...queryOf(kind) })]
      : kind.clusterWide === true || config.namespaces === undefined
        ? [new LivePart({ kind })]
        : [...new Set(config.namespaces)].map((namespace) => new LivePart({ kind, namespace })),
  );
  parts.push(...announcersPart(config, kinds));
  const begin = (
    cluster: Cluster,
    changed: (cause: string) => void,
    signal: AbortSignal,
    beside: Beside | undefined,
  ): LiveSession =>
    new LiveSession({
      source: config.name,
      cluster,
      state,
      parts,
      allSecrets,
      holdsBy: options.holdsBy,
      clock,
      ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
      changed,
      signal,
      ...(beside === undefined ? {} : { beside, podGates: options.podGates === true }),
    });

  /** Begins a session, hands it to `work` and ends it, whatever happens. */
  const during = async <T>(
    signal: AbortSignal,
    changed: (cause: string) => void,
    work: (session: LiveSession, ended: Promise<void>, cluster: Cluster) => Promise<T>,
    beside?: Beside,
  ): Promise<T> => {
    const cluster = await options.open();
    const end = new AbortController();
    const stop = () => end.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const session = begin(cluster, changed, end.signal, beside);
    const ended = session.run();
    try {
      return await work(session, ended, cluster);
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
      await ended;
      await cluster.close();
    }
  };

  /** While a cluster is followed those are told by who shows what this weir announces. */
  const speakersIn = async (cluster: Cluster, signal: AbortSignal) =>
    controllers.includes(layer2Controller)
      ? await runningSpeakers(cluster, config.name, config.poolsNamespace, signal)
      : [];

  let following: Promise<LiveSession> | undefined;
  return {
    name: config.name,
    async read(signal): Promise<Snapshot> {
      const recalled = await state.recall();
      try {
        if (following !== undefined) {
          const followed = await (await following).read(signal);
          options.beside?.read(followed);
          return followed;
        }
        const [snapshot, speakers] = await during(
          signal,
          () => undefined,
          (session, _ended, cluster) => Promise.all([session.read(signal), speakersIn(cluster, signal)]),
        );
        await state.save();
        return speakers.length === 0 ? snapshot : { ...snapshot, problems: [...snapshot.problems, ...speakers] };
      } catch (error) {
        signal.throwIfAborted();
        const failure = asWeirError(error, config.name);
        // Who cannot even reach for the cluster goes by what is known of it.
        if (!recalled) throw failure;
        const { code, message } = failure;
        const source = config.name;
        const problem = { code, severity: 'error', source: `source/${source}`, message } as const;
        const incomplete = [{ source, part: 'everything', reason: message }];
        return state.rebuild({
          namespace: () => false,
          everywhere: false,
          somewhere: false,
          nodes: false,
          pools: false,
          announcements: false,
          announcers: false,
          problems: [problem],
          incomplete,
        });
      }
    },
    async watch(changed, signal) {
      const opened = Promise.withResolvers<LiveSession>();
      following = opened.promise;
      // Whoever reads is told; nobody may be reading.
      following.catch(() => undefined);
      try {
        const work = (session: LiveSession, ended: Promise<void>) => {
          opened.resolve(session);
          return ended;
        };
        await during(signal, changed, work, options.beside);
      } catch (error) {
        const told = asWeirError(error, config.name);
        opened.reject(told);
        throw told;
      } finally {
        following = undefined;
        await state.save();
      }
    },
    async secret({ sha256: hash }) {
      await state.recall();
      return state.secret(hash);
    },
  };
}

/** Where the namespaces that are read are named, and the Pods of weir are in none of them: the endpoints of theirs alone. */
function announcersPart({ announcers, namespaces }: LiveSourceConfig, kinds: readonly LiveKind[]): readonly LivePart[] {
  const slices = kinds.find(({ kind }) => kind === 'EndpointSlice');
  if (announcers === undefined || slices === undefined) return [];
  const { namespace, name } = announcers;
  if (namespaces === undefined || namespaces.includes(namespace)) return [];
  const { required: _, ...kind } = slices;
  const lost = 'other weirs that announce addresses are not known';
  return [
    new LivePart({
      kind: { ...kind, lost },
      namespace,
      query: { labelSelector: `kubernetes.io/service-name=${name}` },
    }),
  ];
}

/** Of a kind of which one object is of use, that one alone. */
function queryOf({ only }: LiveKind): { readonly query?: Readonly<Record<string, string>> } {
  return only === undefined ? {} : { query: { fieldSelector: `metadata.name=${only}` } };
}

function readersOf(
  config: LiveSourceConfig,
  { controllers, ownClasses, clock, finalizer }: LiveSourceOptions,
): ConstructorParameters<typeof LiveState>[0]['readers'] {
  const wrong = (field: string, reason: string) =>
    new WeirError('E_CONFIG', `source ${config.name}: ${field}: ${reason}`);
  const allowed = parseAllowed(config.allowTargets);
  if (!allowed.ok) throw wrong('allowTargets', allowed.reason);
  const selects = parseLabelSelector(config.labelSelector ?? '');
  if (!selects.ok) throw wrong('labelSelector', selects.reason);
  const { cluster, merge, classes } = config;
  return {
    source: config.name,
    ...(cluster === undefined ? {} : { cluster }),
    ...(cluster === undefined || merge ? {} : { idPrefix: `${cluster}:` }),
    ...(classes === undefined ? {} : { classes }),
    ...(ownClasses === undefined ? {} : { ownClasses }),
    ...(finalizer === undefined ? {} : { finalizer }),
    poolsNamespace: config.poolsNamespace,
    ...(config.announcers === undefined ? {} : { announcers: config.announcers }),
    watchWithoutClass: config.withoutClass,
    amongOthers: true,
    ...(config.labelSelector === undefined ? {} : { selects: selects.value }),
    controllers: [config.controller, ...controllers],
    allowTargets: config.allowTargets,
    nowMs: clock.wall(),
    hash: sha256,
    certificate: readCertificateFacts,
    authorities: readAuthorities,
  };
}

function asWeirError(error: unknown, source: string): WeirError {
  if (error instanceof WeirError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const code = error instanceof KubeError && error.reason === 'Config' ? 'E_CONFIG' : 'E_KUBE_READ';
  return new WeirError(code, `source ${source}: ${reason}`, { cause: error });
}
